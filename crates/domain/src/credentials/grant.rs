//! Grants: one received token with the facts `debug_token` and `/me` gave about it.

use serde::{Deserialize, Serialize};

use crate::{AppId, AssetId, CredentialKind, GrantId, PersonId, Timestamp};

/// A scope and the objects it was granted for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedScope {
    /// The name of the permission.
    pub scope: String,
    /// The ids of the objects it covers; `None` means all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_ids: Option<Vec<String>>,
}

/// A received token's facts under an identifier. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The row's identifier.
    pub id: GrantId,
    /// What Graph says about the token.
    pub facts: TokenFacts,
}

/// What `debug_token` and `/me` say about a token. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// `User`, `SystemUser` or `Page`.
    pub kind: CredentialKind,
    /// The app the token belongs to.
    pub app_id: AppId,
    /// The person or system user who granted it; of a page's token, the one whose token it was minted from.
    pub person_id: PersonId,
    /// The page that it belongs to; only of a page's token.
    pub profile_id: Option<AssetId>,
    /// Their name, if Graph returned one.
    pub person_name: Option<String>,
    /// Whether they use a managed account; `None` if Graph did not say.
    pub is_work_account: Option<bool>,
    /// Granted permissions with the objects they cover; empty where Graph did not say.
    pub scopes: Vec<GrantedScope>,
    /// When the token was issued; Graph does not say it of short-lived tokens.
    pub issued_at: Option<Timestamp>,
    /// When the token expires; `None` means never, or that Graph has never said so.
    pub expires_at: Option<Timestamp>,
    /// When data access expires; `None` as above.
    pub data_access_expires_at: Option<Timestamp>,
    /// When Graph said all this: the dates may have moved since.
    pub read_at: Timestamp,
}

impl TokenFacts {
    /// Whether a granted permission has no effect: Meta ignores `user_…` permissions of managed accounts.
    #[must_use]
    pub fn ignores_scope(&self, scope: &str) -> bool {
        self.is_work_account == Some(true) && scope.starts_with("user_")
    }
}
