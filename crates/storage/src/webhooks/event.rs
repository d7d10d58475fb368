//! Events for the outside (outbox): written in the transaction of the act they tell of.
//!
//! The rule: no event without its act and no act without its event, and each is on its way from the same
//! commit on; delivering is another transaction's work. Deliveries are due by the system's time.

use regrant_domain::{Clock, EventId, EventKind, Timestamp, WebhookEndpointId};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, json, time},
    webhooks::delivery::NewDelivery,
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
    /// Writes events down, in their order, and puts each on its way to every endpoint that wants its kind.
    ///
    /// # Errors
    /// The database failed.
    pub async fn emit(&self, events: &[NewEvent], at: Timestamp) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let ids = self.insert_events(events, at).await?;
        let endpoints = self.enabled_endpoints().await?;
        let mut on_their_way = Vec::new();
        for (event, id) in events.iter().zip(ids) {
            let wanting = endpoints
                .iter()
                .filter(|(_, filter)| filter.wants(event.kind));
            on_their_way.extend(wanting.map(|(endpoint, _)| NewDelivery::of(*endpoint, id)));
        }
        self.insert_deliveries(&on_their_way, at, Clock::wall())
            .await
    }

    /// Writes an event down for one endpoint alone, whatever it wants.
    ///
    /// # Errors
    /// The database failed.
    pub async fn emit_to(
        &self,
        endpoint: WebhookEndpointId,
        event: &NewEvent,
        at: Timestamp,
    ) -> Result<EventId, Error> {
        let id = self
            .insert_events(std::slice::from_ref(event), at)
            .await?
            .pop();
        let id = id.ok_or(Error::Corrupt("event"))?;
        self.insert_deliveries(&[NewDelivery::of(endpoint, id)], at, Clock::wall())
            .await?;
        Ok(id)
    }

    async fn insert_events(
        &self,
        events: &[NewEvent],
        at: Timestamp,
    ) -> Result<Vec<EventId>, Error> {
        let ids: Vec<_> = events.iter().map(|_| EventId::mint()).collect();
        let events: Vec<_> = ids.iter().zip(events).collect();
        for chunk in events.chunks(CHUNK) {
            let rows = chunk
                .iter()
                .map(|(id, it)| row(**id, it, at))
                .collect::<Result<Vec<_>, _>>()?;
            let query = self
                .query("INSERT INTO events (tenant_id, id, kind, subject, data, created_at)")
                .tenant_rows(rows);
            self.run(query).await?;
        }
        Ok(ids)
    }
}

fn row(id: EventId, event: &NewEvent, at: Timestamp) -> Result<[Value; 5], Error> {
    Ok([
        id.uuid().into(),
        event.kind.as_str().into(),
        event.subject.as_str().into(),
        json(&event.data)?.into(),
        time(at).into(),
    ])
}
