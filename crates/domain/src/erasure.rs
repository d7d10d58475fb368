//! When a SQLite file is rewritten, so that the bytes of deleted rows leave it.
//!
//! The rule: what a person waits for (destroyed keys, a person's data) leaves soon; replaced credentials and expired rows
//! leave within a day. A rewrite blocks writers, so rewrites that take long are at most a twentieth of the time.

use std::time::Duration;

use chrono::TimeDelta;

use crate::Timestamp;

/// The longest time that bytes stay in the file after their row was replaced or has expired.
const ROUTINE_INTERVAL: TimeDelta = TimeDelta::hours(24);
/// How long a rewrite rests the next one, as a multiple of its duration.
const REST_FACTOR: u32 = 20;
/// A rewrite that is not noticed rests nothing.
const SHORT: Duration = Duration::from_millis(100);

/// Whether the file is to be rewritten at `now`. `is_owed`: a deletion waits for it; `last`: when it was rewritten last.
#[must_use]
pub fn is_erasure_due(is_owed: bool, last: Option<Timestamp>, now: Timestamp) -> bool {
    is_owed || last.is_none_or(|it| now.signed_duration_since(it) >= ROUTINE_INTERVAL)
}

/// How long no other rewrite begins after one that took `took`.
#[must_use]
pub fn rest_after_erasure(took: Duration) -> Duration {
    if took <= SHORT {
        Duration::ZERO
    } else {
        took.saturating_mul(REST_FACTOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    #[test]
    fn a_deletion_that_waits_is_due_and_everything_else_within_a_day() {
        for (is_owed, last, is_due) in [
            (true, Some(at(99)), true),
            (false, None, true),
            (false, Some(at(77)), false),
            (false, Some(at(76)), true),
            (false, Some(at(101)), false),
        ] {
            assert_eq!(
                is_erasure_due(is_owed, last, at(100)),
                is_due,
                "{is_owed} {last:?}"
            );
        }
    }

    #[test]
    fn long_rewrites_take_at_most_a_twentieth_of_the_time() {
        assert_eq!(rest_after_erasure(SHORT), Duration::ZERO);
        assert_eq!(
            rest_after_erasure(Duration::from_secs(3)),
            Duration::from_mins(1)
        );
    }
}
