//! How long work waits before it is tried again.

use std::time::Duration;

/// The longest pause between two attempts at an item of a reconnect.
const LONGEST_ITEM_PAUSE: Duration = Duration::from_mins(10);
/// The pause after the first probe without an answer; it doubles up to [`LONGEST_PROBE_PAUSE`].
const FIRST_PROBE_PAUSE: chrono::Duration = chrono::Duration::minutes(1);
const FIRST_NOTICE_PAUSE: chrono::Duration = chrono::Duration::seconds(5);
const LONGEST_NOTICE_PAUSE: chrono::Duration = chrono::Duration::minutes(10);
const LONGEST_PROBE_PAUSE: chrono::Duration = chrono::Duration::minutes(15);
const LONGEST_LIMITED_PAUSE: chrono::Duration = chrono::Duration::hours(1);
const SHORTEST_REFRESH_PAUSE: chrono::Duration = chrono::Duration::minutes(5);
const LONGEST_REFRESH_PAUSE: chrono::Duration = chrono::Duration::hours(6);

/// The pause before a deferred item is tried again: `first`, doubled with each attempt, up to ten minutes; `jitter`
/// (any number) adds up to a quarter.
#[must_use]
pub fn item_pause(first: Duration, attempts: i64, jitter: u8) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or(0);
    let pause = first
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(LONGEST_ITEM_PAUSE);
    pause + pause.mul_f64(f64::from(jitter) / 1024.0)
}

/// The pause before an item that a limit refused is tried again, where its reconnect has this age: an eighth of it, at most
/// an hour. Calls while Graph blocks lengthen the block.
#[must_use]
pub fn limited_item_pause(age: chrono::Duration) -> chrono::Duration {
    (age / 8).clamp(chrono::Duration::zero(), LONGEST_LIMITED_PAUSE)
}

/// The pause before an asset is probed again after this many probes in a row without an answer.
#[must_use]
pub fn probe_pause(tries: u32) -> chrono::Duration {
    (FIRST_PROBE_PAUSE * 2_i32.saturating_pow(tries.min(6))).min(LONGEST_PROBE_PAUSE)
}

/// The pause before a refresh of a token that failed for the moment is tried again: a twelfth of the time that the token
/// has left, from five minutes to six hours. Where a limit of Graph refused it, until the limit ends, and at most an hour
/// longer than that: calls while Graph blocks lengthen the block.
#[must_use]
pub fn refresh_pause(
    limit_left: Option<chrono::Duration>,
    time_left: Option<chrono::Duration>,
) -> chrono::Duration {
    let usual = time_left.map_or(LONGEST_REFRESH_PAUSE, |it| {
        (it / 12).clamp(SHORTEST_REFRESH_PAUSE, LONGEST_REFRESH_PAUSE)
    });
    limit_left.map_or(usual, |it| it.max(usual.min(LONGEST_LIMITED_PAUSE)))
}

/// The pause before a notice of this age asks Graph again whose the tokens are: half its age, at least five seconds, at
/// most ten minutes; `jitter` (any number) adds up to a quarter.
#[must_use]
pub fn notice_pause(age: chrono::Duration, jitter: u8) -> chrono::Duration {
    let pause = (age / 2).clamp(FIRST_NOTICE_PAUSE, LONGEST_NOTICE_PAUSE);
    pause + pause * i32::from(jitter) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_items_pause_doubles_up_to_ten_minutes_and_a_quarter() {
        let pause = |attempts, jitter| item_pause(Duration::from_secs(5), attempts, jitter);
        assert_eq!(pause(0, 0), Duration::from_secs(5));
        assert_eq!(pause(3, 0), Duration::from_secs(40));
        assert_eq!(pause(i64::MAX, 0), LONGEST_ITEM_PAUSE);
        assert!(pause(i64::MAX, u8::MAX) < LONGEST_ITEM_PAUSE * 5 / 4);
    }

    #[test]
    fn an_item_that_limits_refuse_is_tried_ever_less_often_and_at_least_each_hour() {
        let minutes = [-5, 0, 8, 240, 480, 1_440]
            .map(|age| limited_item_pause(chrono::Duration::minutes(age)).num_minutes());
        assert_eq!(minutes, [0, 0, 1, 30, 60, 60]);
    }

    #[test]
    fn a_probes_pause_doubles_up_to_a_quarter_of_an_hour() {
        let minutes: Vec<_> = (0..6).map(|n| probe_pause(n).num_minutes()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 15, 15]);
        assert_eq!(probe_pause(u32::MAX), LONGEST_PROBE_PAUSE);
    }

    #[test]
    fn a_refresh_is_tried_again_before_the_token_ends_and_when_the_limit_does() {
        let pause = |limit: Option<i64>, left: Option<i64>| {
            let minutes = |it: Option<i64>| it.map(chrono::Duration::minutes);
            refresh_pause(minutes(limit), minutes(left)).num_minutes()
        };
        let lefts = [
            Some(9 * 1_440),
            Some(24 * 60),
            Some(60),
            Some(3),
            Some(-5),
            None,
        ];
        assert_eq!(
            lefts.map(|left| pause(None, left)),
            [360, 120, 5, 5, 5, 360]
        );
        assert_eq!(pause(Some(300), Some(9 * 1_440)), 300);
        assert_eq!(pause(Some(5), Some(9 * 1_440)), 60, "the block may last");
        assert_eq!(pause(Some(30), Some(60)), 30);
        assert_eq!(pause(Some(-1), Some(60)), 5, "the limit is over");
    }

    #[test]
    fn a_notice_waits_half_its_age_from_five_seconds_to_ten_minutes_and_a_quarter() {
        let pause = |minutes, jitter| {
            notice_pause(chrono::Duration::minutes(minutes), jitter).num_seconds()
        };
        assert_eq!([0, 4, 20, 90].map(|age| pause(age, 0)), [5, 120, 600, 600]);
        assert_eq!(pause(-5, 0), 5, "a clock that was put back");
        assert!((600..750).contains(&pause(90, u8::MAX)));
    }
}
