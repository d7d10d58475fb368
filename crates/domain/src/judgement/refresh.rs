//! When a token is refreshed before it expires.

use chrono::Duration;

use crate::{CredentialKind, Grant, Timestamp};

/// How long before its end a token is refreshed, by kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshLeads {
    /// A system user's token.
    pub system_user: Duration,
    /// A person's long-lived token.
    pub user: Duration,
}

impl Default for RefreshLeads {
    fn default() -> Self {
        Self {
            system_user: Duration::days(20),
            user: Duration::days(10),
        }
    }
}

impl RefreshLeads {
    /// Whether the grant's token ends soon enough to be refreshed now.
    #[must_use]
    pub fn is_refresh_due(&self, grant: &Grant, now: Timestamp) -> bool {
        let lead = match grant.facts.kind {
            CredentialKind::SystemUser => self.system_user,
            CredentialKind::User => self.user,
            CredentialKind::Page | CredentialKind::WorkplaceApp => return false,
        };
        grant
            .facts
            .expires_at
            .is_some_and(|at| at > now && at - now <= lead)
    }
}
