//! How often and how long a deferred item is tried, and when it is tried next.
//!
//! The rule: an attempt that a limit of Graph refused says nothing about the item, and is not counted.

use regrant_domain::{Clock, RefusalKind, Timestamp, retry::item_pause};
use regrant_storage::Item;

use crate::{Vault, reconnect::run::Run};

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
}

impl Vault {
    /// When a deferred item is tried again: after a growing pause, but not before the moment that Graph named.
    pub(super) fn next_attempt_at(
        &self,
        attempts: i64,
        not_before: Option<Timestamp>,
    ) -> Timestamp {
        let jitter = uuid::Uuid::now_v7().into_bytes().last().copied();
        let pause = item_pause(
            self.settings.reconnect.retry_pause,
            attempts,
            jitter.unwrap_or(0),
        );
        // Graph's moment is by the vault's clock, while due work goes by the system's.
        let named = not_before.map_or(chrono::Duration::zero(), |at| at - self.clock.now());
        Clock::system_time()
            + chrono::Duration::from_std(pause)
                .unwrap_or_default()
                .max(named)
    }
}
