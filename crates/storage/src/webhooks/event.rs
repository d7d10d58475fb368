//! Events to tenants (outbox): written in the transaction of the change that they report.
//!
//! The rule: an event and its change are committed together, and its deliveries with them; another
//! transaction delivers. Deliveries are due by the system's time. Events are written whether or not an endpoint wants
//! them: tenants read them, too.

use regrant_domain::{Clock, EventId, EventKind, Timestamp, WebhookEndpointId};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, ListedRows, Store, TenantTx,
    sql::{CHUNK, Query, Row, to_json, to_micros},
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

/// An event that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The id.
    pub id: EventId,
    /// The kind.
    pub kind: EventKind,
    /// The `data` of the webhook.
    pub data: serde_json::Value,
    /// When it happened.
    pub created_at: Timestamp,
}

/// Which events to list, in the order in which they were written.
#[derive(Debug, Clone)]
pub struct EventRange {
    /// Written after this event.
    pub after: Option<EventId>,
    /// Of one of these kinds; empty leaves out the kinds that are for one endpoint alone.
    pub kinds: Vec<EventKind>,
    /// Written before this moment of the system's time.
    pub until: Timestamp,
    /// The maximum number of events.
    pub limit: u32,
}

impl Store {
    /// When the oldest of the transactions began that have written something and still run; `None` if there is none. Not
    /// within a transaction, whose snapshot could be older than the answer. On SQLite one transaction writes at a time, so
    /// that events are committed in the order of their ids.
    pub async fn find_oldest_write(&self) -> Result<Option<Timestamp>, Error> {
        if self.is_sqlite() {
            return Ok(None);
        }
        let query = Query::new(
            "SELECT (extract(epoch FROM min(xact_start)) * 1000000)::bigint AS began_at
             FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL",
        );
        let row = self.health.note(query.fetch_one(&self.connection).await)?;
        row.map_or(Ok(None), |it| it.maybe_time("began_at"))
    }
}

impl TenantTx {
    /// Writes events in their order, with a delivery of each to every endpoint that wants its kind.
    pub async fn emit_events(&self, events: &[NewEvent], at: Timestamp) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let ids = self.insert_events(events, at).await?;
        let events: Vec<_> = ids.into_iter().zip(events).collect();
        let mut deliveries = Vec::new();
        for endpoint in self.list_enabled_endpoints().await? {
            let alone = events
                .iter()
                .filter(|(_, it)| endpoint.takes_alone(it.kind));
            deliveries.extend(alone.map(|(event, _)| NewDelivery::of_event(endpoint.id, *event)));
            let is_in_bulk = |(_, it): &&(EventId, &NewEvent)| endpoint.takes_in_bulk(it.kind);
            let in_bulk: Vec<_> = events.iter().filter(is_in_bulk).copied().collect();
            self.emit_in_bulk(endpoint.id, &in_bulk, at).await?;
        }
        // In the order of the events, so that an endpoint receives them about in this order.
        deliveries.sort_by_key(NewDelivery::event);
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
        let id = self.insert_event(event, at).await?;
        self.insert_deliveries(
            &[NewDelivery::of_event(endpoint, id)],
            at,
            Clock::system_time(),
        )
        .await?;
        Ok(id)
    }

    /// The tenant's events, the oldest first.
    pub async fn list_events(&self, range: &EventRange) -> Result<ListedRows<StoredEvent>, Error> {
        let hidden = EventKind::ALL.into_iter();
        let hidden = hidden.filter(|it| range.kinds.is_empty() && it.is_for_one_endpoint());
        let query = self
            .query(
                "SELECT id, kind, data, created_at FROM events
                 WHERE tenant_id = :tenant AND id < :until [AND id > :after] [AND kind IN :kinds]
                     [AND kind NOT IN :hidden]
                 ORDER BY id LIMIT :limit",
            )
            .bind("until", first_id_at(range.until))
            .bind_optional("after", range.after.map(EventId::uuid))
            .bind_optional_list("kinds", range.kinds.iter().map(|it| it.as_str()))
            .bind_optional_list("hidden", hidden.map(EventKind::as_str))
            .bind("limit", i64::from(range.limit));
        self.fetch_listed("events", query, event_from_row).await
    }

    pub(crate) async fn insert_event(
        &self,
        event: &NewEvent,
        at: Timestamp,
    ) -> Result<EventId, Error> {
        let ids = self.insert_events(std::slice::from_ref(event), at).await?;
        ids.first().copied().ok_or(Error::Corrupt("event"))
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

/// The least id of an event that is written at this moment or later: ids are UUIDs of version 7.
fn first_id_at(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(u128::from(millis) << 80)
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

fn event_from_row(row: &Row) -> Result<StoredEvent, Error> {
    Ok(StoredEvent {
        id: EventId::from_uuid(row.get("id")?),
        kind: row.parse("kind")?,
        data: row.json("data")?,
        created_at: row.time("created_at")?,
    })
}
