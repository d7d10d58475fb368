//! How long a task sleeps between two passes.
//!
//! The rule: a task always sleeps: 5 ms after work, a jittered interval when idle, exponential
//! backoff after errors.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder};

/// The sleep after a pass with work, because more may be due; also the shortest sleep.
const MIN_SLEEP: Duration = Duration::from_millis(5);
/// The longest sleep of a failing task, unless its idle interval is longer.
const MAX_BACKOFF: Duration = Duration::from_mins(2);

/// The sleeps of one task.
pub(crate) struct SleepSchedule {
    idle_interval: Duration,
    is_exhaustive: bool,
    failures: u32,
}

impl SleepSchedule {
    /// `idle_interval` is the longest sleep without work. An exhaustive task sleeps that long after work, too.
    pub const fn new(idle_interval: Duration, is_exhaustive: bool) -> Self {
        Self {
            idle_interval,
            is_exhaustive,
            failures: 0,
        }
    }

    /// How many passes in a row failed.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The sleep after a pass with this result.
    pub fn next_sleep<E>(&mut self, done: &Result<u64, E>) -> Duration {
        match done {
            Ok(1..) if !self.is_exhaustive => {
                self.failures = 0;
                MIN_SLEEP
            }
            Ok(_) => {
                self.failures = 0;
                jitter_sleep(self.idle_interval)
            }
            Err(_) => {
                self.failures = self.failures.saturating_add(1);
                let doubled = self
                    .idle_interval
                    .saturating_mul(2_u32.saturating_pow(self.failures.min(16)));
                jitter_sleep(doubled.min(MAX_BACKOFF.max(self.idle_interval)))
            }
        }
    }
}

/// A random duration between half of `interval` and all of it.
fn jitter_sleep(interval: Duration) -> Duration {
    let half = interval / 2;
    ConstantBuilder::new()
        .with_delay(half)
        .with_jitter()
        .build()
        .next()
        .unwrap_or(half)
        .max(MIN_SLEEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_secs(4);

    #[test]
    fn a_task_with_work_runs_again_at_once() {
        let mut sleeps = SleepSchedule::new(USUAL, false);
        assert_eq!(sleeps.next_sleep(&Ok::<_, ()>(3)), MIN_SLEEP);
    }

    #[test]
    fn an_idle_task_sleeps_for_a_jittered_interval() {
        let mut sleeps = SleepSchedule::new(USUAL, false);
        let durations: Vec<_> = (0..20)
            .map(|_| sleeps.next_sleep(&Ok::<_, ()>(0)))
            .collect();
        assert!(
            durations.iter().all(|it| (USUAL / 2..=USUAL).contains(it)),
            "{durations:?}"
        );
        assert!(
            durations.iter().any(|it| Some(it) != durations.first()),
            "{durations:?}"
        );
    }

    #[test]
    fn an_exhaustive_task_sleeps_after_work_too() {
        let mut sleeps = SleepSchedule::new(USUAL, true);
        assert!(sleeps.next_sleep(&Ok::<_, ()>(3)) >= USUAL / 2);
    }

    #[test]
    fn failures_lengthen_the_sleep_up_to_a_limit_and_success_resets_it() {
        let mut sleeps = SleepSchedule::new(USUAL, false);
        let durations: Vec<_> = (0..12).map(|_| sleeps.next_sleep(&Err(()))).collect();
        assert!(
            durations.first() >= Some(&USUAL) && durations.last() >= Some(&(MAX_BACKOFF / 2)),
            "{durations:?}"
        );
        assert!(
            durations.iter().all(|it| *it <= MAX_BACKOFF),
            "{durations:?}"
        );
        assert_eq!(
            (
                sleeps.failures(),
                sleeps.next_sleep(&Ok::<_, ()>(1)),
                sleeps.failures()
            ),
            (12, MIN_SLEEP, 0)
        );
    }

    #[test]
    fn every_pass_is_followed_by_a_sleep() {
        let mut sleeps = SleepSchedule::new(Duration::ZERO, false);
        for done in [Ok(0), Ok(1), Err(())] {
            assert!(sleeps.next_sleep(&done) >= MIN_SLEEP);
        }
    }
}
