//! Events for the outside (outbox): written in the transaction of the act they tell of.
//!
//! The rule: no event without its act and no act without its event; delivering is another transaction's work.

use regrant_domain::{EventId, EventKind, Timestamp};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    query::{CHUNK, json, time},
};

/// Something a tenant is to be told. Holds no secret.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What kind of news.
    pub kind: EventKind,
    /// What it is about: an asset, a reconnect, a person.
    pub subject: String,
    /// The `data` of the webhook.
    pub data: serde_json::Value,
}

impl TenantTx {
    /// Writes events down, in their order, to be delivered.
    ///
    /// # Errors
    /// The database failed.
    pub async fn emit(&self, events: &[NewEvent], at: Timestamp) -> Result<(), Error> {
        for chunk in events.chunks(CHUNK) {
            let rows = chunk.iter().map(|it| row(it, at)).collect::<Result<Vec<_>, _>>()?;
            let query = self
                .query("INSERT INTO events (tenant_id, id, kind, subject, data, created_at)")
                .tenant_rows(rows);
            self.run(query).await?;
        }
        Ok(())
    }
}

fn row(event: &NewEvent, at: Timestamp) -> Result<[Value; 5], Error> {
    Ok([
        EventId::mint().uuid().into(),
        event.kind.as_str().into(),
        event.subject.as_str().into(),
        json(&event.data)?.into(),
        time(at).into(),
    ])
}
