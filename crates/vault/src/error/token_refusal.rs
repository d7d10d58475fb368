//! Why a submitted token was refused. A preview stores it, so the names of its kinds stay.

use regrant_domain::LinkPerson;
use serde::{Deserialize, Serialize};

/// Why a submitted token was refused for all assets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// The token has expired or was revoked.
    #[error("the token is dead: {0}")]
    Dead(String),
    /// The token belongs to another app.
    #[error("the token belongs to another app")]
    ForeignApp,
    /// Graph cannot decipher the token.
    #[error("the Graph cannot read the token")]
    Undecipherable,
    /// The token is an app token or a page token.
    #[error("the token must be a person's or a system user's")]
    WrongKind,
    /// Graph does not accept the token, and another one may not help: its person must act at Meta first.
    #[error("the Graph does not accept the token: {0}")]
    NotAccepted(String),
    /// The token belongs to another person than the caller expects.
    #[error("the token belongs to another person than `expect_person` names")]
    OtherPerson(LinkPerson),
}
