//! Tenants: whether one is served, and the limits set for it.

use std::{fmt, str::FromStr};

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantStatus {
    /// It is served.
    Active,
    /// Its clients are refused and its work rests.
    Suspended,
}

impl TenantStatus {
    /// The name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

impl fmt::Display for TenantStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TenantStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Active, Self::Suspended]
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or("unknown status of a tenant")
    }
}

/// The limits that an operator set for a tenant; `None` is the installation's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantLimits {
    /// The maximum number of assets.
    pub max_assets: Option<u32>,
    /// The maximum number of reconnects that run at once.
    pub max_running_reconnects: Option<u32>,
    /// The maximum number of requests a second.
    pub requests_per_second: Option<u32>,
}
