//! Counts the effects of a notice on one tenant, and reports them as events and as an audit event.
//!
//! The rule: a notice is reported once per tenant; `follow_up.rs` reports each asset's change of state.
//! Start at [`NoticeTally::to_events`].

use regrant_domain::{EventKind, MetaNotice, NoticeKind, Timestamp};
use regrant_storage::{AuditEvent, NewEvent};
use serde_json::{Value, json};

/// The effects of a notice on one tenant.
#[derive(Debug, Default)]
pub(super) struct NoticeTally {
    /// How many assets the notice affects.
    pub(super) assets: usize,
    /// How many assets it changed.
    pub(super) changed: usize,
    /// The earliest cut-off that it set.
    earliest: Option<Timestamp>,
    /// The latest cut-off that it set.
    latest: Option<Timestamp>,
}

impl NoticeTally {
    /// Counts `n` assets whose cut-off moved to `at`.
    pub(super) fn count_moved(&mut self, n: usize, at: Timestamp) {
        if n > 0 {
            self.changed += n;
            self.earliest = self.earliest.into_iter().chain([at]).min();
            self.latest = self.latest.into_iter().chain([at]).max();
        }
    }

    /// The events to the tenant about the notice.
    pub(super) fn to_events(&self, notice: &MetaNotice) -> Vec<NewEvent> {
        let event = |kind, subject: &str, data: Value| NewEvent {
            kind,
            subject: subject.to_owned(),
            data,
        };
        let subject = notice.subject.to_string();
        let person = notice.person_id();
        match notice.kind {
            NoticeKind::Migration if self.changed > 0 => vec![event(
                EventKind::ForecastChanged,
                "forecast",
                json!({ "person_id": person, "assets": self.changed, "earliest": self.earliest, "latest": self.latest }),
            )],
            NoticeKind::Deauthorize | NoticeKind::DataDeletion => vec![event(
                EventKind::PersonRevoked,
                &subject,
                json!({ "person_id": person, "cause": notice.kind.as_str(), "assets": self.changed }),
            )],
            NoticeKind::Migration | NoticeKind::Permissions | NoticeKind::PartnerRemoved => {
                Vec::new()
            }
        }
    }

    /// The audit event about the notice.
    pub(super) fn to_audit_event(&self, notice: &MetaNotice) -> AuditEvent {
        let action = match notice.kind {
            NoticeKind::Migration => "person.migration_announced",
            NoticeKind::Permissions => "person.permissions_changed",
            NoticeKind::Deauthorize => "person.deauthorized",
            NoticeKind::DataDeletion => "person.data_deleted",
            NoticeKind::PartnerRemoved => "partner.removed",
        };
        let detail = json!({
            "told_at": notice.sent_at, "cut_off": notice.cut_off, "assets": self.assets, "changed": self.changed,
        });
        AuditEvent::new("meta", action, &notice.subject, detail)
    }
}
