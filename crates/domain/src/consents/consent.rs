//! One log-in at Meta that was handed over and not yet used.

use crate::{ConsentId, ConsentOwner, CredentialKind, PersonId, Timestamp};

/// What is known of a consent. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The id.
    pub id: ConsentId,
    /// The only caller that may use it.
    pub owner: ConsentOwner,
    /// The person or system user who logged in.
    pub person_id: PersonId,
    /// Their name, if Graph returned one.
    pub person_name: Option<String>,
    /// `User` or `SystemUser`.
    pub kind: CredentialKind,
    /// Whether they use a managed account; `None` if Graph did not say.
    pub is_work_account: Option<bool>,
    /// When its token expires; `None` means never.
    pub token_expires_at: Option<Timestamp>,
    /// The permissions that were asked for or are needed, and not granted.
    pub missing_scopes: Vec<String>,
    /// When it was handed over.
    pub created_at: Timestamp,
    /// Until when it can be used.
    pub ends_at: Timestamp,
}
