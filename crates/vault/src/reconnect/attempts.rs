//! How often and how long a deferred item is tried, and when it is tried next.
//!
//! The rule: an attempt that a limit of Graph refused says nothing about the item, and is not counted.

use chrono::Duration;
use regrant_domain::{
    Clock, RefusalKind, Timestamp,
    retry::{item_pause, limited_item_pause},
};
use regrant_storage::Item;

use crate::reconnect::run::Run;

impl Run<'_> {
    /// Whether an item that is refused so ends with this attempt. A limit of Graph may be another tenant's doing, so only
    /// the age of the reconnect ends the waiting for it.
    pub(super) fn is_last_attempt(
        &self,
        item: &Item,
        refused: Option<&RefusalKind>,
        now: Timestamp,
    ) -> bool {
        let settings = &self.vault.settings.reconnect;
        match refused {
            Some(RefusalKind::Throttled { .. }) => {
                now - self.reconnect.created_at >= settings.throttle_patience
            }
            _ => item.attempts.saturating_add(1) >= i64::from(settings.item_attempts),
        }
    }

    /// When a deferred item is tried again: after a growing pause, but not before the moment that Graph named. Behind a
    /// limit the pause grows with the age of the reconnect, because its attempts are not counted.
    pub(super) fn next_attempt_at(
        &self,
        item: &Item,
        refused: Option<&RefusalKind>,
        not_before: Option<Timestamp>,
    ) -> Timestamp {
        let now = self.vault.clock.now();
        let first = self.vault.settings.reconnect.retry_pause;
        let jitter = uuid::Uuid::now_v7().into_bytes().last().copied();
        let pause = item_pause(first, item.attempts, jitter.unwrap_or(0));
        let limited = match refused {
            Some(RefusalKind::Throttled { .. }) => {
                limited_item_pause(now - self.reconnect.created_at)
            }
            _ => Duration::zero(),
        };
        // Graph's moment is by the vault's clock, while due work goes by the system's.
        let named = not_before.map_or(Duration::zero(), |at| at - now);
        let pause = Duration::from_std(pause).unwrap_or_default();
        Clock::system_time() + pause.max(limited).max(named)
    }
}
