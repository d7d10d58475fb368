//! Permissions of a client (OAuth scopes of the API; not those of the Graph).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One permission a client may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Permission {
    /// List and read assets, without tokens.
    AssetsRead,
    /// Register and delete assets.
    AssetsWrite,
    /// Read tokens in the clear.
    TokensRead,
    /// See what a reconnect would do.
    ReconnectsPreview,
    /// Replace tokens and follow reconnects.
    ReconnectsWrite,
    /// Read the disconnect calendar.
    ForecastRead,
    /// Read the audit trail.
    AuditRead,
    /// Manage webhook endpoints.
    WebhooksWrite,
}

/// The text names no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope")]
pub struct UnknownPermission;

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 8] = [
        Self::AssetsRead,
        Self::AssetsWrite,
        Self::TokensRead,
        Self::ReconnectsPreview,
        Self::ReconnectsWrite,
        Self::ForecastRead,
        Self::AuditRead,
        Self::WebhooksWrite,
    ];

    /// The scope's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AssetsRead => "assets:read",
            Self::AssetsWrite => "assets:write",
            Self::TokensRead => "tokens:read",
            Self::ReconnectsPreview => "reconnects:preview",
            Self::ReconnectsWrite => "reconnects:write",
            Self::ForecastRead => "forecast:read",
            Self::AuditRead => "audit:read",
            Self::WebhooksWrite => "webhooks:write",
        }
    }

    const fn bit(self) -> u16 {
        match self {
            Self::AssetsRead => 1,
            Self::AssetsWrite => 1 << 1,
            Self::TokensRead => 1 << 2,
            Self::ReconnectsPreview => 1 << 3,
            Self::ReconnectsWrite => 1 << 4,
            Self::ForecastRead => 1 << 5,
            Self::AuditRead => 1 << 6,
            Self::WebhooksWrite => 1 << 7,
        }
    }
}

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or(UnknownPermission)
    }
}

impl TryFrom<String> for Permission {
    type Error = UnknownPermission;

    fn try_from(text: String) -> Result<Self, UnknownPermission> {
        text.parse()
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.as_str().to_owned()
    }
}

/// A set of permissions; written as scopes with spaces between, as OAuth does (RFC 6749 §3.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Permissions(u16);

impl Permissions {
    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.into_iter().collect()
    }

    /// Whether `permission` is in the set.
    #[must_use]
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether every permission of `other` is in the set.
    #[must_use]
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What both sets hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What this set holds and the other does not.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The permissions of the set, in their order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(move |it| self.contains(*it))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        Self(permissions.into_iter().fold(0, |bits, it| bits | it.bit()))
    }
}

impl FromStr for Permissions {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        text.split_ascii_whitespace().map(str::parse).collect()
    }
}

impl TryFrom<String> for Permissions {
    type Error = UnknownPermission;

    fn try_from(text: String) -> Result<Self, UnknownPermission> {
        text.parse()
    }
}

impl From<Permissions> for String {
    fn from(permissions: Permissions) -> Self {
        permissions.to_string()
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Permission::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_back_the_scopes_it_writes() {
        assert_eq!(
            Permissions::all().to_string().parse(),
            Ok(Permissions::all())
        );
        assert_eq!(
            "assets:read nonsense".parse::<Permissions>(),
            Err(UnknownPermission)
        );
    }
}
