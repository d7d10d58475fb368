//! When a token is refreshed before it expires, and whether an exchange was a refresh.
//!
//! The rule: an exchange counts as a refresh only if the end of the token moved.

use chrono::Duration;

use crate::{CredentialKind, Grant, RefusalKind, Timestamp};

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

/// Whether an exchange that was refused so may succeed later: the refusal passes by itself, or once the person has done
/// what Meta asks of the account, without another log-in.
#[must_use]
pub const fn may_refresh_later(refused: &RefusalKind) -> bool {
    refused.is_transient()
        || matches!(
            refused,
            RefusalKind::Checkpoint
                | RefusalKind::Unconfirmed
                | RefusalKind::TwoFactorRequired
                | RefusalKind::TokenRefused
                | RefusalKind::Contradicted
                | RefusalKind::RequestFault
                | RefusalKind::Unclassified
        )
}

/// How much later the new end must be: Graph's seconds differ a little between two answers.
const LEAST_GAIN: Duration = Duration::hours(1);

/// Whether the end moved from `before` to a later one, or away; `None` means that the token never expires.
#[must_use]
pub fn has_moved_end(before: Option<Timestamp>, after: Option<Timestamp>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => after - before >= LEAST_GAIN,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_refusal_that_needs_another_log_in_is_final_and_one_that_passes_is_not() {
        for passes in [
            RefusalKind::Unavailable,
            RefusalKind::Contradicted,
            RefusalKind::Checkpoint,
            RefusalKind::Unclassified,
        ] {
            assert!(may_refresh_later(&passes), "{passes:?}");
        }
        for is_final in [
            RefusalKind::TokenDead,
            RefusalKind::ConsentRequired,
            RefusalKind::DataAccessExpired,
            RefusalKind::AppRestricted,
        ] {
            assert!(!may_refresh_later(&is_final), "{is_final:?}");
        }
    }

    #[test]
    fn only_a_later_end_or_none_at_all_is_a_refresh() {
        let day = |n| Some(DateTime::UNIX_EPOCH + Duration::days(n));
        assert!(has_moved_end(day(9), day(60)));
        assert!(has_moved_end(day(9), None));
        assert!(!has_moved_end(day(9), day(9)));
        assert!(!has_moved_end(day(9), day(8)));
        assert!(!has_moved_end(None, day(60)));
        let nearly = day(9).map(|it| it + Duration::minutes(59));
        assert!(!has_moved_end(day(9), nearly));
    }
}
