//! Sends one webhook and settles the attempt.
//!
//! The rule: no transaction is open while a webhook is sent. Settling holds the lease first: if another process has
//! claimed the delivery since, nothing is written.
//! Start at [`Vault::send_and_settle`].

use std::time::Duration;

use regrant_domain::{
    EventKind, Timestamp, WebhookEndpointId,
    webhook::{DeliveryStatus, DisabledReason, FAILING_FOR, pause_after_attempt},
};
use regrant_storage::{Attempt, AuditEvent, Delivery, DueDelivery, TenantScope, TenantTx};
use regrant_webhook::{Message, SendOutcome};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::outgoing::OutgoingWebhook;
use crate::{Error, Vault};

impl Vault {
    /// Sends a webhook and records the outcome.
    pub(super) async fn send_and_settle(
        &self,
        scope: &TenantScope,
        outgoing: OutgoingWebhook,
        system_time: Timestamp,
    ) -> Result<(), Error> {
        let started = Instant::now();
        let (delivery, target) = (&outgoing.due.delivery, &outgoing.target);
        let (id, body) = (
            delivery.event_id.to_string(),
            serialize_body(&outgoing.due)?,
        );
        let message = Message {
            id: &id,
            at: system_time,
            body: &body,
        };
        let sent = self
            .webhooks
            .send_message(&target.endpoint.url, &target.secrets, message)
            .await;
        debug!(delivery.id = %delivery.id, endpoint.id = %target.endpoint.id, ?sent, "a webhook was sent");
        self.settle_delivery(scope, &outgoing, sent, system_time + started.elapsed())
            .await
    }

    /// Records the outcome of an attempt in one transaction.
    async fn settle_delivery(
        &self,
        scope: &TenantScope,
        outgoing: &OutgoingWebhook,
        sent: SendOutcome,
        system_time: Timestamp,
    ) -> Result<(), Error> {
        let (lease, endpoint) = (&outgoing.lease, outgoing.target.endpoint.id);
        let tx = self.store.begin(scope).await?;
        tx.hold_lease(lease).await?;
        let (response_status, error) = describe_attempt(sent);
        let attempts = outgoing.due.delivery.attempts.saturating_add(1);
        let attempt = Attempt {
            attempts,
            response_status,
            error: error.as_deref(),
        };
        match sent {
            SendOutcome::Answered {
                status: 200..=299, ..
            } => {
                tx.finish_delivery(lease, DeliveryStatus::Delivered, attempt, system_time)
                    .await?;
                tx.note_endpoint_failing(endpoint, None).await?;
            }
            SendOutcome::Answered { status: 410, .. } => {
                tx.finish_delivery(lease, DeliveryStatus::Failed, attempt, system_time)
                    .await?;
                self.disable_endpoint(&tx, endpoint, DisabledReason::Gone, system_time)
                    .await?;
            }
            SendOutcome::Answered { retry_after, .. } => {
                self.settle_failed_attempt(&tx, outgoing, attempt, retry_after, system_time)
                    .await?;
            }
            SendOutcome::Failed(_) => {
                self.settle_failed_attempt(&tx, outgoing, attempt, None, system_time)
                    .await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Schedules the next attempt, or fails the delivery after its last one. Disables an endpoint that has failed for
    /// [`FAILING_FOR`].
    async fn settle_failed_attempt(
        &self,
        tx: &TenantTx,
        outgoing: &OutgoingWebhook,
        attempt: Attempt<'_>,
        retry_after: Option<Duration>,
        system_time: Timestamp,
    ) -> Result<(), Error> {
        let (lease, id) = (&outgoing.lease, outgoing.target.endpoint.id);
        let pause = pause_after_attempt(
            attempt.attempts,
            retry_after,
            compute_jitter(&outgoing.due.delivery, attempt.attempts),
        );
        match pause {
            Some(pause) => {
                tx.retry_delivery(lease, attempt, system_time + pause)
                    .await?;
            }
            None => {
                tx.finish_delivery(lease, DeliveryStatus::Failed, attempt, system_time)
                    .await?;
            }
        }
        tx.note_endpoint_failing(id, Some(system_time)).await?;
        let since = tx.find_webhook_endpoint(id).await?.failing_since;
        if since.is_some_and(|it| it + FAILING_FOR <= system_time) {
            self.disable_endpoint(tx, id, DisabledReason::Failing, system_time)
                .await?;
        }
        Ok(())
    }

    /// Disables an endpoint and audits it, unless it is disabled already.
    async fn disable_endpoint(
        &self,
        tx: &TenantTx,
        id: WebhookEndpointId,
        reason: DisabledReason,
        system_time: Timestamp,
    ) -> Result<(), Error> {
        if tx.disable_webhook_endpoint(id, reason, system_time).await? {
            warn!(endpoint.id = %id, %reason, "a webhook endpoint is disabled");
            let detail = json!({ "reason": reason.as_str() });
            let disabled = AuditEvent::new("vault", "webhook_endpoint.disabled", id, detail);
            tx.write_audit_events(&[disabled], self.clock.now()).await?;
        }
        Ok(())
    }
}

/// The JSON body of a webhook.
#[derive(Serialize)]
struct WebhookBody<'a> {
    #[serde(rename = "type")]
    kind: EventKind,
    timestamp: Timestamp,
    data: &'a serde_json::Value,
}

/// Serializes the body. The bytes are the same on every attempt, because they are signed.
fn serialize_body(due: &DueDelivery) -> Result<Vec<u8>, Error> {
    let payload = WebhookBody {
        kind: due.delivery.kind,
        timestamp: due.delivery.created_at,
        data: &due.data,
    };
    serde_json::to_vec(&payload).map_err(Error::from_cause)
}

/// The HTTP status and the error text that the tenant sees of an attempt.
fn describe_attempt(sent: SendOutcome) -> (Option<u16>, Option<String>) {
    match sent {
        SendOutcome::Answered {
            status: status @ 200..=299,
            ..
        } => (Some(status), None),
        SendOutcome::Answered {
            status: status @ 300..=399,
            ..
        } => (Some(status), Some("a redirect is not followed".to_owned())),
        SendOutcome::Answered { status, .. } => (Some(status), Some(format!("answered {status}"))),
        SendOutcome::Failed(failure) => (None, Some(failure.to_string())),
    }
}

/// The jitter of a pause, 0 to 255. It differs between deliveries and between attempts.
fn compute_jitter(delivery: &Delivery, attempts: u32) -> u8 {
    let id = delivery.id.uuid();
    let bytes = id.as_bytes().iter().copied().chain(attempts.to_be_bytes());
    bytes.fold(0, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(byte))
}
