//! Dates that Meta may move: the expiry of a token and of its data access.
//!
//! The rule: a date is a claim of the moment at which it was read. It is read again when its notice window opens and
//! when it arrives; before that reading it declares nothing. A proof on the asset at or after the date disproves it.

use chrono::Duration;

use crate::{AssetFacts, CutOff, Timestamp};

/// What a date means at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateStanding {
    /// It lies ahead.
    Ahead,
    /// It has arrived, and Graph has not been asked about it since.
    Unconfirmed,
    /// It has arrived, and Graph still says so.
    Passed,
    /// The credential was proved on the asset at or after it.
    Disproved,
}

/// What a date means at `now`: it was read at `read_at`, and the credential was last proved at `proved_at`.
#[must_use]
pub fn judge_date(
    date: Timestamp,
    read_at: Option<Timestamp>,
    proved_at: Option<Timestamp>,
    now: Timestamp,
) -> DateStanding {
    let is_after = |it: Option<Timestamp>| it.is_some_and(|it| it >= date);
    if date > now {
        DateStanding::Ahead
    } else if is_after(proved_at) {
        DateStanding::Disproved
    } else if is_after(read_at) {
        DateStanding::Passed
    } else {
        DateStanding::Unconfirmed
    }
}

/// Whether a date must be read again at `now`: its notice window has opened, or it has arrived, since it was read.
#[must_use]
pub fn is_reading_due(
    date: Timestamp,
    read_at: Option<Timestamp>,
    notice: Duration,
    now: Timestamp,
) -> bool {
    let was_read_before = |moment: Timestamp| read_at.is_none_or(|it| it < moment);
    let opens_at = date.checked_sub_signed(notice).unwrap_or(date);
    (now >= date && was_read_before(date)) || (now >= opens_at && was_read_before(opens_at))
}

impl AssetFacts {
    /// The known cut-off, unless a proof at or after it disproved it.
    #[must_use]
    pub fn standing_cut_off(&self) -> Option<CutOff> {
        self.cut_off
            .filter(|it| self.proved_at.is_none_or(|proved| proved < it.at))
    }

    /// Whether a cut-off has passed at `now` that no proof disproved.
    #[must_use]
    pub fn has_passed_cut_off(&self, now: Timestamp) -> bool {
        self.standing_cut_off().is_some_and(|it| it.at <= now)
    }

    /// Whether one of the dates must be read again at `now`.
    #[must_use]
    pub fn needs_dates(&self, notice: Duration, now: Timestamp) -> bool {
        let dates = [self.expires_at, self.data_access_expires_at];
        dates
            .into_iter()
            .flatten()
            .any(|date| is_reading_due(date, self.dates_read_at, notice, now))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn day(n: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + Duration::days(n)
    }

    #[test]
    fn every_order_of_date_reading_proof_and_now_has_one_meaning() {
        let moments = [None, Some(9), Some(10), Some(11)];
        for read in moments {
            for proved in moments {
                for now in [9, 10, 11, 12] {
                    let standing = judge_date(day(10), read.map(day), proved.map(day), day(now));
                    let expected = match (now, proved, read) {
                        (9, _, _) => DateStanding::Ahead,
                        (_, Some(10 | 11), _) => DateStanding::Disproved,
                        (_, _, Some(10 | 11)) => DateStanding::Passed,
                        _ => DateStanding::Unconfirmed,
                    };
                    assert_eq!(standing, expected, "{read:?} {proved:?} {now}");
                }
            }
        }
    }

    #[test]
    fn a_date_is_read_when_its_window_opens_and_when_it_arrives_once_each() {
        let due =
            |read, now| is_reading_due(day(100), Some(day(read)), Duration::days(30), day(now));
        assert!(!due(1, 69));
        assert!(due(1, 70));
        assert!(!due(70, 99));
        assert!(due(70, 100));
        assert!(!due(100, 150));
        assert!(is_reading_due(day(100), None, Duration::days(30), day(70)));
    }
}
