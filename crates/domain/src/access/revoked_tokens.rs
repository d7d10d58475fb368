//! The access tokens of a client that were revoked one by one.
//!
//! The rule: the list is short, because it is read with every call. A token leaves it when it would have ended by itself;
//! when the list is full, all tokens of the client are revoked instead.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

/// How many tokens of one client can be revoked one by one, of those that have not ended by themselves.
pub const MAX_REVOKED_TOKENS: usize = 50;

/// The revoked tokens of a client, each with the time at which it ends by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedTokens(Vec<(Uuid, Timestamp)>);

impl RevokedTokens {
    /// Whether the token was revoked.
    #[must_use]
    pub fn contains(&self, token: Uuid) -> bool {
        self.0.iter().any(|(it, _)| *it == token)
    }

    /// The list without tokens that have ended, and with this one; `None` if there is no space for it.
    #[must_use]
    pub fn with_token(&self, token: Uuid, ends_at: Timestamp, now: Timestamp) -> Option<Self> {
        let others = self.0.iter().copied();
        let mut list: Vec<_> = others
            .filter(|(it, until)| *it != token && *until > now)
            .collect();
        list.push((token, ends_at));
        (list.len() <= MAX_REVOKED_TOKENS).then_some(Self(list))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    const START: Timestamp = DateTime::UNIX_EPOCH;

    fn token(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn full(ends_at: Timestamp) -> RevokedTokens {
        (0..50).fold(RevokedTokens::default(), |list, n| {
            list.with_token(token(n), ends_at, START).unwrap()
        })
    }

    #[test]
    fn a_revoked_token_stays_in_the_list_until_it_would_have_ended() {
        let soon = START + TimeDelta::minutes(15);
        let list = RevokedTokens::default()
            .with_token(token(1), soon, START)
            .unwrap();
        assert!(list.contains(token(1)) && !list.contains(token(2)));
        let later = list.with_token(token(2), soon + TimeDelta::hours(1), soon);
        assert!(!later.unwrap().contains(token(1)));
    }

    #[test]
    fn a_full_list_takes_no_other_token_until_one_has_ended() {
        let soon = START + TimeDelta::minutes(15);
        let list = full(soon);
        assert_eq!(list.with_token(token(99), soon, START), None);
        assert!(
            list.with_token(token(7), soon, START).is_some(),
            "it is in the list"
        );
        assert!(list.with_token(token(99), soon, soon).is_some());
    }
}
