//! The clock. The rule: no other code in the workspace reads the system time.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Duration, DurationRound, Utc};

/// A moment in UTC in whole microseconds, the precision of both databases.
pub type Timestamp = DateTime<Utc>;

/// The source of the current time.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// The system's clock plus a shared offset in microseconds: a rehearsal can leap ahead.
    Shifted(Arc<AtomicI64>),
    /// A clock that only a test moves, in microseconds since 1970.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that shows `at` until it is advanced.
    #[must_use]
    pub fn fixed_at(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.timestamp_micros())))
    }

    /// The current time for tokens, cut-offs and records.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Self::system_time(),
            Self::Shifted(micros) => {
                Self::system_time() + Duration::microseconds(micros.load(Ordering::SeqCst))
            }
            Self::Fixed(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst))
                .unwrap_or(DateTime::UNIX_EPOCH),
        }
    }

    /// The system's time, for leases and time limits: a leap of a rehearsal must not end a lease.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the only call that may read the system time"
    )]
    pub fn system_time() -> Timestamp {
        let now = Utc::now();
        now.duration_trunc(Duration::microseconds(1)).unwrap_or(now)
    }

    /// Moves a shifted or fixed clock; has no effect on the system's clock.
    pub fn advance_by(&self, by: Duration) {
        let by = by.num_microseconds().unwrap_or(i64::MAX);
        match self {
            Self::System => {}
            Self::Shifted(micros) | Self::Fixed(micros) => {
                micros.fetch_add(by, Ordering::SeqCst);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_advanced() {
        let clock = Clock::fixed_at(DateTime::UNIX_EPOCH);
        clock.advance_by(Duration::days(30));
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH + Duration::days(30));
    }

    #[test]
    fn time_is_kept_in_whole_microseconds() {
        assert_eq!(Clock::System.now().timestamp_subsec_nanos() % 1_000, 0);
    }
}
