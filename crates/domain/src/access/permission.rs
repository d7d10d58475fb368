//! Permissions of a client: OAuth scopes of Regrant's API, not Graph permissions.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{UnknownItem, closed_list};

closed_list! {
    /// One permission of a client.
    #[derive(Serialize, Deserialize)]
    #[serde(into = "String", try_from = "String")]
    pub enum Permission: "scope" {
        /// List and read assets, without tokens.
        AssetsRead = "assets:read",
        /// Register and delete assets.
        AssetsWrite = "assets:write",
        /// Read tokens as plaintext.
        TokensRead = "tokens:read",
        /// Preview a reconnect.
        ReconnectsPreview = "reconnects:preview",
        /// Start and follow reconnects.
        ReconnectsWrite = "reconnects:write",
        /// Read the forecast.
        ForecastRead = "forecast:read",
        /// Read the audit trail.
        AuditRead = "audit:read",
        /// Manage webhook endpoints.
        WebhooksWrite = "webhooks:write",
        /// Read the events that webhooks report.
        EventsRead = "events:read",
    }
}

impl Permission {
    const fn to_bit(self) -> u16 {
        match self {
            Self::AssetsRead => 1,
            Self::AssetsWrite => 1 << 1,
            Self::TokensRead => 1 << 2,
            Self::ReconnectsPreview => 1 << 3,
            Self::ReconnectsWrite => 1 << 4,
            Self::ForecastRead => 1 << 5,
            Self::AuditRead => 1 << 6,
            Self::WebhooksWrite => 1 << 7,
            Self::EventsRead => 1 << 8,
        }
    }
}

impl TryFrom<String> for Permission {
    type Error = UnknownItem;

    fn try_from(text: String) -> Result<Self, UnknownItem> {
        text.parse()
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.as_str().to_owned()
    }
}

/// A set of permissions; its text is a list of scopes separated by spaces (RFC 6749 §3.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Permissions(u16);

impl Permissions {
    /// The set of all permissions.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.into_iter().collect()
    }

    /// Whether `permission` is in the set.
    #[must_use]
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.to_bit() != 0
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

    /// The permissions that are in both sets.
    #[must_use]
    pub const fn intersect_with(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The permissions that are in this set and not in `other`.
    #[must_use]
    pub const fn difference_from(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The permissions of the set, in order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(move |it| self.contains(*it))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        Self(
            permissions
                .into_iter()
                .fold(0, |bits, it| bits | it.to_bit()),
        )
    }
}

impl FromStr for Permissions {
    type Err = UnknownItem;

    fn from_str(text: &str) -> Result<Self, UnknownItem> {
        text.split_ascii_whitespace().map(str::parse).collect()
    }
}

impl TryFrom<String> for Permissions {
    type Error = UnknownItem;

    fn try_from(text: String) -> Result<Self, UnknownItem> {
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
            "assets:read nonsense"
                .parse::<Permissions>()
                .map_err(|it| (it.list, it.names.len())),
            Err(("scope", Permission::ALL.len()))
        );
    }
}
