//! Replaying events: sending one again, or all that failed since a moment.
//!
//! The rule: lock the endpoint first, in the same transaction; else two replays of one event insert its delivery twice. A
//! replay starts with the first attempt, whether or not one is under way.

use regrant_domain::{DeliveryId, EventId, Timestamp, WebhookEndpointId};
use uuid::Uuid;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, to_micros},
    webhooks::delivery::NewDelivery,
};

impl TenantTx {
    /// Sends one event to an endpoint again, or for the first time.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such event.
    pub async fn requeue_event_to(
        &self,
        endpoint: WebhookEndpointId,
        event: EventId,
        wall: Timestamp,
    ) -> Result<(), Error> {
        // FOR KEY SHARE: purging the event concurrently must not fail the insert of its delivery.
        let query = self
            .query(
                "SELECT created_at FROM events WHERE tenant_id = :tenant AND id = :event
                 {for_key_share}",
            )
            .bind("event", event.uuid());
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        let created_at = row.time("created_at")?;
        let query = self
            .query(
                "SELECT id FROM deliveries
                 WHERE tenant_id = :tenant AND endpoint_id = :endpoint AND event_id = :event",
            )
            .bind("endpoint", endpoint.uuid())
            .bind("event", event.uuid());
        match self.fetch_one(query).await? {
            Some(row) => {
                self.requeue_deliveries(endpoint, &[row.get("id")?], wall)
                    .await
            }
            None => {
                self.insert_deliveries(&[NewDelivery::of_event(endpoint, event)], created_at, wall)
                    .await
            }
        }
    }

    /// Sends again the failed deliveries of events since `since`, the oldest first and at most `most`;
    /// returns how many.
    pub async fn replay_failed(
        &self,
        endpoint: WebhookEndpointId,
        since: Timestamp,
        most: u32,
        wall: Timestamp,
    ) -> Result<usize, Error> {
        let query = self
            .query(
                "SELECT id FROM deliveries
                 WHERE tenant_id = :tenant AND status = 'failed' AND endpoint_id = :endpoint
                     AND created_at >= :since
                 ORDER BY id LIMIT :most",
            )
            .bind("endpoint", endpoint.uuid())
            .bind("since", to_micros(since))
            .bind("most", i64::from(most));
        let rows = self.fetch_all(query).await?;
        let ids: Vec<Uuid> = rows
            .iter()
            .map(|row| row.get("id"))
            .collect::<Result<_, _>>()?;
        self.requeue_deliveries(endpoint, &ids, wall).await?;
        Ok(ids.len())
    }

    /// Makes deliveries pending again, without attempts.
    async fn requeue_deliveries(
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
                    "UPDATE deliveries SET status = 'pending', attempts = 0, finished_at = NULL,
                         next_at = :wall
                     WHERE tenant_id = :tenant AND id IN :ids",
                )
                .bind("wall", to_micros(wall))
                .bind_list("ids", chunk.iter().copied());
            self.execute(query).await?;
        }
        Ok(())
    }
}
