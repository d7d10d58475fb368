//! How long a task sleeps between two passes.
//!
//! The rule: a task always sleeps: 5 ms after work, a jittered interval when idle, exponential
//! backoff after errors.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder};

/// The sleep after a pass with work, because more may be due; also the shortest sleep.
const BREATH: Duration = Duration::from_millis(5);
/// The longest sleep of a failing task, unless its idle interval is longer.
const LONGEST: Duration = Duration::from_mins(2);

/// The sleeps of one task.
pub(crate) struct Pause {
    usual: Duration,
    is_thorough: bool,
    failures: u32,
}

impl Pause {
    /// `idle_interval` is the longest sleep without work. An exhaustive task sleeps that long after work, too.
    pub const fn new(idle_interval: Duration, is_exhaustive: bool) -> Self {
        Self {
            usual: idle_interval,
            is_thorough: is_exhaustive,
            failures: 0,
        }
    }

    /// How many passes in a row failed.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The sleep after a pass with this result.
    pub fn after<E>(&mut self, done: &Result<u64, E>) -> Duration {
        match done {
            Ok(1..) if !self.is_thorough => {
                self.failures = 0;
                BREATH
            }
            Ok(_) => {
                self.failures = 0;
                jittered(self.usual)
            }
            Err(_) => {
                self.failures = self.failures.saturating_add(1);
                let doubled = self
                    .usual
                    .saturating_mul(2_u32.saturating_pow(self.failures.min(16)));
                jittered(doubled.min(LONGEST.max(self.usual)))
            }
        }
    }
}

/// A random duration between half of `interval` and all of it.
fn jittered(interval: Duration) -> Duration {
    let half = interval / 2;
    ConstantBuilder::new()
        .with_delay(half)
        .with_jitter()
        .build()
        .next()
        .unwrap_or(half)
        .max(BREATH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_secs(4);

    #[test]
    fn a_task_with_work_runs_again_at_once() {
        let mut sleeps = Pause::new(USUAL, false);
        assert_eq!(sleeps.after(&Ok::<_, ()>(3)), BREATH);
    }

    #[test]
    fn an_idle_task_sleeps_for_a_jittered_interval() {
        let mut sleeps = Pause::new(USUAL, false);
        let durations: Vec<_> = (0..20).map(|_| sleeps.after(&Ok::<_, ()>(0))).collect();
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
        let mut sleeps = Pause::new(USUAL, true);
        assert!(sleeps.after(&Ok::<_, ()>(3)) >= USUAL / 2);
    }

    #[test]
    fn failures_lengthen_the_sleep_up_to_a_limit_and_success_resets_it() {
        let mut sleeps = Pause::new(USUAL, false);
        let durations: Vec<_> = (0..12).map(|_| sleeps.after(&Err(()))).collect();
        assert!(
            durations.first() >= Some(&USUAL) && durations.last() >= Some(&(LONGEST / 2)),
            "{durations:?}"
        );
        assert!(durations.iter().all(|it| *it <= LONGEST), "{durations:?}");
        assert_eq!(
            (
                sleeps.failures(),
                sleeps.after(&Ok::<_, ()>(1)),
                sleeps.failures()
            ),
            (12, BREATH, 0)
        );
    }

    #[test]
    fn every_pass_is_followed_by_a_sleep() {
        let mut sleeps = Pause::new(Duration::ZERO, false);
        for done in [Ok(0), Ok(1), Err(())] {
            assert!(sleeps.after(&done) >= BREATH);
        }
    }
}
