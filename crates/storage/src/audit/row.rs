//! One stored row of the audit.

use regrant_domain::EventId;

use crate::{
    Error,
    audit::chain::{ChainPosition, RowContent},
    sql::Row,
};

/// The rows of a tenant's chain.
pub(crate) const AUDIT_ROWS: &str = "
    SELECT seq, id, at, actor, action, subject, detail, hash, pruned
    FROM audit_events WHERE tenant_id = :tenant AND seq > 0";

/// A stored audit event.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Its number in the chain.
    pub seq: i64,
    /// The id.
    pub id: EventId,
    /// When it was written, in microseconds since 1970.
    pub at: i64,
    /// Who did it.
    pub actor: String,
    /// The action.
    pub action: String,
    /// The id of the object.
    pub subject: String,
    /// More facts, as JSON.
    pub detail: String,
    /// Its link.
    pub hash: Vec<u8>,
    /// The digest of its content once that is deleted; actor, subject and detail are empty then.
    pub pruned: Option<Vec<u8>>,
}

impl AuditRow {
    pub(crate) fn position(&self) -> ChainPosition<'_> {
        ChainPosition {
            seq: self.seq,
            id: self.id,
            at: self.at,
            action: &self.action,
        }
    }

    pub(crate) fn content(&self) -> RowContent<'_> {
        RowContent {
            actor: &self.actor,
            subject: &self.subject,
            detail: &self.detail,
        }
    }

    pub(crate) const fn has_no_content(&self) -> bool {
        self.actor.is_empty() && self.subject.is_empty() && self.detail.is_empty()
    }
}

pub(crate) fn audit_row_from(row: &Row) -> Result<AuditRow, Error> {
    Ok(AuditRow {
        seq: row.get("seq")?,
        id: EventId::from_uuid(row.get("id")?),
        at: row.get("at")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        subject: row.get("subject")?,
        detail: row.get("detail")?,
        hash: row.get::<Option<Vec<u8>>>("hash")?.unwrap_or_default(),
        pruned: row.get("pruned")?,
    })
}
