//! How long records are kept. A row of the audit keeps its place for ever; here is how long it keeps its words.

use chrono::{Duration, DurationRound};
use regrant_domain::Timestamp;
use regrant_storage::AuditKind;

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
    /// Reconnect sessions that have ended.
    pub reconnect_sessions: Duration,
    /// Audit of token reads; none: for ever.
    pub audit_reads: Option<Duration>,
    /// Audit of what the worker does by itself; none: for ever.
    pub audit_worker: Option<Duration>,
    /// Audit of everything else; none: for ever. A credential sealed before that counts as `untold`.
    pub audit_acts: Option<Duration>,
}

impl Retention {
    /// Since when audit of this kind keeps its words, by whole days; none: since ever.
    pub(crate) fn audit_since(&self, kind: AuditKind, now: Timestamp) -> Option<Timestamp> {
        let keep = match kind {
            AuditKind::Reads => self.audit_reads,
            AuditKind::Worker => self.audit_worker,
            AuditKind::Acts => self.audit_acts,
        };
        // Each step is told in the chain: once a day is often enough.
        now.checked_sub_signed(keep?)?
            .duration_trunc(Duration::days(1))
            .ok()
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            idempotency: Duration::hours(24),
            events: Duration::days(30),
            cut_offs: Duration::days(400),
            inbox: Duration::days(7),
            reconnects: Duration::days(180),
            audit_reads: Some(Duration::days(400)),
            audit_worker: Some(Duration::days(2 * 365)),
            audit_acts: Some(Duration::days(7 * 365)),
            reconnect_sessions: Duration::days(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_keeps_its_words_by_whole_days_or_for_ever() {
        let now: Timestamp = "2027-06-15T13:14:15Z".parse().unwrap();
        let keep = Retention {
            audit_reads: Some(Duration::days(400)),
            audit_acts: None,
            ..Retention::default()
        };
        let since = keep.audit_since(AuditKind::Reads, now).unwrap();
        assert_eq!(since.to_rfc3339(), "2026-05-11T00:00:00+00:00");
        assert_eq!(keep.audit_since(AuditKind::Acts, now), None);
        let eternal = Retention {
            audit_worker: Some(Duration::MAX),
            ..keep
        };
        assert_eq!(
            eternal.audit_since(AuditKind::Worker, now),
            None,
            "longer than there is time"
        );
    }
}
