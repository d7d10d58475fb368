//! Tenants: whether one is served, and the limits set for it.

use crate::closed_list;

closed_list! {
    /// Whether a tenant is served.
    pub enum TenantStatus: "status of a tenant" {
        /// It is served.
        Active = "active",
        /// Its clients are refused and its work rests.
        Suspended = "suspended",
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
