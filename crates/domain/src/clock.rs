//! Time. The rule: nothing else in the workspace asks the system what time it is.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Duration, DurationRound, Utc};

/// A moment in UTC, in whole microseconds: what both databases can keep.
pub type Timestamp = DateTime<Utc>;

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// The system's clock, moved by a shared offset in microseconds: a rehearsal can leap ahead.
    Shifted(Arc<AtomicI64>),
    /// A clock that stands still until a test moves it, in microseconds since 1970.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.timestamp_micros())))
    }

    /// The time at which tokens, cut-offs and records live.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Self::wall(),
            Self::Shifted(micros) => {
                Self::wall() + Duration::microseconds(micros.load(Ordering::SeqCst))
            }
            Self::Fixed(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst))
                .unwrap_or(DateTime::UNIX_EPOCH),
        }
    }

    /// The system's time, for leases and time limits: a rehearsal's leap must not end a lease.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that may ask"
    )]
    pub fn wall() -> Timestamp {
        let now = Utc::now();
        now.duration_trunc(Duration::microseconds(1)).unwrap_or(now)
    }

    /// Moves a shifted or fixed clock; the system's clock does not move.
    pub fn advance(&self, by: Duration) {
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
    fn a_fixed_clock_moves_only_when_told() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        clock.advance(Duration::days(30));
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH + Duration::days(30));
    }

    #[test]
    fn time_is_kept_in_whole_microseconds() {
        assert_eq!(Clock::System.now().timestamp_subsec_nanos() % 1_000, 0);
    }
}
