//! Clients of tenants: their settings and the use of their scopes.

use ipnet::IpNet;

use crate::{Permission, Permissions, Reach, Timestamp};

/// The settings of a client that an operator makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSpec {
    /// A name for people.
    pub name: String,
    /// The permissions it has.
    pub scopes: Permissions,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// The networks it may call from; `None` is any.
    pub networks: Option<Vec<IpNet>>,
    /// The tenant's assets that it may reach.
    pub reach: Reach,
    /// Whether each of its requests must carry a proof.
    pub proof_required: bool,
    /// Whether it keeps scopes that it does not use.
    pub keep_unused_scopes: bool,
}

impl ClientSpec {
    /// A client that only its scopes restrict.
    #[must_use]
    pub fn with_scopes(name: impl Into<String>, scopes: Permissions) -> Self {
        Self {
            name: name.into(),
            scopes,
            expires_at: None,
            networks: None,
            reach: Reach::All,
            proof_required: false,
            keep_unused_scopes: false,
        }
    }
}

/// A scope of a client, and when it was granted and used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopeUse {
    /// The scope.
    pub scope: Permission,
    /// When it was granted to the client.
    pub granted_at: Timestamp,
    /// When the client last used it.
    pub used_at: Option<Timestamp>,
}
