//! Grants: one received token with the facts `debug_token` and `/me` gave about it.

use serde::{Deserialize, Serialize};

use crate::{AppId, CredentialKind, GrantId, PersonId, Timestamp};

/// A scope and the objects it was granted for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedScope {
    /// The name of the permission.
    pub scope: String,
    /// The objects it holds for; `None` means all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_ids: Option<Vec<String>>,
}

/// What is known of one received token. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its identifier.
    pub id: GrantId,
    /// The app the token belongs to.
    pub app_id: AppId,
    /// `User`, `SystemUser` or `Page`.
    pub kind: CredentialKind,
    /// The person (or system user) who granted it.
    pub person_id: PersonId,
    /// That person's name, where the Graph told it.
    pub person_name: Option<String>,
    /// Whether it comes from a managed account; `None` where the Graph did not say.
    pub is_work_account: Option<bool>,
    /// Granted permissions, with the objects they were granted for.
    pub scopes: Vec<GrantedScope>,
    /// When it was issued, if told.
    pub issued_at: Option<Timestamp>,
    /// End of the token; `None` means none is set.
    pub expires_at: Option<Timestamp>,
    /// End of data access; `None` means none is set.
    pub data_access_expires_at: Option<Timestamp>,
}
