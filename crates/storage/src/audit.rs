//! Audit events: written in the transaction of the act, never changed.

use regrant_domain::{EventId, Timestamp};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    query::{CHUNK, json, time},
};

/// Something done, by whom and to what. Holds no secret.
#[derive(Debug, Clone)]
pub struct AuditEvent {
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: &'static str,
    /// What it was done to.
    pub subject: String,
    /// What else is worth knowing.
    pub detail: serde_json::Value,
}

impl TenantTx {
    /// Writes the events down, in their order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit(&self, events: &[AuditEvent], at: Timestamp) -> Result<(), Error> {
        for chunk in events.chunks(CHUNK) {
            let rows = chunk.iter().map(|it| row(it, at)).collect::<Result<Vec<_>, _>>()?;
            let query = self
                .query("INSERT INTO audit_events (tenant_id, id, at, actor, action, subject, detail)")
                .tenant_rows(rows);
            self.run(query).await?;
        }
        Ok(())
    }
}

fn row(event: &AuditEvent, at: Timestamp) -> Result<[Value; 6], Error> {
    Ok([
        EventId::mint().uuid().into(),
        time(at).into(),
        event.actor.as_str().into(),
        event.action.into(),
        event.subject.as_str().into(),
        json(&event.detail)?.into(),
    ])
}
