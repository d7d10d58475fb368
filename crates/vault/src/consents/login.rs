//! A log-in as it is handed over.

use regrant_domain::{AccessToken, AuthorizationCode, ConsentForm, RedirectUri, WebOrigin};

use crate::RepeatableRequest;

/// A log-in at Meta, as it is handed over.
pub enum Login {
    /// A code, to be exchanged for a token.
    Code {
        /// The code.
        code: AuthorizationCode,
        /// The address that the dialog returned it to; `None` is not sent to Meta.
        redirect_uri: Option<RedirectUri>,
    },
    /// A token.
    Token(AccessToken),
}

/// A log-in that a caller hands over.
pub struct ConsentRequest {
    /// The log-in.
    pub login: Login,
    /// The idempotency key, if the caller sent one.
    pub repeatable: Option<RepeatableRequest>,
}

impl Login {
    pub(super) const fn form(&self) -> ConsentForm {
        match self {
            Self::Code { .. } => ConsentForm::Code,
            Self::Token(_) => ConsentForm::Token,
        }
    }

    pub(super) fn redirect_origin(&self) -> Option<&WebOrigin> {
        match self {
            Self::Code { redirect_uri, .. } => redirect_uri.as_ref().and_then(RedirectUri::origin),
            Self::Token(_) => None,
        }
    }
}
