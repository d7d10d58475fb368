//! What a token that this vault issues claims, and for which listener it is.

use std::time::Duration;

use regrant_domain::TenantId;

/// Which listener a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The API: clients.
    Api,
    /// The API as pages in a browser use it: reconnect sessions.
    Browser,
    /// The admin API: operators.
    Admin,
}

impl Audience {
    /// The `aud` of its tokens, where `base` is that of the API.
    pub(super) fn name(self, base: &str) -> String {
        match self {
            Self::Api => base.to_owned(),
            Self::Browser => format!("{base}/browser"),
            Self::Admin => format!("{base}/admin"),
        }
    }
}

/// A token to issue.
#[derive(Debug)]
pub(crate) struct NewToken {
    /// Which listener it is for.
    pub(crate) audience: Audience,
    /// Who holds it.
    pub(crate) sub: String,
    /// The holder's tenant; the reserved one for operators.
    pub(crate) tenant: TenantId,
    /// Tokens of a lower version than the holder's are revoked.
    pub(crate) ver: i64,
    /// What it permits, separated by spaces.
    pub(crate) scope: String,
    /// Its own id.
    pub(crate) jti: String,
    /// How long it lives; at most an hour, or nothing accepts it.
    pub(crate) lifetime: Duration,
}
