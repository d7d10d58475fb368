//! How long records are kept. Audit events are kept for ever.

use chrono::Duration;

/// How long each kind of record is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Idempotency keys, once their reconnect has ended.
    pub idempotency: Duration,
    /// Events for the outside, with their deliveries.
    pub events: Duration,
    /// What was told about cut-offs; the newest word about each asset stays.
    pub cut_offs: Duration,
    /// Messages from Meta that were worked off.
    pub inbox: Duration,
    /// Reconnects that have ended, with their items.
    pub reconnects: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            idempotency: Duration::hours(24),
            events: Duration::days(30),
            cut_offs: Duration::days(400),
            inbox: Duration::days(7),
            reconnects: Duration::days(180),
        }
    }
}
