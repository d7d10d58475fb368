//! Lists an endpoint's deliveries, replays them, and sends test events.
//!
//! The rule: only an enabled endpoint gets a replay or a test; each is audited in its transaction. Replays to one endpoint
//! wait for each other, and for a change of it.
//! Start at [`Vault::replay_webhooks`].

use regrant_domain::{
    Clock, DeliveryId, EventId, EventKind, Timestamp, WebhookEndpointId,
    webhook::{DeliveryStatus, EndpointStatus},
};
use regrant_storage::{AuditEvent, Delivery, DeliveryFilter, NewEvent, TenantTx};
use serde_json::json;

use crate::{
    Conflict, Error, Principal, RepeatableRequest, Resource, Vault,
    call::idempotency::IdempotentCall,
    call::page::{Page, query_limit},
};

/// How many failed deliveries one request replays.
const MAX_REPLAYED: u32 = 10_000;

/// Which deliveries to replay.
#[derive(Debug, Clone, Copy)]
pub enum ReplaySelection {
    /// One event, whether or not it was delivered, even if it was never addressed to this endpoint.
    Event(EventId),
    /// All failed deliveries of events since this time.
    FailedSince(Timestamp),
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct DeliveryQuery {
    /// Only deliveries with one of these statuses; empty for all.
    pub statuses: Vec<DeliveryStatus>,
    /// Only deliveries older than this one.
    pub after: Option<DeliveryId>,
}

/// One page of deliveries, newest first.
pub struct DeliveryList {
    /// The deliveries.
    pub data: Vec<Delivery>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<DeliveryId>,
}

impl Vault {
    /// Sends a test event to one endpoint, whatever its filter. Returns the event's id.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`; `Conflict(EndpointDisabled)`.
    pub async fn test_webhook_endpoint(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<EventId, Error> {
        caller.require_whole_tenant()?;
        let test =
            async |once: Option<&IdempotentCall>| self.emit_test_event(caller, id, once).await;
        Ok(self
            .run_idempotent(&caller.scope, caller.caller_id(), repeatable, test)
            .await?
            .value)
    }

    async fn emit_test_event(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        once: Option<&IdempotentCall>,
    ) -> Result<EventId, Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        lock_enabled(&tx, id).await?;
        let data = json!({ "endpoint_id": id });
        let event = NewEvent {
            kind: EventKind::WebhookTest,
            subject: id.to_string(),
            data,
        };
        let event = tx.emit_event_to(id, &event, now).await?;
        let detail = json!({ "event_id": event });
        tx.write_audit_events(
            &[AuditEvent::new(
                caller.audit_name(),
                "webhook_endpoint.tested",
                id,
                detail,
            )],
            now,
        )
        .await?;
        if let Some(once) = once {
            once.store_result(&tx, &event, None, now).await?;
        }
        tx.commit().await?;
        Ok(event)
    }

    /// Replays events to an endpoint, starting again with the first attempt. Returns the number of deliveries.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound` for the endpoint or the event; `Conflict(EndpointDisabled)`.
    pub async fn replay_webhooks(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        selection: ReplaySelection,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<usize, Error> {
        caller.require_whole_tenant()?;
        let replay = async |once: Option<&IdempotentCall>| {
            self.replay_selection(caller, id, selection, once).await
        };
        Ok(self
            .run_idempotent(&caller.scope, caller.caller_id(), repeatable, replay)
            .await?
            .value)
    }

    async fn replay_selection(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        selection: ReplaySelection,
        once: Option<&IdempotentCall>,
    ) -> Result<usize, Error> {
        let now = self.clock.now();
        let system_time = Clock::system_time();
        let tx = self.store.begin(&caller.scope).await?;
        lock_enabled(&tx, id).await?;
        let n = match selection {
            ReplaySelection::Event(event) => {
                tx.requeue_event_to(id, event, system_time)
                    .await
                    .map_err(Error::not_found_as(Resource::Event))?;
                1
            }
            ReplaySelection::FailedSince(since) => {
                tx.replay_failed(id, since, MAX_REPLAYED, system_time)
                    .await?
            }
        };
        let replayed = AuditEvent::new(
            caller.audit_name(),
            "webhook_endpoint.replayed",
            id,
            json!({ "deliveries": n }),
        );
        tx.write_audit_events(&[replayed], now).await?;
        if let Some(once) = once {
            once.store_result(&tx, &n, None, now).await?;
        }
        tx.commit().await?;
        Ok(n)
    }

    /// Lists the deliveries to an endpoint, newest first.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`.
    pub async fn list_deliveries(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        query: DeliveryQuery,
        limit: u32,
    ) -> Result<DeliveryList, Error> {
        caller.require_whole_tenant()?;
        let tx = self.store.begin_read(&caller.scope).await?;
        tx.find_webhook_endpoint(id)
            .await
            .map_err(Error::not_found_as(Resource::WebhookEndpoint))?;
        let filter = DeliveryFilter {
            statuses: query.statuses,
            after: query.after,
            limit: query_limit(limit),
        };
        let rows = tx.list_deliveries(id, &filter).await?;
        tx.commit().await?;
        let Page { data, next } = Page::cut(rows, limit, |it| it.id)?;
        Ok(DeliveryList { data, next })
    }
}

/// Locks an endpoint that must be enabled.
async fn lock_enabled(tx: &TenantTx, id: WebhookEndpointId) -> Result<(), Error> {
    let endpoint = tx
        .lock_webhook_endpoint(id)
        .await
        .map_err(Error::not_found_as(Resource::WebhookEndpoint))?;
    match endpoint.status {
        EndpointStatus::Enabled => Ok(()),
        EndpointStatus::Disabled => Err(Error::Conflict(Conflict::EndpointDisabled)),
    }
}
