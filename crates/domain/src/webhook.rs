//! Webhooks outwards: which events an endpoint wants, how a delivery stands, when it is tried again.
//!
//! The rule: the schedule is that of the Standard Webhooks scheme, about three days. A consumer may ask for
//! more patience, never for less, and nobody can make a delivery wait for longer than a day at a time.

use std::{collections::BTreeSet, time::Duration};

use crate::{EventKind, closed_list};

/// Which events an endpoint is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventFilter {
    /// Every kind, and those to come.
    All,
    /// These.
    Only(BTreeSet<EventKind>),
}

impl EventFilter {
    /// Whether events of this kind are told.
    #[must_use]
    pub fn wants(&self, kind: EventKind) -> bool {
        match self {
            Self::All => true,
            Self::Only(kinds) => kinds.contains(&kind),
        }
    }
}

closed_list! {
    /// Whether an endpoint is told anything.
    pub enum EndpointStatus: "status of a webhook endpoint" {
        /// It is.
        Enabled = "enabled",
        /// It is not, until somebody enables it.
        Disabled = "disabled",
    }
}

closed_list! {
    /// Why an endpoint is disabled.
    pub enum DisabledReason: "reason to disable a webhook endpoint" {
        /// Its tenant did it.
        ByTenant = "by_tenant",
        /// The consumer answered 410.
        Gone = "gone",
        /// Nothing was delivered for five days.
        Failing = "failing",
    }
}

closed_list! {
    /// How a delivery stands.
    pub enum DeliveryStatus: "status of a delivery" {
        /// It will be tried, or tried again.
        Pending = "pending",
        /// The consumer has it.
        Delivered = "delivered",
        /// It will not be tried any more, unless somebody replays it.
        Failed = "failed",
    }
}

/// For how long nothing may be delivered before an endpoint is disabled.
pub const FAILING_FOR: chrono::Duration = chrono::Duration::days(5);

/// The pauses between attempts; one attempt more than pauses.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// The pause after the `attempts`-th attempt failed; `None` where it was the last one.
///
/// `spread` is any number that differs between deliveries: it lengthens the pause by up to a fifth, so that
/// what failed together is not tried together.
#[must_use]
pub fn pause_after(attempts: u32, retry_after: Option<Duration>, spread: u8) -> Option<Duration> {
    let nth = usize::try_from(attempts.max(1)).ok()? - 1;
    let pause = *PAUSES.get(nth)?;
    let jitter = pause / 5 * u32::from(spread) / 255;
    let asked = retry_after.unwrap_or_default().min(LONGEST_PAUSE);
    Some((pause + jitter).max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_tried_ten_times_over_three_days() {
        let pauses: Vec<_> = (1..).map_while(|n| pause_after(n, None, 0)).collect();
        assert_eq!(pauses, PAUSES);
        let days = pauses.iter().sum::<Duration>().as_secs_f64() / 86_400.0;
        assert!((3.0..3.5).contains(&days), "{days}");
        assert_eq!(pause_after(10, Some(Duration::from_secs(1)), 0), None);
        assert_eq!(pause_after(u32::MAX, None, 0), None);
    }

    #[test]
    fn jitter_lengthens_a_pause_by_a_fifth_at_most() {
        for n in 1..=9 {
            let plain = pause_after(n, None, 0).unwrap();
            let spread: Vec<_> = (0..=255)
                .map(|it| pause_after(n, None, it).unwrap())
                .collect();
            assert!(
                spread.is_sorted() && spread[255] == plain + plain / 5,
                "{n}"
            );
        }
    }

    #[test]
    fn a_consumer_may_ask_for_patience_within_a_day() {
        let after = |n, asked| pause_after(n, Some(asked), 0);
        assert_eq!(
            after(1, Duration::from_mins(10)),
            Some(Duration::from_mins(10))
        );
        assert_eq!(
            after(2, Duration::from_secs(1)),
            Some(Duration::from_mins(5))
        );
        assert_eq!(after(1, Duration::MAX), Some(Duration::from_hours(24)));
    }

    #[test]
    fn words_read_back_what_they_write() {
        for status in DeliveryStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for reason in DisabledReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
    }
}
