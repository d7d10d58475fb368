//! Grants: one received token with the facts `debug_token` and `/me` gave about it.

use chrono::Duration;
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

/// How long a short-lived token lives at most.
const SHORT_LIFE: Duration = Duration::hours(24);

impl TokenFacts {
    /// Whether a page token that is minted from this token expires with it. One of a person's long-lived token never
    /// expires (graph-facts §2.1).
    #[must_use]
    pub fn limits_page_tokens(&self) -> bool {
        match self.kind {
            CredentialKind::SystemUser => true,
            CredentialKind::User => self.is_short_lived(),
            CredentialKind::Page | CredentialKind::WorkplaceApp => false,
        }
    }

    fn is_short_lived(&self) -> bool {
        let issued_at = self.issued_at.unwrap_or(self.read_at);
        self.expires_at
            .is_some_and(|it| it.signed_duration_since(issued_at) <= SHORT_LIFE)
    }

    /// Whether a granted permission has no effect: Meta ignores `user_…` permissions of managed accounts.
    #[must_use]
    pub fn ignores_scope(&self, scope: &str) -> bool {
        self.is_work_account == Some(true) && scope.starts_with("user_")
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn hour(n: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + Duration::hours(n)
    }

    /// A token that was read in hour 100.
    fn token(kind: CredentialKind, issued: Option<i64>, expires: Option<i64>) -> TokenFacts {
        TokenFacts {
            kind,
            app_id: "1".parse().expect("an id"),
            person_id: "7".parse().expect("an id"),
            profile_id: None,
            person_name: None,
            is_work_account: None,
            scopes: Vec::new(),
            issued_at: issued.map(hour),
            expires_at: expires.map(hour),
            data_access_expires_at: None,
            read_at: hour(100),
        }
    }

    #[test]
    fn a_minted_page_token_expires_with_a_short_lived_or_a_system_users_token_alone() {
        use CredentialKind as Kind;
        for (kind, issued, expires, expected) in [
            (Kind::User, Some(100), Some(102), true),
            (Kind::User, Some(100), Some(124), true),
            (Kind::User, None, Some(102), true),
            (Kind::User, Some(100), Some(125), false),
            // Long-lived, and about to expire.
            (Kind::User, Some(1), Some(101), false),
            (Kind::User, None, Some(1_540), false),
            (Kind::User, Some(100), None, false),
            (Kind::SystemUser, Some(100), Some(1_540), true),
            (Kind::SystemUser, None, None, true),
            (Kind::Page, Some(100), Some(102), false),
        ] {
            let token = token(kind, issued, expires);
            assert_eq!(token.limits_page_tokens(), expected, "{token:?}");
        }
    }
}
