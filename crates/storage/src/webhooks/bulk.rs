//! Events about several assets, for endpoints that receive changes of assets in bulk.
//!
//! The rule: changes are added to an event only while it is not yet due, and its row in `due` and its own are locked
//! meanwhile: PostgreSQL reads a row again only if the locked row itself was changed since. A transaction that finds them
//! locked begins another event, so that none waits for another.

use chrono::Duration;
use regrant_domain::{
    Clock, EventId, EventKind, Timestamp, WebhookEndpointId, webhook::BulkChanges,
};

use crate::{
    DueKind, Error, NewEvent, TenantTx,
    sql::{Row, decode_row, to_json, to_micros},
    webhooks::delivery::NewDelivery,
};

/// For how long an event takes up changes before it is sent.
const COLLECT_FOR: Duration = Duration::seconds(2);

impl TenantTx {
    /// Adds changes to the event that the endpoint will receive next; begins further events as those before are full.
    pub(crate) async fn emit_in_bulk(
        &self,
        endpoint: WebhookEndpointId,
        changes: &[(EventId, &NewEvent)],
        at: Timestamp,
    ) -> Result<(), Error> {
        let Some((first, _)) = changes.first() else {
            return Ok(());
        };
        let now = Clock::system_time();
        let open = self.find_open_bulk(endpoint, now).await?;
        let (mut id, mut bulk) = match open {
            Some((id, bulk)) => (Some(id), bulk),
            None => (None, BulkChanges::since(*first)),
        };
        for (event, change) in changes {
            if bulk.add_change(*event, change.kind, &change.subject) {
                continue;
            }
            self.write_bulk(endpoint, id.take(), &bulk, at, now).await?;
            bulk = BulkChanges::since(*event);
            let _fits = bulk.add_change(*event, change.kind, &change.subject);
        }
        self.write_bulk(endpoint, id, &bulk, at, now).await
    }

    /// The event that still takes up changes, locked until this transaction ends. One that does not decode takes up none.
    async fn find_open_bulk(
        &self,
        endpoint: WebhookEndpointId,
        now: Timestamp,
    ) -> Result<Option<(EventId, BulkChanges)>, Error> {
        let query = self
            .query(
                "SELECT e.id, e.data FROM due d
                 JOIN deliveries l ON l.tenant_id = d.tenant_id AND l.id = d.object_id
                 JOIN events e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
                 WHERE d.tenant_id = :tenant AND d.share = :endpoint AND d.kind = :due
                     AND d.owner IS NULL AND d.due_at > :now AND d.due_at <= :until
                     AND l.attempts = 0 AND e.kind = :kind
                 ORDER BY d.due_at DESC LIMIT 1 {for_d_and_e_skip_locked}",
            )
            .bind("endpoint", endpoint.uuid())
            .bind("due", DueKind::Delivery.as_str())
            .bind("now", to_micros(now))
            .bind("until", to_micros(now + COLLECT_FOR))
            .bind("kind", EventKind::AssetsChanged.as_str());
        let row = self.fetch_one(query).await?;
        let decode = |row: &Row| Ok((EventId::from_uuid(row.get("id")?), row.json("data")?));
        Ok(row.and_then(|it| decode_row("events", &it, decode)))
    }

    async fn write_bulk(
        &self,
        endpoint: WebhookEndpointId,
        open: Option<EventId>,
        bulk: &BulkChanges,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        if let Some(id) = open {
            let query = self
                .query("UPDATE events SET data = :data WHERE tenant_id = :tenant AND id = :id")
                .bind("data", to_json(bulk)?)
                .bind("id", id.uuid());
            return self.execute_exactly(1, query).await;
        }
        let event = NewEvent {
            kind: EventKind::AssetsChanged,
            subject: endpoint.to_string(),
            data: serde_json::to_value(bulk).map_err(|_| Error::Corrupt("event"))?,
        };
        let id = self.insert_event(&event, at).await?;
        let delivery = NewDelivery::of_event(endpoint, id);
        self.insert_deliveries(&[delivery], at, now + COLLECT_FOR)
            .await
    }
}
