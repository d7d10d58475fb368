//! Webhook endpoints and their deliveries as responses show them.
//!
//! The rule: only the response that made a secret contains it.

use chrono::{DateTime, Utc};
use regrant_domain::{
    DeliveryId, EventId, EventKind, WebhookEndpointId,
    webhook::{AssetEvents, DeliveryStatus, DisabledReason, EndpointStatus, EventFilter},
};
use regrant_vault::{Delivery, EndpointView, MintedEndpoint, WebhookSecret};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::schema;

/// A webhook endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub(crate) struct EndpointOut {
    /// Id of the endpoint.
    #[schema(value_type = String, example = "whk_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: WebhookEndpointId,
    /// Address of the endpoint, normalised.
    url: String,
    /// Kinds of events that Regrant sends; `*` means all kinds.
    #[schema(schema_with = schema::event_kinds)]
    kinds: Vec<&'static str>,
    /// Form of the events about assets: `single`, or `bulk` as `assets.changed`.
    #[schema(schema_with = schema::asset_events)]
    asset_events: AssetEvents,
    /// Whether Regrant sends events to the endpoint.
    #[schema(schema_with = schema::endpoint_status)]
    status: &'static str,
    /// Why it is disabled: by its tenant, because it answered 410, or because all deliveries failed for five days.
    #[schema(schema_with = schema::disabled_reason_or_null)]
    disabled_reason: Option<&'static str>,
    /// When it was disabled.
    disabled_at: Option<DateTime<Utc>>,
    /// Since when all deliveries fail.
    failing_since: Option<DateTime<Utc>>,
    /// Until when the previous secret signs, too.
    older_secret_until: Option<DateTime<Utc>>,
    /// When it was created.
    created_at: DateTime<Utc>,
}

/// A webhook endpoint with its new secret, which no other response contains.
#[derive(Serialize, ToSchema)]
#[schema(as = MintedWebhookEndpoint)]
pub(crate) struct MintedEndpointOut {
    /// The endpoint.
    #[serde(flatten)]
    endpoint: EndpointOut,
    /// Secret that signs its webhooks: `whsec_` and base64 of 32 bytes; null if the call repeats another one.
    #[serde(serialize_with = "serialize_secret")]
    #[schema(value_type = Option<String>, required = true)]
    secret: Option<WebhookSecret>,
}

/// The delivery of one event to an endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct DeliveryOut {
    /// Id of the delivery.
    #[schema(value_type = String, example = "dlv_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: DeliveryId,
    /// Id of the event; the `webhook-id` of every attempt.
    #[schema(value_type = String, example = "evt_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    event_id: EventId,
    /// Kind of the event.
    #[serde(rename = "type")]
    #[schema(schema_with = schema::event_kind)]
    kind: EventKind,
    /// Status of the delivery.
    #[schema(schema_with = schema::delivery_status)]
    status: &'static str,
    /// Number of attempts since the delivery or its replay began.
    attempts: u32,
    /// HTTP status of the last response.
    response_status: Option<u16>,
    /// Last error.
    error: Option<String>,
    /// When the event happened.
    created_at: DateTime<Utc>,
    /// Time of the next attempt.
    next_attempt_at: Option<DateTime<Utc>>,
    /// When the delivery ended.
    finished_at: Option<DateTime<Utc>>,
}

/// A test event.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookTest {
    /// Id of the event; the `webhook-id` of the webhook.
    #[schema(value_type = String)]
    pub(super) event_id: EventId,
}

/// The result of a replay.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookReplay {
    /// Number of deliveries that were queued, at most 10,000 per call.
    pub(super) deliveries: usize,
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn serialize_secret<S: Serializer>(
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
            kinds: kind_names(&it.filter),
            asset_events: it.asset_events,
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

fn kind_names(filter: &EventFilter) -> Vec<&'static str> {
    match filter {
        EventFilter::All => vec!["*"],
        EventFilter::Only(kinds) => kinds.iter().map(|it| it.as_str()).collect(),
    }
}
