//! Webhooks on their way: claims what is due, sends it, and writes down what became of it.
//!
//! The rule: claim, send, settle. No transaction is open while something is sent, and whoever settles proves
//! its lease first, so that one who comes late writes nothing. A crash sends twice rather than never: the
//! `webhook-id` is the event's on every attempt.
//! Everything here goes by the system's time, as the consumer's check of the signature does.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use regrant_domain::{
    Clock, DeliveryId, EventKind, Timestamp, WebhookEndpointId, error_chain,
    webhook::{DeliveryStatus, DisabledReason, EndpointStatus, FAILING_FOR, pause_after},
};
use regrant_storage::{
    Attempt, AuditEvent, Delivery, DueDelivery, DueKind, Lease, TenantScope, TenantTx,
    WebhookEndpoint,
};
use regrant_webhook::{Message, Sent, WebhookSecret};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::{Error, Vault, permits::Permit};

/// How long a caller waits for what it started: a slow consumer does not hold up the next round.
const PATIENCE: Duration = Duration::from_secs(1);
/// When something is looked at again that found no place.
const NO_PLACE: chrono::Duration = chrono::Duration::seconds(2);

impl Vault {
    /// Sends webhooks that are due, as many as there are places for; tells how many were taken up.
    ///
    /// A quick consumer has its webhook when this returns; slow ones go on beside.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn deliver_due(&self, limit: u32) -> Result<usize, Error> {
        self.deliver_at(Clock::wall(), limit).await
    }

    pub(super) async fn deliver_at(&self, wall: Timestamp, limit: u32) -> Result<usize, Error> {
        if self.jobs.stop.is_cancelled() {
            return Ok(0);
        }
        let lease_for = self.webhooks.settings().timeout * 2 + self.settings.lease;
        let lease_for = chrono::Duration::from_std(lease_for).map_err(Error::internal)?;
        let limit = limit.min(self.delivery_permits.count_free());
        let claims = self
            .store
            .claim_due(DueKind::Delivery, wall, &self.jobs.owner, lease_for, limit)
            .await?;
        let (n, mut by_tenant) = (claims.len(), BTreeMap::new());
        for claim in claims {
            let (_, leases) = by_tenant
                .entry(claim.scope.tenant())
                .or_insert_with(|| (claim.scope, Vec::new()));
            leases.push(claim.lease);
        }
        let mut sends = Vec::with_capacity(n);
        for (scope, leases) in by_tenant.into_values() {
            match self.outgoing(&scope, leases, wall).await {
                Ok(outgoing) => {
                    sends.extend(
                        outgoing
                            .into_iter()
                            .map(|it| self.spawn_send(&scope, it, wall)),
                    );
                }
                // Their leases end, and they are due again.
                Err(error) => {
                    warn!(tenant.id = %scope.tenant(), error = error_chain(&error), "cannot read webhooks")
                }
            }
        }
        let all = futures_util::future::join_all(sends);
        let _some_go_on = tokio::time::timeout(PATIENCE, all).await;
        Ok(n)
    }

    /// What of the claimed can be sent now; the rest is settled or given back.
    async fn outgoing(
        &self,
        scope: &TenantScope,
        leases: Vec<Lease>,
        wall: Timestamp,
    ) -> Result<Vec<Outgoing>, Error> {
        let ids: Vec<_> = leases
            .iter()
            .map(|it| DeliveryId::from_uuid(it.object))
            .collect();
        let tx = self.store.begin_read(scope).await?;
        let mut due: BTreeMap<_, _> = tx
            .deliveries(&ids)
            .await?
            .into_iter()
            .map(|it| (it.delivery.id.uuid(), it))
            .collect();
        let endpoints = tx.webhook_endpoints().await?;
        tx.commit().await?;
        let targets = self.targets(scope, endpoints, wall).await?;
        let (mut outgoing, mut unsent) = (Vec::new(), Vec::new());
        for lease in leases {
            let due = due.remove(&lease.object);
            let target = due
                .as_ref()
                .and_then(|it| targets.get(&it.delivery.endpoint_id));
            match (due, target) {
                (Some(due), Some(target)) if target.endpoint.status == EndpointStatus::Enabled => {
                    match self
                        .delivery_permits
                        .try_take(target.endpoint.id, self.share_of(&target.endpoint))
                    {
                        Some(permit) => {
                            outgoing.push(Outgoing {
                                lease,
                                due,
                                target: Arc::clone(target),
                                _permit: permit,
                            });
                        }
                        None => unsent.push((lease, Unsent::NoPlace)),
                    }
                }
                (Some(due), Some(_)) => unsent.push((lease, Unsent::Disabled(due.delivery))),
                _ => unsent.push((lease, Unsent::Gone)),
            }
        }
        self.settle_unsent(scope, unsent, wall).await?;
        Ok(outgoing)
    }

    /// How many places an endpoint gets: one that fails gets one.
    fn share_of(&self, endpoint: &WebhookEndpoint) -> usize {
        let fails = endpoint.failing_since.is_some();
        if fails {
            1
        } else {
            self.webhooks.settings().max_per_endpoint.max(1)
        }
    }

    /// The endpoints with their live secrets.
    async fn targets(
        &self,
        scope: &TenantScope,
        endpoints: Vec<WebhookEndpoint>,
        wall: Timestamp,
    ) -> Result<BTreeMap<WebhookEndpointId, Arc<Target>>, Error> {
        let mut targets = BTreeMap::new();
        for endpoint in endpoints {
            let secrets = self.live_secrets(scope, &endpoint, wall).await?;
            targets.insert(endpoint.id, Arc::new(Target { endpoint, secrets }));
        }
        Ok(targets)
    }

    async fn settle_unsent(
        &self,
        scope: &TenantScope,
        unsent: Vec<(Lease, Unsent)>,
        wall: Timestamp,
    ) -> Result<(), Error> {
        if unsent.is_empty() {
            return Ok(());
        }
        let tx = self.store.begin(scope).await?;
        for (lease, why) in unsent {
            match why {
                Unsent::Gone => tx.forget_due(&lease).await?,
                Unsent::NoPlace => tx.reschedule(&lease, wall + NO_PLACE).await?,
                Unsent::Disabled(delivery) => {
                    tx.hold(&lease).await?;
                    let attempt = Attempt {
                        attempts: delivery.attempts,
                        response_status: delivery.response_status,
                        error: Some("the endpoint is disabled"),
                    };
                    tx.finish_delivery(&lease, DeliveryStatus::Failed, attempt, wall)
                        .await?;
                }
            }
        }
        Ok(tx.commit().await?)
    }

    fn spawn_send(
        &self,
        scope: &TenantScope,
        outgoing: Outgoing,
        wall: Timestamp,
    ) -> tokio::task::JoinHandle<()> {
        let (vault, scope) = (self.clone(), scope.clone());
        let send = async move {
            let id = outgoing.due.delivery.id;
            match vault.send_and_settle(&scope, outgoing, wall).await {
                Ok(()) => {}
                Err(Error::Stale) => {
                    warn!(delivery.id = %id, "another process has taken the webhook over");
                }
                Err(error) => {
                    warn!(delivery.id = %id, error = error_chain(&error), "a webhook is not settled; it is sent again");
                }
            }
        };
        self.jobs.tracker.spawn_on(send, &self.jobs.runtime)
    }

    async fn send_and_settle(
        &self,
        scope: &TenantScope,
        outgoing: Outgoing,
        wall: Timestamp,
    ) -> Result<(), Error> {
        let started = Instant::now();
        let (delivery, target) = (&outgoing.due.delivery, &outgoing.target);
        let (id, body) = (delivery.event_id.to_string(), payload(&outgoing.due)?);
        let message = Message {
            id: &id,
            at: wall,
            body: &body,
        };
        let sent = self
            .webhooks
            .send(&target.endpoint.url, &target.secrets, message)
            .await;
        debug!(delivery.id = %delivery.id, endpoint.id = %target.endpoint.id, ?sent, "a webhook was sent");
        self.settle_delivery(scope, &outgoing, sent, wall + started.elapsed())
            .await
    }

    async fn settle_delivery(
        &self,
        scope: &TenantScope,
        outgoing: &Outgoing,
        sent: Sent,
        wall: Timestamp,
    ) -> Result<(), Error> {
        let (lease, endpoint) = (&outgoing.lease, outgoing.target.endpoint.id);
        let tx = self.store.begin(scope).await?;
        tx.hold(lease).await?;
        let (response_status, error) = told(sent);
        let attempts = outgoing.due.delivery.attempts.saturating_add(1);
        let attempt = Attempt {
            attempts,
            response_status,
            error: error.as_deref(),
        };
        match sent {
            Sent::Answered {
                status: 200..=299, ..
            } => {
                tx.finish_delivery(lease, DeliveryStatus::Delivered, attempt, wall)
                    .await?;
                tx.note_failing(endpoint, None).await?;
            }
            Sent::Answered { status: 410, .. } => {
                tx.finish_delivery(lease, DeliveryStatus::Failed, attempt, wall)
                    .await?;
                self.disable(&tx, endpoint, DisabledReason::Gone, wall)
                    .await?;
            }
            Sent::Answered { retry_after, .. } => {
                self.settle_failed(&tx, outgoing, attempt, retry_after, wall)
                    .await?;
            }
            Sent::Failed(_) => {
                self.settle_failed(&tx, outgoing, attempt, None, wall)
                    .await?
            }
        }
        Ok(tx.commit().await?)
    }

    /// Plans the next attempt, unless this was the last one or the endpoint has failed for too long.
    async fn settle_failed(
        &self,
        tx: &TenantTx,
        outgoing: &Outgoing,
        attempt: Attempt<'_>,
        retry_after: Option<Duration>,
        wall: Timestamp,
    ) -> Result<(), Error> {
        let (lease, id) = (&outgoing.lease, outgoing.target.endpoint.id);
        let pause = pause_after(
            attempt.attempts,
            retry_after,
            spread(&outgoing.due.delivery, attempt.attempts),
        );
        match pause {
            Some(pause) => tx.retry_delivery(lease, attempt, wall + pause).await?,
            None => {
                tx.finish_delivery(lease, DeliveryStatus::Failed, attempt, wall)
                    .await?
            }
        }
        tx.note_failing(id, Some(wall)).await?;
        let since = tx.webhook_endpoint(id).await?.failing_since;
        if since.is_some_and(|it| it + FAILING_FOR <= wall) {
            self.disable(tx, id, DisabledReason::Failing, wall).await?;
        }
        Ok(())
    }

    async fn disable(
        &self,
        tx: &TenantTx,
        id: WebhookEndpointId,
        why: DisabledReason,
        wall: Timestamp,
    ) -> Result<(), Error> {
        if tx.disable_webhook_endpoint(id, why, wall).await? {
            warn!(endpoint.id = %id, reason = %why, "a webhook endpoint is disabled");
            let detail = json!({ "reason": why.as_str() });
            let disabled = AuditEvent::new("vault", "webhook_endpoint.disabled", id, detail);
            tx.audit(&[disabled], self.clock.now()).await?;
        }
        Ok(())
    }
}

/// One webhook about to be sent.
struct Outgoing {
    lease: Lease,
    due: DueDelivery,
    target: Arc<Target>,
    _permit: Permit<WebhookEndpointId>,
}

struct Target {
    endpoint: WebhookEndpoint,
    secrets: Vec<WebhookSecret>,
}

/// Why something that was claimed is not sent.
enum Unsent {
    /// The delivery was deleted.
    Gone,
    Disabled(Delivery),
    NoPlace,
}

/// The body of a webhook.
#[derive(Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: EventKind,
    timestamp: Timestamp,
    data: &'a serde_json::Value,
}

/// The bytes that are signed and sent: the same on every attempt.
fn payload(due: &DueDelivery) -> Result<Vec<u8>, Error> {
    let payload = Payload {
        kind: due.delivery.kind,
        timestamp: due.delivery.created_at,
        data: &due.data,
    };
    serde_json::to_vec(&payload).map_err(Error::internal)
}

/// What a tenant is shown of an attempt: a status and words of ours.
fn told(sent: Sent) -> (Option<u16>, Option<String>) {
    match sent {
        Sent::Answered {
            status: status @ 200..=299,
            ..
        } => (Some(status), None),
        Sent::Answered {
            status: status @ 300..=399,
            ..
        } => (Some(status), Some("a redirect is not followed".to_owned())),
        Sent::Answered { status, .. } => (Some(status), Some(format!("answered {status}"))),
        Sent::Failed(failure) => (None, Some(failure.to_string())),
    }
}

/// A number that differs between deliveries and between attempts.
fn spread(delivery: &Delivery, attempts: u32) -> u8 {
    let id = delivery.id.uuid();
    let bytes = id.as_bytes().iter().copied().chain(attempts.to_be_bytes());
    bytes.fold(0, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(byte))
}
