//! Settles attempts to deliver, many in one statement.
//!
//! The rule: call [`TenantTx::hold_leases`] first, in the same transaction, and settle only what still holds.

use regrant_domain::{Timestamp, webhook::DeliveryStatus};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    DueKind, Error, Lease, TenantTx,
    sql::{CHUNK, maybe_micros, to_micros},
};

/// What an attempt makes of a delivery.
#[derive(Debug, Clone)]
pub struct SettledDelivery {
    /// The lease under which it was attempted.
    pub lease: Lease,
    /// When it is tried again; `None` if it ends.
    pub next_at: Option<Timestamp>,
    /// Whether the receiver accepted it.
    pub is_delivered: bool,
    /// How many attempts there were with this one.
    pub attempts: u32,
    /// The HTTP status of the response.
    pub response_status: Option<u16>,
    /// Why it failed, as one of our own texts.
    pub error: Option<String>,
}

impl SettledDelivery {
    const fn status(&self) -> DeliveryStatus {
        match (self.next_at, self.is_delivered) {
            (Some(_), _) => DeliveryStatus::Pending,
            (None, true) => DeliveryStatus::Delivered,
            (None, false) => DeliveryStatus::Failed,
        }
    }
}

impl TenantTx {
    /// Ends deliveries, or gives back their leases until they are tried again.
    ///
    /// # Errors
    /// [`Error::Stale`]: one is gone.
    pub async fn settle_deliveries(
        &self,
        settled: &[SettledDelivery],
        wall: Timestamp,
    ) -> Result<(), Error> {
        for chunk in settled.chunks(CHUNK) {
            let ended = chunk.iter().filter(|it| it.next_at.is_none());
            self.delete_delivery_dues(ended.map(|it| it.lease.object).collect())
                .await?;
            let retried = chunk.iter().filter_map(|it| {
                let next_at = it.next_at?;
                Some([it.lease.object.into(), to_micros(next_at).into()])
            });
            self.reschedule_deliveries(retried.collect()).await?;
            let rows = chunk.iter().map(|it| to_row(it, wall));
            let query = self
                .query(
                    "WITH settled (id, status, attempts, response_status, error, next_at, finished_at)
                         AS (VALUES :rows)
                     UPDATE deliveries SET status = s.status, attempts = s.attempts,
                         response_status = s.response_status, error = s.error, next_at = s.next_at,
                         finished_at = s.finished_at
                     FROM settled s
                     WHERE deliveries.tenant_id = :tenant AND deliveries.id = s.id",
                )
                .bind_rows("rows", rows);
            self.execute_exactly(chunk.len(), query).await?;
        }
        Ok(())
    }

    /// Settles deliveries that could not be read, as far as the leases hold. The due work of those that are gone is deleted.
    /// The others do not decode, perhaps because a newer release wrote them: they are due again at `again_at`.
    pub async fn settle_unread_deliveries(
        &self,
        leases: Vec<Lease>,
        again_at: Timestamp,
    ) -> Result<(), Error> {
        let held = self.hold_leases(leases).await?;
        for chunk in held.chunks(CHUNK) {
            self.delete_orphaned_dues(chunk.iter().map(|it| it.object).collect())
                .await?;
            let again = |it: &Lease| [it.object.into(), to_micros(again_at).into()];
            self.reschedule_deliveries(chunk.iter().map(again).collect())
                .await?;
        }
        Ok(())
    }

    async fn delete_orphaned_dues(&self, deliveries: Vec<Uuid>) -> Result<(), Error> {
        let query = self
            .query(
                "DELETE FROM due
                 WHERE tenant_id = :tenant AND kind = :kind AND object_id IN :deliveries
                     AND NOT EXISTS (SELECT 1 FROM deliveries l
                         WHERE l.tenant_id = :tenant AND l.id = due.object_id)",
            )
            .bind("kind", DueKind::Delivery.as_str())
            .bind_list("deliveries", deliveries);
        self.execute(query).await.map(drop)
    }

    async fn delete_delivery_dues(&self, deliveries: Vec<Uuid>) -> Result<(), Error> {
        if deliveries.is_empty() {
            return Ok(());
        }
        let query = self
            .query(
                "DELETE FROM due
                 WHERE tenant_id = :tenant AND kind = :kind AND object_id IN :deliveries",
            )
            .bind("kind", DueKind::Delivery.as_str())
            .bind_list("deliveries", deliveries);
        self.execute(query).await.map(drop)
    }

    async fn reschedule_deliveries(&self, rows: Vec<[Value; 2]>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let query = self
            .query(
                "WITH retried (id, due_at) AS (VALUES :rows)
                 UPDATE due SET owner = NULL, leased_until = NULL, failures = 0, due_at = r.due_at
                 FROM retried r
                 WHERE due.tenant_id = :tenant AND due.kind = :kind AND due.object_id = r.id",
            )
            .bind("kind", DueKind::Delivery.as_str())
            .bind_rows("rows", rows);
        self.execute(query).await.map(drop)
    }
}

fn to_row(settled: &SettledDelivery, wall: Timestamp) -> [Value; 7] {
    let finished_at = settled.next_at.is_none().then_some(wall);
    [
        settled.lease.object.into(),
        settled.status().as_str().into(),
        i64::from(settled.attempts).into(),
        settled.response_status.map(i64::from).into(),
        settled.error.clone().into(),
        maybe_micros(settled.next_at).into(),
        maybe_micros(finished_at).into(),
    ]
}
