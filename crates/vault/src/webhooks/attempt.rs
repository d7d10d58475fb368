//! Sends webhooks, and settles many attempts in one transaction.
//!
//! The rule: no transaction is open while a webhook is sent. Settling locks the endpoint, then holds the leases: of
//! deliveries that were claimed or replayed since, nothing is written. An outcome counts for an endpoint only if it still
//! has the address that was called.
//! Start at [`Vault::send_once`].

use std::time::Duration;

use regrant_domain::{
    EventKind, Timestamp, WebhookEndpointId,
    webhook::{DisabledReason, FAILING_FOR, pause_after_attempt},
};
use regrant_storage::{AuditEvent, Delivery, DueDelivery, SettledDelivery, TenantScope, TenantTx};
use regrant_webhook::{Message, SendOutcome};
use serde::Serialize;
use serde_json::json;
use tracing::{debug, warn};

use super::{
    deliver::PassTime,
    outgoing::{OutgoingWebhook, WebhookTarget, keep_held},
};
use crate::{Error, Vault};

/// An attempt that ended.
pub(super) struct Attempted {
    outgoing: OutgoingWebhook,
    /// `None` if it was not sent: the tenant had no permit in time, or nothing can be sent to the endpoint.
    sent: Option<SentWebhook>,
}

/// What came of a webhook that was sent.
struct SentWebhook {
    outcome: SendOutcome,
    /// The address that was called.
    url: String,
    ended_at: Timestamp,
}

impl SentWebhook {
    fn status(&self) -> Option<u16> {
        match self.outcome {
            SendOutcome::Answered { status, .. } => Some(status),
            SendOutcome::Failed(_) => None,
        }
    }

    fn is_accepted(&self) -> bool {
        matches!(self.status(), Some(200..=299))
    }

    fn is_gone(&self) -> bool {
        self.status() == Some(410)
    }
}

impl Attempted {
    pub(super) fn unsent(outgoing: OutgoingWebhook) -> Self {
        Self {
            outgoing,
            sent: None,
        }
    }

    /// Whether the endpoint accepted the webhook; `None` if it was not sent.
    pub(super) fn is_accepted(&self) -> Option<bool> {
        self.sent.as_ref().map(SentWebhook::is_accepted)
    }

    fn is_gone(&self) -> bool {
        self.sent.as_ref().is_some_and(SentWebhook::is_gone)
    }

    /// Whether the webhook was sent to this address.
    fn has_called(&self, url: &str) -> bool {
        self.sent.as_ref().is_some_and(|it| it.url == url)
    }

    /// What becomes of the delivery; `None` if it was not sent. `url` is the address that the endpoint has now: if it was
    /// another one that is gone, the delivery is tried again as after any failure.
    fn settle(&self, url: &str) -> Option<SettledDelivery> {
        let sent = self.sent.as_ref()?;
        let delivery = &self.outgoing.due.delivery;
        let attempts = delivery.attempts.saturating_add(1);
        let jitter = compute_jitter(delivery, attempts);
        let must_end = sent.is_accepted() || (sent.is_gone() && sent.url == url);
        let pause = pause_after_attempt(attempts, retry_after(sent.outcome), jitter);
        let pause = pause.filter(|_| !must_end);
        let (response_status, error) = describe_attempt(sent.outcome);
        Some(SettledDelivery {
            lease: self.outgoing.lease.clone(),
            next_at: pause.map(|it| sent.ended_at + it),
            is_delivered: error.is_none(),
            attempts,
            response_status,
            error,
        })
    }
}

impl Vault {
    /// Sends a webhook once.
    pub(super) async fn send_once(
        &self,
        outgoing: OutgoingWebhook,
        target: &WebhookTarget,
        time: PassTime,
    ) -> Attempted {
        let id = outgoing.due.delivery.event_id.to_string();
        let body = serialize_body(&outgoing.due);
        let message = Message {
            id: &id,
            at: time.now(),
            body: &body,
        };
        let url = target.endpoint.url.clone();
        let outcome = self
            .webhooks
            .send_message(&url, &target.secrets, message)
            .await;
        debug!(delivery.id = %outgoing.due.delivery.id, endpoint.id = %target.endpoint.id, ?outcome, "a webhook was sent");
        let ended_at = time.now();
        Attempted {
            outgoing,
            sent: Some(SentWebhook {
                outcome,
                url,
                ended_at,
            }),
        }
    }

    /// Records the outcomes of attempts on one endpoint, in the order in which they ended. Returns whether the endpoint
    /// was disabled or is gone.
    pub(super) async fn settle_attempts(
        &self,
        scope: &TenantScope,
        endpoint: WebhookEndpointId,
        ended: Vec<Attempted>,
        system_time: Timestamp,
    ) -> Result<bool, Error> {
        let unsent = ended.iter().filter(|it| it.sent.is_none());
        let unsent: Vec<_> = unsent.map(|it| it.outgoing.lease.clone()).collect();
        let tx = self.store.begin(scope).await?;
        let Some(url) = tx.lock_endpoint_url(endpoint).await? else {
            // Its deliveries were deleted with it.
            return Ok(true);
        };
        let is_any_held = settle_sent(&tx, endpoint, &url, &ended, system_time).await?;
        tx.return_leases(unsent).await?;
        let mut counted = ended;
        counted.retain(|it| it.has_called(&url));
        let is_disabled = is_any_held
            && self
                .note_endpoint(&tx, endpoint, &counted, system_time)
                .await?;
        tx.commit().await?;
        Ok(is_disabled)
    }

    /// Notes since when the endpoint fails. Disables it if it is gone, or has failed for [`FAILING_FOR`].
    async fn note_endpoint(
        &self,
        tx: &TenantTx,
        endpoint: WebhookEndpointId,
        ended: &[Attempted],
        system_time: Timestamp,
    ) -> Result<bool, Error> {
        let accepted: Vec<bool> = ended.iter().filter_map(Attempted::is_accepted).collect();
        if accepted.contains(&true) {
            tx.note_endpoint_failing(endpoint, None).await?;
        }
        if accepted.last() == Some(&false) {
            tx.note_endpoint_failing(endpoint, Some(system_time))
                .await?;
        }
        if ended.iter().any(Attempted::is_gone) {
            let reason = DisabledReason::Gone;
            self.disable_endpoint(tx, endpoint, reason, system_time)
                .await?;
            return Ok(true);
        }
        if accepted.last() != Some(&false) {
            return Ok(false);
        }
        let since = tx.find_webhook_endpoint(endpoint).await?.failing_since;
        let must_end = since.is_some_and(|it| it + FAILING_FOR <= system_time);
        if must_end {
            let reason = DisabledReason::Failing;
            self.disable_endpoint(tx, endpoint, reason, system_time)
                .await?;
        }
        Ok(must_end)
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

/// Settles the deliveries that were sent, as far as their leases hold. Returns whether one of them does.
async fn settle_sent(
    tx: &TenantTx,
    endpoint: WebhookEndpointId,
    url: &str,
    ended: &[Attempted],
    system_time: Timestamp,
) -> Result<bool, Error> {
    let settled: Vec<_> = ended.iter().filter_map(|it| it.settle(url)).collect();
    let n = settled.len();
    let held = keep_held(tx, settled).await?;
    if held.len() < n {
        warn!(endpoint.id = %endpoint, deliveries = n - held.len(),
            "webhooks were replayed or claimed by another process meanwhile; their outcomes are not recorded here");
    }
    tx.settle_deliveries(&held, system_time).await?;
    Ok(!held.is_empty())
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
fn serialize_body(due: &DueDelivery) -> Vec<u8> {
    let payload = WebhookBody {
        kind: due.delivery.kind,
        timestamp: due.delivery.created_at,
        data: &due.data,
    };
    // Texts, a time and JSON: writing them to memory cannot fail.
    serde_json::to_vec(&payload).unwrap_or_default()
}

/// How long the consumer asks to wait.
const fn retry_after(sent: SendOutcome) -> Option<Duration> {
    match sent {
        SendOutcome::Answered { retry_after, .. } => retry_after,
        SendOutcome::Failed(_) => None,
    }
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
