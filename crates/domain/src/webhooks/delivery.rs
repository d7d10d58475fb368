//! Deliveries of events: their status and the retry schedule.
//!
//! The rule: the schedule is that of the Standard Webhooks scheme, about three days. A consumer can ask for a
//! longer pause, up to a day at a time, and never for a shorter one.

use std::time::Duration;

use crate::closed_list;

closed_list! {
    /// The status of a delivery.
    pub enum DeliveryStatus: "status of a delivery" {
        /// Another attempt is planned.
        Pending = "pending",
        /// The consumer accepted it.
        Delivered = "delivered",
        /// No attempt is left; a replay starts over.
        Failed = "failed",
    }
}

/// An endpoint without a successful delivery for this long is disabled.
pub const FAILING_FOR: chrono::Duration = chrono::Duration::days(5);

/// The pauses between attempts: nine pauses, ten attempts.
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

/// The pause after the `attempts`-th attempt failed; `None` after the last one.
///
/// `spread` is any number that differs between deliveries. It lengthens the pause by up to a fifth, so that
/// deliveries that failed together are not retried together.
#[must_use]
pub fn pause_after_attempt(
    attempts: u32,
    retry_after: Option<Duration>,
    spread: u8,
) -> Option<Duration> {
    let nth = usize::try_from(attempts.max(1)).ok()? - 1;
    let pause = *PAUSES.get(nth)?;
    let jitter = pause / 5 * u32::from(spread) / 255;
    let requested = retry_after.unwrap_or_default().min(LONGEST_PAUSE);
    Some((pause + jitter).max(requested))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhooks::DisabledReason;

    #[test]
    fn a_delivery_is_tried_ten_times_over_three_days() {
        let pauses: Vec<_> = (1..)
            .map_while(|n| pause_after_attempt(n, None, 0))
            .collect();
        assert_eq!(pauses, PAUSES);
        let days = pauses.iter().sum::<Duration>().as_secs_f64() / 86_400.0;
        assert!((3.0..3.5).contains(&days), "{days}");
        assert_eq!(
            pause_after_attempt(10, Some(Duration::from_secs(1)), 0),
            None
        );
        assert_eq!(pause_after_attempt(u32::MAX, None, 0), None);
    }

    #[test]
    fn jitter_lengthens_a_pause_by_a_fifth_at_most() {
        for n in 1..=9 {
            let plain = pause_after_attempt(n, None, 0).unwrap();
            let spread: Vec<_> = (0..=255)
                .map(|it| pause_after_attempt(n, None, it).unwrap())
                .collect();
            assert!(
                spread.is_sorted() && spread[255] == plain + plain / 5,
                "{n}"
            );
        }
    }

    #[test]
    fn a_consumer_may_ask_for_patience_within_a_day() {
        let after = |n, asked| pause_after_attempt(n, Some(asked), 0);
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
    fn every_text_parses_to_its_item() {
        for status in DeliveryStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for reason in DisabledReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
    }
}
