//! A webhook endpoint and its deliveries as every answer tells them; the secret is in the answer that made it.

use chrono::{DateTime, Utc};
use regrant_domain::{
    DeliveryId, EventId, EventKind, WebhookEndpointId,
    webhook::{DeliveryStatus, DisabledReason, EndpointStatus, EventFilter},
};
use regrant_vault::{Delivery, EndpointView, MintedEndpoint, WebhookSecret};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::schema;

/// A webhook endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub(crate) struct EndpointOut {
    /// Its id.
    #[schema(value_type = String, example = "whk_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: WebhookEndpointId,
    /// Where it is, normalised.
    url: String,
    /// The kinds of events it is told; `*` stands for every kind.
    #[schema(schema_with = schema::event_kinds)]
    kinds: Vec<&'static str>,
    /// Whether it is told anything.
    #[schema(schema_with = schema::endpoint_status)]
    status: &'static str,
    /// Why it is disabled: by its tenant, because it answered 410, or because nothing was delivered for five days.
    #[schema(schema_with = schema::disabled_reason_or_null)]
    disabled_reason: Option<&'static str>,
    /// Since when it is disabled.
    disabled_at: Option<DateTime<Utc>>,
    /// Since when nothing was delivered, although it was tried.
    failing_since: Option<DateTime<Utc>>,
    /// Until when the secret before signs, too.
    older_secret_until: Option<DateTime<Utc>>,
    /// When it was made.
    created_at: DateTime<Utc>,
}

/// An endpoint with its new secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = MintedWebhookEndpoint)]
pub(crate) struct MintedEndpointOut {
    /// What every answer tells.
    #[serde(flatten)]
    endpoint: EndpointOut,
    /// What signs its webhooks: `whsec_` and base64 of 32 bytes. Null where the call only repeats another.
    #[serde(serialize_with = "exposed")]
    #[schema(value_type = Option<String>, required = true)]
    secret: Option<WebhookSecret>,
}

/// One event on its way to an endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct DeliveryOut {
    /// Its id.
    #[schema(value_type = String, example = "dlv_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: DeliveryId,
    /// The event; the `webhook-id` of every attempt.
    #[schema(value_type = String, example = "evt_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    event_id: EventId,
    /// The kind of the event.
    #[serde(rename = "type")]
    #[schema(schema_with = schema::event_kind)]
    kind: EventKind,
    /// How it stands.
    #[schema(schema_with = schema::delivery_status)]
    status: &'static str,
    /// How often it was tried since it was last begun.
    attempts: u32,
    /// The HTTP status of the last answer.
    response_status: Option<u16>,
    /// What went wrong last.
    error: Option<String>,
    /// When the event happened.
    created_at: DateTime<Utc>,
    /// When it is tried next.
    next_attempt_at: Option<DateTime<Utc>>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
}

/// The event that was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookTest {
    /// Its id; the `webhook-id` of the webhook.
    #[schema(value_type = String)]
    pub(super) event_id: EventId,
}

/// What is on its way again.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookReplay {
    /// How many deliveries, at most 10,000 in one call.
    pub(super) deliveries: usize,
}

#[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
fn exposed<S: Serializer>(
    secret: &Option<WebhookSecret>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose_text().as_str()),
        None => serializer.serialize_none(),
    }
}

impl From<EndpointView> for EndpointOut {
    fn from(it: EndpointView) -> Self {
        let (disabled_reason, disabled_at) = it.disabled.unzip();
        Self {
            id: it.id,
            url: it.url,
            kinds: kinds(&it.filter),
            status: EndpointStatus::as_str(it.status),
            disabled_reason: disabled_reason.map(DisabledReason::as_str),
            disabled_at,
            failing_since: it.failing_since,
            older_secret_until: it.older_secret_until,
            created_at: it.created_at,
        }
    }
}

impl From<MintedEndpoint> for MintedEndpointOut {
    fn from(it: MintedEndpoint) -> Self {
        Self {
            endpoint: it.endpoint.into(),
            secret: it.secret,
        }
    }
}

impl From<Delivery> for DeliveryOut {
    fn from(it: Delivery) -> Self {
        Self {
            id: it.id,
            event_id: it.event_id,
            kind: it.kind,
            status: DeliveryStatus::as_str(it.status),
            attempts: it.attempts,
            response_status: it.response_status,
            error: it.error,
            created_at: it.created_at,
            next_attempt_at: it.next_at,
            finished_at: it.finished_at,
        }
    }
}

fn kinds(filter: &EventFilter) -> Vec<&'static str> {
    match filter {
        EventFilter::All => vec!["*"],
        EventFilter::Only(kinds) => kinds.iter().map(|it| it.as_str()).collect(),
    }
}
