//! How long a lane rests, by how its last pass ended.
//!
//! The rule: never not at all. Work is followed by a breath, idleness by a jittered pause, failures by ever
//! longer ones.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder};

/// After a pass that did something: there may be more.
const BREATH: Duration = Duration::from_millis(5);
/// The longest rest of a lane that fails, unless its usual one is longer.
const LONGEST: Duration = Duration::from_mins(2);

/// The rests of one lane.
pub(crate) struct Pause {
    usual: Duration,
    is_thorough: bool,
    failures: u32,
}

impl Pause {
    /// A lane whose passes do all there is rests after work, too.
    pub const fn new(usual: Duration, is_thorough: bool) -> Self {
        Self {
            usual,
            is_thorough,
            failures: 0,
        }
    }

    /// How often in a row the lane failed.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The rest after a pass.
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

/// Between half of it and all of it.
fn jittered(pause: Duration) -> Duration {
    let half = pause / 2;
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
    fn a_lane_that_found_work_looks_again_at_once() {
        let mut pause = Pause::new(USUAL, false);
        assert_eq!(pause.after(&Ok::<_, ()>(3)), BREATH);
    }

    #[test]
    fn an_idle_lane_rests_up_to_its_pause_and_not_always_as_long() {
        let mut pause = Pause::new(USUAL, false);
        let rests: Vec<_> = (0..20).map(|_| pause.after(&Ok::<_, ()>(0))).collect();
        assert!(
            rests.iter().all(|it| (USUAL / 2..=USUAL).contains(it)),
            "{rests:?}"
        );
        assert!(
            rests.iter().any(|it| Some(it) != rests.first()),
            "{rests:?}"
        );
    }

    #[test]
    fn a_thorough_lane_rests_after_work_too() {
        let mut pause = Pause::new(USUAL, true);
        assert!(pause.after(&Ok::<_, ()>(3)) >= USUAL / 2);
    }

    #[test]
    fn failures_make_the_rests_longer_up_to_an_end_and_success_forgets_them() {
        let mut pause = Pause::new(USUAL, false);
        let rests: Vec<_> = (0..12).map(|_| pause.after(&Err(()))).collect();
        assert!(
            rests.first() >= Some(&USUAL) && rests.last() >= Some(&(LONGEST / 2)),
            "{rests:?}"
        );
        assert!(rests.iter().all(|it| *it <= LONGEST), "{rests:?}");
        assert_eq!(
            (
                pause.failures(),
                pause.after(&Ok::<_, ()>(1)),
                pause.failures()
            ),
            (12, BREATH, 0)
        );
    }

    #[test]
    fn no_lane_is_ever_busy_without_a_rest() {
        let mut pause = Pause::new(Duration::ZERO, false);
        for done in [Ok(0), Ok(1), Err(())] {
            assert!(pause.after(&done) >= BREATH);
        }
    }
}
