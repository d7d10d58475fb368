//! The claims of the access tokens that the vault issues.

use std::time::Duration;

use regrant_domain::TenantId;

/// The client id in the tokens of operators: their log-in has no client of its own.
pub(crate) const OPERATORS: &str = "regrant-operators";

/// The listener that accepts a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Audience {
    /// The API, for clients.
    Api,
    /// The API, for reconnect sessions of pages in a browser.
    Browser,
    /// The admin API, for operators.
    Admin,
}

impl Audience {
    /// The `aud` claim for this listener; `base` is the claim for the API.
    pub(super) fn to_claim(self, base: &str) -> String {
        match self {
            Self::Api => base.to_owned(),
            Self::Browser => format!("{base}/browser"),
            Self::Admin => format!("{base}/admin"),
        }
    }
}

/// The content of a token to sign.
#[derive(Debug)]
pub(crate) struct NewToken {
    /// The listener that accepts the token.
    pub(crate) audience: Audience,
    /// The id of the client, session or operator that holds the token.
    pub(crate) sub: String,
    /// The client that the token is issued to; for operators [`OPERATORS`].
    pub(crate) client_id: String,
    /// The holder's tenant; `TenantId::SYSTEM` for operators.
    pub(crate) tenant: TenantId,
    /// The token version. A token with a lower version than its holder is revoked.
    pub(crate) ver: i64,
    /// The permissions, separated by spaces.
    pub(crate) scope: String,
    /// The id of the token.
    pub(crate) jti: String,
    /// The thumbprint of the key that calls must prove; `None`: the holder of the token may use it.
    pub(crate) key: Option<String>,
    /// The lifetime, at most one hour: verification refuses longer lifetimes.
    pub(crate) lifetime: Duration,
}
