//! Events to tenants (outbox): written in the transaction of the change that they report.
//!
//! The rule: an event and its change are committed together, and its deliveries with them; another
//! transaction delivers. Deliveries are due by the system's time.

use regrant_domain::{Clock, EventId, EventKind, Timestamp, WebhookEndpointId};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, to_json, to_micros},
    webhooks::delivery::NewDelivery,
};

/// An event to write. Holds no secret.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The kind.
    pub kind: EventKind,
    /// The id of the asset, reconnect or person it is about.
    pub subject: String,
    /// The `data` of the webhook.
    pub data: serde_json::Value,
}

impl TenantTx {
    /// Writes events in their order, with a delivery of each to every endpoint that wants its kind.
    pub async fn emit_events(&self, events: &[NewEvent], at: Timestamp) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let ids = self.insert_events(events, at).await?;
        let endpoints = self.list_enabled_endpoints().await?;
        let mut deliveries = Vec::new();
        for (event, id) in events.iter().zip(ids) {
            let wanting = endpoints
                .iter()
                .filter(|(_, filter)| filter.wants_kind(event.kind));
            deliveries.extend(wanting.map(|(endpoint, _)| NewDelivery::of_event(*endpoint, id)));
        }
        self.insert_deliveries(&deliveries, at, Clock::system_time())
            .await
    }

    /// Writes an event for one endpoint only, whatever kinds that wants.
    pub async fn emit_event_to(
        &self,
        endpoint: WebhookEndpointId,
        event: &NewEvent,
        at: Timestamp,
    ) -> Result<EventId, Error> {
        let ids = self.insert_events(std::slice::from_ref(event), at).await?;
        let id = ids.first().copied().ok_or(Error::Corrupt("event"))?;
        self.insert_deliveries(
            &[NewDelivery::of_event(endpoint, id)],
            at,
            Clock::system_time(),
        )
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
                .map(|(id, it)| to_row(**id, it, at))
                .collect::<Result<Vec<_>, _>>()?;
            let query = self
                .query(
                    "INSERT INTO events (tenant_id, id, kind, subject, data, created_at)
                     VALUES :rows",
                )
                .bind_tenant_rows("rows", rows);
            self.execute(query).await?;
        }
        Ok(ids)
    }
}

fn to_row(id: EventId, event: &NewEvent, at: Timestamp) -> Result<[Value; 5], Error> {
    Ok([
        id.uuid().into(),
        event.kind.as_str().into(),
        event.subject.as_str().into(),
        to_json(&event.data)?.into(),
        to_micros(at).into(),
    ])
}
