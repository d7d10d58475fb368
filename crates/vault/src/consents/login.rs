//! A log-in as it is handed over.

use regrant_domain::{
    AccessToken, AssetId, AuthorizationCode, ConsentForm, ConsentOwner, LinkId, PersonId,
    RedirectUri, Timestamp, WebOrigin,
};
use regrant_storage::TenantScope;

use crate::{RepeatableRequest, consents::receiver::ConsentReceiver};

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

/// The code that came back to the callback of a link.
pub struct LinkLogin {
    /// The tenant of the link.
    pub scope: TenantScope,
    /// The link.
    pub link: LinkId,
    /// The only person who may log in.
    pub person: Option<PersonId>,
    /// The assets of the link.
    pub asset_ids: Vec<AssetId>,
    /// When the link ends.
    pub ends_at: Timestamp,
    /// The code.
    pub code: AuthorizationCode,
    /// The address of the callback, as the dialog was given it.
    pub redirect_uri: RedirectUri,
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

impl LinkLogin {
    pub(super) fn into_parts(self) -> (ConsentReceiver, Login) {
        let receiver = ConsentReceiver {
            scope: self.scope,
            owner: ConsentOwner::Link(self.link),
            actor: format!("link:{}", self.link),
            person: self.person,
            assets: self.asset_ids,
            ends_at: Some(self.ends_at),
        };
        let login = Login::Code {
            code: self.code,
            redirect_uri: Some(self.redirect_uri),
        };
        (receiver, login)
    }
}
