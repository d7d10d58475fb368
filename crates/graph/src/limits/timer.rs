//! A timer that runs in two clocks: the system clock and the clock of the records.
//!
//! The rule: it is over when either clock says so. A rehearsal that advances its clock past the end
//! ends it, and a rehearsal with a stopped clock still sees it end in wall time.

use std::time::Duration;

use chrono::TimeDelta;
use regrant_domain::{Clock, Timestamp};

/// The end of a span of time, in both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer {
    wall: Timestamp,
    clock: Timestamp,
}

impl Timer {
    /// Starts a timer of this length now.
    pub(crate) fn start_now(clock: &Clock, length: TimeDelta) -> Self {
        Self {
            wall: Clock::system_time() + length,
            clock: clock.now() + length,
        }
    }

    /// The time left; `None` once it is over.
    pub(crate) fn time_left(self, clock: &Clock) -> Option<Duration> {
        let left = (self.wall - Clock::system_time()).min(self.clock - clock.now());
        left.to_std().ok().filter(|it| !it.is_zero())
    }

    /// Whether it ends after `other`, in wall time.
    pub(crate) fn ends_after(self, other: Self) -> bool {
        self.wall > other.wall
    }
}
