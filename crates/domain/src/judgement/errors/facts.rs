//! What is known about an error of Graph before it is looked up.

use crate::{AssetKind, CredentialKind, closed_list};

closed_list! {
    /// Whose token made the call.
    pub enum Caller: "caller of Graph" {
        /// A person's.
        Person = "person",
        /// A system user's.
        SystemUser = "system_user",
        /// A page's.
        Page = "page",
        /// The app's own.
        App = "app",
    }
}

impl From<CredentialKind> for Caller {
    fn from(kind: CredentialKind) -> Self {
        match kind {
            CredentialKind::User => Self::Person,
            CredentialKind::SystemUser => Self::SystemUser,
            CredentialKind::Page => Self::Page,
            CredentialKind::WorkplaceApp => Self::App,
        }
    }
}

/// An error of Graph and the call that it came with.
#[derive(Debug, Clone, Copy)]
pub struct GraphErrorFacts<'a> {
    /// `code`; absent in some errors.
    pub code: Option<i64>,
    /// `error_subcode`; absent in most errors.
    pub subcode: Option<i64>,
    /// `type`. Nearly every error has the type `OAuthException`.
    pub kind: &'a str,
    /// The HTTP status of the response or of the batch item.
    pub http_status: u16,
    /// `is_transient`.
    pub is_transient: bool,
    /// `message`, redacted.
    pub message: &'a str,
    /// The kind of object that the call was about, if it was about one.
    pub object: Option<AssetKind>,
    /// Whose token made the call.
    pub caller: Caller,
}
