//! Deliveries: one row for each event and each endpoint that wants it.
//!
//! The rule: a delivery is pending exactly if it has a row in `due`. Both change in one transaction, the
//! row in `due` first. All times but `created_at` are the system's. `attempt.rs` settles attempts.

use regrant_domain::{
    Delivery, DeliveryId, EventId, Timestamp, WebhookEndpointId, webhook::DeliveryStatus,
};
use sea_orm::Value;

use crate::{
    DueKind, Error, ListedRows, TenantTx,
    sql::{CHUNK, Row, decode_rows, to_micros},
};

/// A delivery to insert.
pub(crate) struct NewDelivery {
    id: DeliveryId,
    endpoint: WebhookEndpointId,
    event: EventId,
}

impl NewDelivery {
    pub(crate) fn of_event(endpoint: WebhookEndpointId, event: EventId) -> Self {
        Self {
            id: DeliveryId::mint(),
            endpoint,
            event,
        }
    }

    pub(crate) const fn event(&self) -> EventId {
        self.event
    }
}

/// A delivery with the data to send.
#[derive(Debug, Clone)]
pub struct DueDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// The `data` of the event, JSON.
    pub data: serde_json::Value,
}

/// Which deliveries of an endpoint to list.
#[derive(Debug, Clone)]
pub struct DeliveryFilter {
    /// With one of these statuses; empty for all.
    pub statuses: Vec<DeliveryStatus>,
    /// Older than this delivery.
    pub after: Option<DeliveryId>,
    /// The maximum number of deliveries.
    pub limit: u32,
}

const SELECT: &str = "
    SELECT d.id, d.endpoint_id, d.event_id, e.kind, d.status, d.attempts, d.response_status,
        d.error, d.created_at, d.next_at, d.finished_at, e.data
    FROM deliveries d JOIN events e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
    WHERE d.tenant_id = :tenant";

impl TenantTx {
    /// Inserts deliveries; they are due at `wall`.
    pub(crate) async fn insert_deliveries(
        &self,
        new: &[NewDelivery],
        at: Timestamp,
        wall: Timestamp,
    ) -> Result<(), Error> {
        for chunk in new.chunks(CHUNK) {
            let dues: Vec<_> = chunk.iter().map(|it| (it.id, it.endpoint)).collect();
            self.insert_delivery_dues(&dues, wall).await?;
            let rows = chunk.iter().map(|it| -> [Value; 7] {
                [
                    it.id.uuid().into(),
                    it.endpoint.uuid().into(),
                    it.event.uuid().into(),
                    DeliveryStatus::Pending.as_str().into(),
                    0_i64.into(),
                    to_micros(at).into(),
                    to_micros(wall).into(),
                ]
            });
            let query = self
                .query(
                    "INSERT INTO deliveries (tenant_id, id, endpoint_id, event_id, status, attempts,
                         created_at, next_at)
                     VALUES :rows",
                )
                .bind_tenant_rows("rows", rows);
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Makes deliveries due at `wall`. This ends their leases, so that an attempt that began before settles nothing.
    pub(crate) async fn insert_delivery_dues(
        &self,
        dues: &[(DeliveryId, WebhookEndpointId)],
        wall: Timestamp,
    ) -> Result<(), Error> {
        let rows = dues.iter().map(|(id, endpoint)| -> [Value; 4] {
            [
                DueKind::Delivery.as_str().into(),
                id.uuid().into(),
                to_micros(wall).into(),
                endpoint.uuid().into(),
            ]
        });
        let query = self
            .query(
                "INSERT INTO due (tenant_id, kind, object_id, due_at, share) VALUES :rows
                 ON CONFLICT (tenant_id, kind, object_id) DO UPDATE
                     SET due_at = excluded.due_at, owner = NULL, leased_until = NULL, failures = 0",
            )
            .bind_tenant_rows("rows", rows);
        self.execute(query).await.map(drop)
    }

    /// Those of the deliveries that exist and decode, with the data to send, in any order.
    pub async fn find_deliveries(&self, ids: &[DeliveryId]) -> Result<Vec<DueDelivery>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query("{select} AND d.id IN :ids")
                .fill("select", SELECT)
                .bind_list("ids", chunk.iter().map(|it| it.uuid()));
            let rows = self.fetch_all(query).await?;
            let decode = |row: &Row| {
                Ok(DueDelivery {
                    delivery: delivery_from_row(row)?,
                    data: row.json("data")?,
                })
            };
            found.extend(decode_rows("deliveries", &rows, decode));
        }
        Ok(found)
    }

    /// The deliveries to an endpoint, the newest first.
    pub async fn list_deliveries(
        &self,
        endpoint: WebhookEndpointId,
        filter: &DeliveryFilter,
    ) -> Result<ListedRows<Delivery>, Error> {
        let query = self
            .query(
                "{select} AND d.endpoint_id = :endpoint [AND d.status IN :statuses] [AND d.id < :after]
                 ORDER BY d.id DESC LIMIT :limit",
            )
            .fill("select", SELECT)
            .bind("endpoint", endpoint.uuid())
            .bind_optional_list("statuses", filter.statuses.iter().map(|it| it.as_str()))
            .bind_optional("after", filter.after.map(DeliveryId::uuid))
            .bind("limit", i64::from(filter.limit));
        self.fetch_listed("deliveries", query, delivery_from_row)
            .await
    }
}

fn delivery_from_row(row: &Row) -> Result<Delivery, Error> {
    let response: Option<i64> = row.get("response_status")?;
    Ok(Delivery {
        id: DeliveryId::from_uuid(row.get("id")?),
        endpoint_id: WebhookEndpointId::from_uuid(row.get("endpoint_id")?),
        event_id: EventId::from_uuid(row.get("event_id")?),
        kind: row.parse("kind")?,
        status: row.parse("status")?,
        attempts: row.unsigned("attempts")?,
        response_status: response.and_then(|it| u16::try_from(it).ok()),
        error: row.get("error")?,
        created_at: row.time("created_at")?,
        next_at: row.maybe_time("next_at")?,
        finished_at: row.maybe_time("finished_at")?,
    })
}
