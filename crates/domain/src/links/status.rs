//! The status of a link, computed from its times.
//!
//! The rule: a link that was withdrawn or has ended opens nothing, whether it was used or not.

use crate::{Timestamp, closed_list};

closed_list! {
    /// The status of a link.
    pub enum LinkStatus: "status of a link", serde {
        /// No person has given a consent with it yet.
        Open = "open",
        /// A person has given a consent with it.
        Used = "used",
        /// The tenant withdrew it.
        Revoked = "revoked",
        /// Its time is over.
        Expired = "expired",
    }
}

/// The times from which the status of a link follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkTimes {
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When a person first gave a consent with it.
    pub used_at: Option<Timestamp>,
    /// When the tenant withdrew it.
    pub revoked_at: Option<Timestamp>,
}

impl LinkTimes {
    /// The status at this moment.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> LinkStatus {
        match (self.revoked_at, self.used_at) {
            (Some(_), _) => LinkStatus::Revoked,
            (None, _) if self.expires_at <= now => LinkStatus::Expired,
            (None, Some(_)) => LinkStatus::Used,
            (None, None) => LinkStatus::Open,
        }
    }

    /// Whether its page can be opened at this moment.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        matches!(self.status(now), LinkStatus::Open | LinkStatus::Used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_follows_from_the_times() {
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let times = |used_at, revoked_at| LinkTimes {
            created_at: at(0),
            expires_at: at(100),
            used_at,
            revoked_at,
        };
        for (used, revoked, now, status) in [
            (None, None, 99, LinkStatus::Open),
            (None, None, 100, LinkStatus::Expired),
            (Some(at(5)), None, 99, LinkStatus::Used),
            (Some(at(5)), None, 100, LinkStatus::Expired),
            (Some(at(5)), Some(at(6)), 99, LinkStatus::Revoked),
            (None, Some(at(6)), 100, LinkStatus::Revoked),
        ] {
            assert_eq!(times(used, revoked).status(at(now)), status);
        }
    }
}
