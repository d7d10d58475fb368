//! The clock of the sandbox: wall time plus an offset that can be shared.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Duration, Utc};

/// Wall time plus a shared offset in microseconds; clones move together.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset: Arc<AtomicI64>,
}

impl Clock {
    /// A clock at wall time until it is advanced.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A clock with an offset that the caller keeps and shares.
    #[must_use]
    pub fn with_offset(offset: Arc<AtomicI64>) -> Self {
        Self { offset }
    }

    /// The shared offset, in microseconds.
    #[must_use]
    pub fn shared_offset(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.offset)
    }

    /// The current time of the sandbox.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let wall = wall_time();
        wall.checked_add_signed(self.offset_from_wall())
            .unwrap_or(wall)
    }

    /// The offset from wall time.
    pub(crate) fn offset_from_wall(&self) -> Duration {
        Duration::microseconds(self.offset.load(Ordering::SeqCst))
    }

    /// Moves the clock; a negative duration moves it back.
    pub fn advance(&self, by: Duration) {
        let micros = by.num_microseconds().unwrap_or(0);
        self.offset.fetch_add(micros, Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "all other code reads this clock")]
fn wall_time() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_move_together() {
        let clock = Clock::new();
        let before = clock.clone().now();
        Clock::with_offset(clock.shared_offset()).advance(Duration::days(30));
        assert!(clock.now() - before >= Duration::days(30));
    }
}
