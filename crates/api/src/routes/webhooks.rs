//! Webhook endpoints: where a tenant is told its events, signed as Standard Webhooks.

use std::{collections::BTreeSet, time::Duration};

use actix_web::{HttpResponse, delete, get, http::header, patch, post, web::Data};
use regrant_domain::{
    DeliveryId, EventId, EventKind, Timestamp, WebhookEndpointId,
    webhook::{DeliveryStatus, EndpointStatus, EventFilter},
};
use regrant_vault::{DeliveryQuery, EndpointChange, NewEndpoint, Replay, Vault};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    path_id::PathId,
    tokens::sealed_body,
    webhook_view::{DeliveryOut, EndpointOut, MintedEndpointOut},
};
use crate::{
    caller::{Caller, WebhooksWrite},
    cursor::{Cursor, Limit, Page},
    json::{All, CanonicalJson, Json, Query},
    problem::{Problem, ProblemOut},
    repeat::Repeat,
    schema,
};

/// An endpoint to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhookEndpoint {
    /// Where webhooks are sent: https, port 443 or 8443, the public name of a host.
    #[schema(max_length = 2048, example = "https://hooks.example.com/regrant")]
    url: String,
    /// The kinds of events it is told; `*`, and nothing at all, stand for every kind.
    #[schema(schema_with = schema::event_kinds, required = false)]
    kinds: Option<All<KindIn>>,
}

/// What is to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookEndpointChange {
    /// Where webhooks are sent.
    #[schema(max_length = 2048)]
    url: Option<String>,
    /// The kinds of events it is told.
    #[schema(schema_with = schema::event_kinds, required = false)]
    kinds: Option<All<KindIn>>,
    /// Whether it is told anything. Enabling forgets that it failed.
    #[schema(schema_with = schema::endpoint_status, required = false)]
    status: Option<StatusIn>,
}

/// How long the older secret goes on signing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateWebhookSecret {
    /// Both secrets sign for so many seconds, at most 30 days; 0 ends the older one at once.
    #[serde(default = "a_day")]
    #[schema(minimum = 0, maximum = 2_592_000, default = 86_400)]
    overlap_seconds: u64,
}

/// What is to be sent again. Exactly one of `event_id` and `since` is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayWebhooks {
    /// One event, also if this endpoint never had it.
    #[schema(value_type = Option<String>)]
    event_id: Option<EventId>,
    /// Everything that failed, of events from this moment on (RFC 3339).
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    since: Option<Since>,
}

/// Which deliveries to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WebhookDeliveryFilter {
    /// Only in this state.
    #[param(schema_with = schema::delivery_status, required = false)]
    status: Option<DeliveryStatusIn>,
    /// The `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<DeliveryId>>,
    /// How many, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// The event that was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookTest {
    /// Its id; the `webhook-id` of the webhook.
    #[schema(value_type = String)]
    event_id: EventId,
}

/// What is on its way again.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookReplay {
    /// How many deliveries, at most 10,000 in one call.
    deliveries: usize,
}

/// A kind of event; `None` for every kind.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct KindIn(Option<EventKind>);

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct StatusIn(EndpointStatus);

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct DeliveryStatusIn(DeliveryStatus);

/// A moment in RFC 3339.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Since(Timestamp);

/// Make a webhook endpoint. Its secret is in this answer and in no other.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    request_body = NewWebhookEndpoint,
    responses(
        (status = 201, description = "The endpoint with its secret.", body = MintedEndpointOut,
            headers(("Location" = String, description = "The endpoint."))),
        (status = 409, description = "`too_many_webhook_endpoints`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/webhook-endpoints")]
pub(crate) async fn create_webhook_endpoint(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    repeat: Repeat,
    body: CanonicalJson<NewWebhookEndpoint>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /v1/webhook-endpoints", &body.canonical);
    let request = body.value;
    let new = NewEndpoint { url: request.url, filter: filter(request.kinds)?.unwrap_or(EventFilter::All) };
    let minted = vault.create_webhook_endpoint(&caller.principal, new, repeatable).await?;
    let location = format!("/v1/webhook-endpoints/{}", minted.endpoint.id);
    let body = sealed_body(&MintedEndpointOut::from(minted), 1)?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .content_type("application/json")
        .body(body))
}

/// List the webhook endpoints, oldest first; there are at most 20.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    responses((status = 200, description = "All of them.", body = Page<EndpointOut>)),
)]
#[get("/webhook-endpoints")]
pub(crate) async fn list_webhook_endpoints(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
) -> Result<HttpResponse, Problem> {
    let endpoints = vault.webhook_endpoints(&caller.principal).await?;
    Ok(HttpResponse::Ok().json(Page::whole(endpoints.into_iter().map(EndpointOut::from).collect())))
}

/// Read a webhook endpoint.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.")),
    responses((status = 200, description = "The endpoint.", body = EndpointOut)),
)]
#[get("/webhook-endpoints/{id}")]
pub(crate) async fn get_webhook_endpoint(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    id: PathId<WebhookEndpointId>,
) -> Result<HttpResponse, Problem> {
    let endpoint = vault.webhook_endpoint(&caller.principal, id.0).await?;
    Ok(HttpResponse::Ok().json(EndpointOut::from(endpoint)))
}

/// Change a webhook endpoint: where it is, what it is told, whether it is told anything.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.")),
    responses((status = 200, description = "The endpoint.", body = EndpointOut)),
)]
#[patch("/webhook-endpoints/{id}")]
pub(crate) async fn change_webhook_endpoint(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    id: PathId<WebhookEndpointId>,
    Json(request): Json<WebhookEndpointChange>,
) -> Result<HttpResponse, Problem> {
    let (filter, status) = (filter(request.kinds)?, request.status.map(|it| it.0));
    let change = EndpointChange { url: request.url, filter, status };
    let endpoint = vault.change_webhook_endpoint(&caller.principal, id.0, change).await?;
    Ok(HttpResponse::Ok().json(EndpointOut::from(endpoint)))
}

/// Forget a webhook endpoint and everything on its way to it.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.")),
    responses((status = 204, description = "It is forgotten.")),
)]
#[delete("/webhook-endpoints/{id}")]
pub(crate) async fn delete_webhook_endpoint(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    id: PathId<WebhookEndpointId>,
) -> Result<HttpResponse, Problem> {
    vault.delete_webhook_endpoint(&caller.principal, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Give a webhook endpoint another secret. For a while both sign, so that no webhook is lost.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.")),
    request_body = RotateWebhookSecret,
    responses((status = 200, description = "The endpoint with its new secret.", body = MintedEndpointOut)),
)]
#[post("/webhook-endpoints/{id}/rotate-secret")]
pub(crate) async fn rotate_webhook_secret(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    id: PathId<WebhookEndpointId>,
    repeat: Repeat,
    body: CanonicalJson<RotateWebhookSecret>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /v1/webhook-endpoints/{id}/rotate-secret", &body.canonical);
    let overlap = Duration::from_secs(body.value.overlap_seconds);
    let minted = vault.rotate_webhook_secret(&caller.principal, id.0, overlap, repeatable).await?;
    let body = sealed_body(&MintedEndpointOut::from(minted), 1)?;
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}

/// Send an event of the kind `webhook.test` to a webhook endpoint.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.")),
    responses(
        (status = 202, description = "It is on its way.", body = WebhookTest),
        (status = 409, description = "`webhook_endpoint_disabled`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/webhook-endpoints/{id}/test")]
pub(crate) async fn test_webhook_endpoint(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    repeat: Repeat,
    id: PathId<WebhookEndpointId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /v1/webhook-endpoints/{id}/test", &[]);
    let event_id = vault.test_webhook_endpoint(&caller.principal, id.0, repeatable).await?;
    Ok(HttpResponse::Accepted().json(WebhookTest { event_id }))
}

/// Send one event again, or everything that failed since a moment.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.")),
    request_body = ReplayWebhooks,
    responses(
        (status = 202, description = "It is on its way.", body = WebhookReplay),
        (status = 409, description = "`webhook_endpoint_disabled`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/webhook-endpoints/{id}/replay")]
pub(crate) async fn replay_webhooks(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    id: PathId<WebhookEndpointId>,
    repeat: Repeat,
    body: CanonicalJson<ReplayWebhooks>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /v1/webhook-endpoints/{id}/replay", &body.canonical);
    let what = body.value.what()?;
    let deliveries = vault.replay_webhooks(&caller.principal, id.0, what, repeatable).await?;
    Ok(HttpResponse::Accepted().json(WebhookReplay { deliveries }))
}

/// List what was sent to a webhook endpoint, newest first.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id."), WebhookDeliveryFilter),
    responses((status = 200, description = "One page of deliveries.", body = Page<DeliveryOut>)),
)]
#[get("/webhook-endpoints/{id}/deliveries")]
pub(crate) async fn list_webhook_deliveries(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    id: PathId<WebhookEndpointId>,
    Query(filter): Query<WebhookDeliveryFilter>,
) -> Result<HttpResponse, Problem> {
    let query = DeliveryQuery { status: filter.status.map(|it| it.0), after: filter.cursor.map(|it| it.0) };
    let list = vault.list_deliveries(&caller.principal, id.0, query, filter.limit.0).await?;
    let data = list.data.into_iter().map(DeliveryOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::of(data, list.next.as_ref())))
}

/// What `kinds` asks for; `*` beside others is every kind all the same.
fn filter(kinds: Option<All<KindIn>>) -> Result<Option<EventFilter>, Problem> {
    let Some(All(kinds)) = kinds else { return Ok(None) };
    if kinds.is_empty() {
        return Err(Problem::invalid_field("kinds", "expected at least one kind, or `*`"));
    }
    let only: Option<BTreeSet<_>> = kinds.into_iter().map(|it| it.0).collect();
    Ok(Some(only.map_or(EventFilter::All, EventFilter::Only)))
}

impl ReplayWebhooks {
    fn what(self) -> Result<Replay, Problem> {
        match (self.event_id, self.since) {
            (Some(event), None) => Ok(Replay::Event(event)),
            (None, Some(since)) => Ok(Replay::FailedSince(since.0)),
            (None, None) => Err(Problem::invalid_field("event_id", "is required, unless `since` is given")),
            (Some(_), Some(_)) => Err(Problem::invalid_field("since", "does not go with `event_id`")),
        }
    }
}

const fn a_day() -> u64 {
    86_400
}

impl TryFrom<String> for KindIn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "*" => Ok(Self(None)),
            text => text.parse().map(Some).map(Self).map_err(|_| "expected a kind of event, or `*`"),
        }
    }
}

impl TryFrom<String> for StatusIn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self).map_err(|_| "expected `enabled` or `disabled`")
    }
}

impl TryFrom<String> for DeliveryStatusIn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self).map_err(|_| "expected `pending`, `delivered` or `failed`")
    }
}

impl TryFrom<String> for Since {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let moment = chrono::DateTime::parse_from_rfc3339(&text);
        moment
            .map(|it| Self(it.to_utc()))
            .map_err(|_| "expected a time in RFC 3339, as in 2026-01-31T00:00:00Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Node, read};

    fn faulty_fields<T: serde::de::DeserializeOwned>(text: &str) -> Vec<String> {
        let faults = read::<T>(Node::parse(text.as_bytes()).unwrap()).err().unwrap_or_default();
        faults.into_iter().map(|it| it.field).collect()
    }

    #[test]
    fn every_faulty_kind_is_named() {
        let text = r#"{"url":"https://a.example","kinds":["asset.expiring","asset.gone","*",3]}"#;
        assert_eq!(faulty_fields::<NewWebhookEndpoint>(text), ["kinds[1]", "kinds[3]"]);
        assert_eq!(faulty_fields::<WebhookEndpointChange>(r#"{"status":"asleep"}"#), ["status"]);
    }

    #[test]
    fn a_star_is_every_kind_and_an_empty_list_is_none() {
        let kinds = |text: &str| {
            let change: WebhookEndpointChange = read(Node::parse(text.as_bytes()).unwrap()).unwrap();
            filter(change.kinds)
        };
        assert_eq!(kinds(r#"{"kinds":["asset.expiring","*"]}"#).unwrap(), Some(EventFilter::All));
        let only = BTreeSet::from([EventKind::AssetExpiring]);
        assert_eq!(kinds(r#"{"kinds":["asset.expiring"]}"#).unwrap(), Some(EventFilter::Only(only)));
        assert_eq!(kinds("{}").unwrap(), None);
        assert!(kinds(r#"{"kinds":[]}"#).is_err());
    }

    #[test]
    fn a_replay_names_an_event_or_a_moment() {
        let replay = |text: &str| {
            let replay: ReplayWebhooks = read(Node::parse(text.as_bytes()).unwrap()).unwrap();
            replay.what()
        };
        let event = EventId::mint();
        assert!(
            matches!(replay(&format!(r#"{{"event_id":"{event}"}}"#)), Ok(Replay::Event(it)) if it == event)
        );
        assert!(matches!(replay(r#"{"since":"2026-01-31T00:00:00Z"}"#), Ok(Replay::FailedSince(_))));
        assert!(replay("{}").is_err());
        assert!(replay(&format!(r#"{{"event_id":"{event}","since":"2026-01-31T00:00:00Z"}}"#)).is_err());
    }
}
