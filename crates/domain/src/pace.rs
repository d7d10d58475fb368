//! How fast work without a caller goes beside calls.
//!
//! The rule: a caller never waits because of work that can wait. What callers wait for is measured where the work runs: the
//! time of an empty transaction, from the wait for its turn to its commit.

use std::time::Duration;

/// A round trip up to this long never counts as slow.
const ALWAYS_FINE: Duration = Duration::from_millis(5);
/// The longest rest while round trips are as quick as ever.
const SHORT_REST: Duration = Duration::from_millis(200);
/// The longest rest at all, so that the work ends even beside constant load.
const LONG_REST: Duration = Duration::from_secs(5);

/// The pace of one kind of work: how long it rests after each chunk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    /// What a round trip takes while there is no load; forgotten slowly.
    quiet: Option<Duration>,
    rest: Duration,
}

impl Pace {
    /// How long to rest after a chunk that took `chunk`, when an empty transaction takes `round_trip`. Each slow round trip
    /// doubles the rest; after a quick one it is as long as the chunk took, 200 ms at most.
    pub fn rest_after(&mut self, chunk: Duration, round_trip: Duration) -> Duration {
        // A quiet moment of long ago is no measure: it fades by a hundredth a chunk.
        let faded = self.quiet.map(|it| it.saturating_add(it / 100));
        let quiet = faded.map_or(round_trip, |it| it.min(round_trip));
        self.quiet = Some(quiet);
        let usual = chunk.min(SHORT_REST);
        let is_slow = round_trip > ALWAYS_FINE && round_trip > quiet.saturating_mul(2);
        self.rest = if is_slow {
            self.rest.max(usual).saturating_mul(2).min(LONG_REST)
        } else {
            usual
        };
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: Duration = Duration::from_millis(40);

    fn rests(round_trips: &[u64]) -> Vec<u128> {
        let mut pace = Pace::default();
        let rest = |it: &u64| {
            pace.rest_after(CHUNK, Duration::from_millis(*it))
                .as_millis()
        };
        round_trips.iter().map(rest).collect()
    }

    #[test]
    fn a_rest_is_as_long_as_the_chunk_while_round_trips_are_quick() {
        assert_eq!(rests(&[3, 4, 5, 3]), [40; 4]);
        let long = Pace::default().rest_after(Duration::from_secs(9), Duration::from_millis(1));
        assert_eq!(long, SHORT_REST);
    }

    #[test]
    fn each_slow_round_trip_doubles_the_rest_and_a_quick_one_ends_that() {
        assert_eq!(rests(&[3, 30, 30, 30, 3]), [40, 80, 160, 320, 40]);
        assert_eq!(
            rests(&[3, 60, 60, 60, 60, 60, 60, 60, 60]).last(),
            Some(&5_000)
        );
    }

    #[test]
    fn a_database_that_is_always_slow_slows_the_work_for_a_while_only() {
        let always: Vec<u64> = [3].into_iter().chain([20; 200]).collect();
        assert_eq!(rests(&always).last(), Some(&40));
    }
}
