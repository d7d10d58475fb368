//! A stretch of time in both clocks.
//!
//! The rule: it is over when either clock says so: a rehearsal that leaps past it ends it, and a
//! rehearsal whose clock stands still does not hold it for ever.

use std::time::Duration;

use chrono::TimeDelta;
use regrant_domain::{Clock, Timestamp};

/// The end of a stretch in both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pause {
    wall: Timestamp,
    clock: Timestamp,
}

impl Pause {
    /// A stretch of this length, from now on.
    pub(crate) fn begin(clock: &Clock, length: TimeDelta) -> Self {
        Self {
            wall: Clock::wall() + length,
            clock: clock.now() + length,
        }
    }

    /// How much of it is left, if it is not over.
    pub(crate) fn left(self, clock: &Clock) -> Option<Duration> {
        let left = (self.wall - Clock::wall()).min(self.clock - clock.now());
        left.to_std().ok().filter(|it| !it.is_zero())
    }

    /// Whether it ends after `other`.
    pub(crate) fn outlasts(self, other: Self) -> bool {
        self.wall > other.wall
    }
}
