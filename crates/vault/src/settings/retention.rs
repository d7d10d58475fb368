//! How long records are kept.
//!
//! The rule: a row of the audit stays in its chain; only its content is pruned after its time.

use chrono::{Duration, DurationRound};
use regrant_domain::Timestamp;
use regrant_storage::AuditKind;

/// How long each kind of record is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Idempotency keys, once their reconnect has ended.
    pub idempotency: Duration,
    /// Events to tenants, with their deliveries.
    pub events: Duration,
    /// The history of cut-offs; the newest entry of each asset stays.
    pub cut_offs: Duration,
    /// Notices from Meta that were processed.
    pub inbox: Duration,
    /// Reconnects that have ended, with their items.
    pub reconnects: Duration,
    /// Reconnect sessions that have ended.
    pub reconnect_sessions: Duration,
    /// Audit of token reads; `None` keeps it without limit.
    pub audit_reads: Option<Duration>,
    /// Audit of what the worker does by itself; `None` keeps it without limit.
    pub audit_worker: Option<Duration>,
    /// Audit of everything else; `None` keeps it without limit. Verification cannot check a credential that was sealed
    /// earlier, and counts it as `untold`.
    pub audit_acts: Option<Duration>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            idempotency: Duration::hours(24),
            events: Duration::days(30),
            cut_offs: Duration::days(400),
            inbox: Duration::days(7),
            reconnects: Duration::days(180),
            reconnect_sessions: Duration::days(30),
            audit_reads: Some(Duration::days(400)),
            audit_worker: Some(Duration::days(2 * 365)),
            audit_acts: Some(Duration::days(7 * 365)),
        }
    }
}

impl Retention {
    /// The day from which on audit of this kind keeps its content; `None` keeps all of it.
    pub(crate) fn audit_kept_since(&self, kind: AuditKind, now: Timestamp) -> Option<Timestamp> {
        let keep = match kind {
            AuditKind::Reads => self.audit_reads,
            AuditKind::Worker => self.audit_worker,
            AuditKind::Acts => self.audit_acts,
        };
        // Each pruning adds a row to the chain, so prune once a day.
        now.checked_sub_signed(keep?)?
            .duration_trunc(Duration::days(1))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_content_is_kept_by_whole_days_or_without_limit() {
        let now: Timestamp = "2027-06-15T13:14:15Z".parse().unwrap();
        let keep = Retention {
            audit_reads: Some(Duration::days(400)),
            audit_acts: None,
            ..Retention::default()
        };
        let since = keep.audit_kept_since(AuditKind::Reads, now).unwrap();
        assert_eq!(since.to_rfc3339(), "2026-05-11T00:00:00+00:00");
        assert_eq!(keep.audit_kept_since(AuditKind::Acts, now), None);
        let eternal = Retention {
            audit_worker: Some(Duration::MAX),
            ..keep
        };
        assert_eq!(
            eternal.audit_kept_since(AuditKind::Worker, now),
            None,
            "longer than there is time"
        );
    }
}
