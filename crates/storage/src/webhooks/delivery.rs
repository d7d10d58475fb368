//! Deliveries: each event on its way to each endpoint that wants it.
//!
//! The rule: a pending delivery has a row in the work list and no other has one; both change in one
//! transaction, the row in the work list first. Times here are the system's, but for `created_at`.

use regrant_domain::{
    DeliveryId, EventId, EventKind, Timestamp, WebhookEndpointId, webhook::DeliveryStatus,
};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    DueKind, Error, Lease, TenantTx,
    sql::{CHUNK, Query, Row, time},
};

/// A delivery to put on its way.
pub(crate) struct NewDelivery {
    id: DeliveryId,
    endpoint: WebhookEndpointId,
    event: EventId,
}

impl NewDelivery {
    pub(crate) fn of(endpoint: WebhookEndpointId, event: EventId) -> Self {
        Self {
            id: DeliveryId::mint(),
            endpoint,
            event,
        }
    }
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// To where.
    pub endpoint_id: WebhookEndpointId,
    /// What.
    pub event_id: EventId,
    /// The kind of the event.
    pub kind: EventKind,
    /// How it stands.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// The status the consumer answered last.
    pub response_status: Option<u16>,
    /// What went wrong last.
    pub error: Option<String>,
    /// When the event was written.
    pub created_at: Timestamp,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A delivery with what is sent.
#[derive(Debug, Clone)]
pub struct DueDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// The `data` of the event, JSON.
    pub data: serde_json::Value,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// How many attempts there were with this one.
    pub attempts: u32,
    /// The status the consumer answered.
    pub response_status: Option<u16>,
    /// What went wrong, in words of ours.
    pub error: Option<&'a str>,
}

/// Which deliveries of an endpoint to list.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryFilter {
    /// Only these.
    pub status: Option<DeliveryStatus>,
    /// Only older ones than this.
    pub after: Option<DeliveryId>,
    /// How many.
    pub limit: u32,
}

const SELECT: &str = "SELECT d.id, d.endpoint_id, d.event_id, e.kind, d.status, d.attempts, d.response_status,
    d.error, d.created_at, d.next_at, d.finished_at, e.data
    FROM deliveries d JOIN events e ON e.tenant_id = d.tenant_id AND e.id = d.event_id WHERE d.tenant_id = $1";

impl TenantTx {
    /// Puts deliveries on their way; they are due at `wall`.
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
                    time(at).into(),
                    time(wall).into(),
                ]
            });
            let query = self
                .query(
                    "INSERT INTO deliveries (tenant_id, id, endpoint_id, event_id, status, attempts, created_at,
                     next_at)",
                )
                .tenant_rows(rows);
            self.run(query).await?;
        }
        Ok(())
    }

    /// Makes deliveries due; whoever holds one keeps it.
    async fn insert_delivery_dues(
        &self,
        dues: &[(DeliveryId, WebhookEndpointId)],
        wall: Timestamp,
    ) -> Result<(), Error> {
        let rows = dues.iter().map(|(id, endpoint)| -> [Value; 4] {
            [
                DueKind::Delivery.as_str().into(),
                id.uuid().into(),
                time(wall).into(),
                endpoint.uuid().into(),
            ]
        });
        let query = self
            .query("INSERT INTO due (tenant_id, kind, object_id, due_at, share)")
            .tenant_rows(rows)
            .sql(
                " ON CONFLICT (tenant_id, kind, object_id) DO UPDATE SET due_at = excluded.due_at",
            );
        self.run(query).await.map(drop)
    }

    /// Those of the deliveries that exist, with what is sent, in any order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn deliveries(&self, ids: &[DeliveryId]) -> Result<Vec<DueDelivery>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(SELECT)
                .sql(" AND d.id IN ")
                .list(chunk.iter().map(|it| it.uuid()));
            for row in self.all(query).await? {
                found.push(DueDelivery {
                    delivery: read(&row)?,
                    data: row.json("data")?,
                });
            }
        }
        Ok(found)
    }

    /// Deliveries to an endpoint, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_deliveries(
        &self,
        endpoint: WebhookEndpointId,
        filter: DeliveryFilter,
    ) -> Result<Vec<Delivery>, Error> {
        let mut query = self
            .query(SELECT)
            .sql(" AND d.endpoint_id = ")
            .bind(endpoint.uuid());
        if let Some(status) = filter.status {
            query = query.sql(" AND d.status = ").bind(status.as_str());
        }
        if let Some(after) = filter.after {
            query = query.sql(" AND d.id < ").bind(after.uuid());
        }
        let query = query
            .sql(" ORDER BY d.id DESC LIMIT ")
            .bind(i64::from(filter.limit));
        self.all(query).await?.iter().map(read).collect()
    }

    /// Ends a delivery for good.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone.
    pub async fn finish_delivery(
        &self,
        lease: &Lease,
        status: DeliveryStatus,
        attempt: Attempt<'_>,
        wall: Timestamp,
    ) -> Result<(), Error> {
        self.delete_due(DueKind::Delivery, lease.object).await?;
        let query = self
            .query("UPDATE deliveries SET next_at = NULL, finished_at = ")
            .bind(time(wall))
            .sql(", status = ")
            .bind(status.as_str());
        self.run_exactly(1, noted(query, attempt, lease.object))
            .await
    }

    /// Gives a delivery back; it is tried again at `next`.
    ///
    /// # Errors
    /// [`Error::Stale`]: somebody else claimed it, or it is gone.
    pub async fn retry_delivery(
        &self,
        lease: &Lease,
        attempt: Attempt<'_>,
        next: Timestamp,
    ) -> Result<(), Error> {
        self.reschedule(lease, next).await?;
        let query = self
            .query("UPDATE deliveries SET next_at = ")
            .bind(time(next));
        self.run_exactly(1, noted(query, attempt, lease.object))
            .await
    }

    /// Takes what is no delivery any more off the work list.
    ///
    /// # Errors
    /// [`Error::Stale`]: somebody else claimed it.
    pub async fn forget_due(&self, lease: &Lease) -> Result<(), Error> {
        self.hold(lease).await?;
        self.delete_due(lease.kind, lease.object).await
    }

    /// Sends one event to an endpoint again, or for the first time.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such event.
    pub async fn replay_event(
        &self,
        endpoint: WebhookEndpointId,
        event: EventId,
        wall: Timestamp,
    ) -> Result<(), Error> {
        let query = self
            .query("SELECT created_at FROM events WHERE tenant_id = $1 AND id = ")
            .bind(event.uuid());
        let created_at = self
            .one(query)
            .await?
            .ok_or(Error::NotFound)?
            .time("created_at")?;
        let query = self
            .query("SELECT id FROM deliveries WHERE tenant_id = $1 AND endpoint_id = ")
            .bind(endpoint.uuid())
            .sql(" AND event_id = ")
            .bind(event.uuid());
        match self.one(query).await? {
            Some(row) => self.resend(endpoint, &[row.get("id")?], wall).await,
            None => {
                self.insert_deliveries(&[NewDelivery::of(endpoint, event)], created_at, wall)
                    .await
            }
        }
    }

    /// Sends again what failed of the events since then, the oldest first and `most` at once; tells how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn replay_failed(
        &self,
        endpoint: WebhookEndpointId,
        since: Timestamp,
        most: u32,
        wall: Timestamp,
    ) -> Result<usize, Error> {
        let query = self
            .query("SELECT id FROM deliveries WHERE tenant_id = $1 AND status = 'failed' AND endpoint_id = ")
            .bind(endpoint.uuid())
            .sql(" AND created_at >= ")
            .bind(time(since))
            .sql(" ORDER BY id LIMIT ")
            .bind(i64::from(most));
        let ids: Vec<Uuid> = self
            .all(query)
            .await?
            .iter()
            .map(|row| row.get("id"))
            .collect::<Result<_, _>>()?;
        self.resend(endpoint, &ids, wall).await?;
        Ok(ids.len())
    }

    /// Begins deliveries anew.
    async fn resend(
        &self,
        endpoint: WebhookEndpointId,
        ids: &[Uuid],
        wall: Timestamp,
    ) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let dues: Vec<_> = chunk
                .iter()
                .map(|id| (DeliveryId::from_uuid(*id), endpoint))
                .collect();
            self.insert_delivery_dues(&dues, wall).await?;
            let query = self
                .query(
                    "UPDATE deliveries SET status = 'pending', attempts = 0, finished_at = NULL, next_at = ",
                )
                .bind(time(wall))
                .sql(" WHERE tenant_id = $1 AND id IN ")
                .list(chunk.iter().copied());
            self.run(query).await?;
        }
        Ok(())
    }
}

/// Appends what an attempt came to, and of which delivery.
fn noted(query: Query, attempt: Attempt<'_>, id: Uuid) -> Query {
    query
        .sql(", attempts = ")
        .bind(i64::from(attempt.attempts))
        .sql(", response_status = ")
        .bind(attempt.response_status.map(i64::from))
        .sql(", error = ")
        .bind(attempt.error.map(ToOwned::to_owned))
        .sql(" WHERE tenant_id = $1 AND id = ")
        .bind(id)
}

fn read(row: &Row) -> Result<Delivery, Error> {
    let response: Option<i64> = row.get("response_status")?;
    Ok(Delivery {
        id: DeliveryId::from_uuid(row.get("id")?),
        endpoint_id: WebhookEndpointId::from_uuid(row.get("endpoint_id")?),
        event_id: EventId::from_uuid(row.get("event_id")?),
        kind: row.parsed("kind")?,
        status: row.parsed("status")?,
        attempts: row.unsigned("attempts")?,
        response_status: response.and_then(|it| u16::try_from(it).ok()),
        error: row.get("error")?,
        created_at: row.time("created_at")?,
        next_at: row.maybe_time("next_at")?,
        finished_at: row.maybe_time("finished_at")?,
    })
}
