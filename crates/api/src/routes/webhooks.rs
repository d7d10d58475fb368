//! Webhook endpoints, to which Regrant sends events, signed as Standard Webhooks.

pub(crate) mod events;
mod out;
mod request;

use std::time::Duration;

use actix_web::{HttpResponse, delete, get, http::header, patch, post, web::Data};
use regrant_domain::{
    WebhookEndpointId,
    webhook::{AssetEvents, EventFilter},
};
use regrant_vault::{DeliveryQuery, EndpointChange, NewEndpoint, Vault};

use self::{
    out::{DeliveryOut, EndpointOut, MintedEndpointOut, WebhookReplay, WebhookTest},
    request::{
        NewWebhookEndpoint, ReplayWebhooks, RotateWebhookSecret, WebhookDeliveryFilter,
        WebhookEndpointChange, event_filter,
    },
};
use crate::{
    access::{Caller, WebhooksWrite},
    cursor::Page,
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, Json, Query},
    problem::{Problem, ProblemOut},
    secret_response::secret_response,
};

/// Create a webhook endpoint. Only this response contains its secret.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    request_body = NewWebhookEndpoint,
    responses(
        (status = 201, description = "The endpoint with its secret.", body = MintedEndpointOut,
            headers(("Location" = String, description = "The endpoint."))),
        (status = 404, description = "`not_found`: the endpoint that the first call with this key created is deleted.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 409, description = "`too_many_webhook_endpoints`: the tenant has reached its limit.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/webhook-endpoints")]
pub(crate) async fn create_webhook_endpoint(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewWebhookEndpoint>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /v1/webhook-endpoints", &body.canonical);
    let request = body.value;
    let new = NewEndpoint {
        url: request.url,
        filter: event_filter(request.kinds)?.unwrap_or(EventFilter::All),
        asset_events: request.asset_events.map_or(AssetEvents::Single, |it| it.0),
    };
    let minted = vault
        .create_webhook_endpoint(&caller.principal, new, repeatable)
        .await?;
    let location = format!("/v1/webhook-endpoints/{}", minted.endpoint.id);
    let mut created = HttpResponse::Created();
    created.insert_header((header::LOCATION, location));
    secret_response(created, &MintedEndpointOut::from(minted), 1)
}

/// List the webhook endpoints, oldest first. A tenant has at most 20.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    responses((status = 200, description = "All webhook endpoints.", body = Page<EndpointOut>)),
)]
#[get("/webhook-endpoints")]
pub(crate) async fn list_webhook_endpoints(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
) -> Result<HttpResponse, Problem> {
    let endpoints = vault.list_webhook_endpoints(&caller.principal).await?;
    Ok(HttpResponse::Ok().json(Page::only_page(
        endpoints.into_iter().map(EndpointOut::from).collect(),
    )))
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
    let endpoint = vault.find_webhook_endpoint(&caller.principal, id.0).await?;
    Ok(HttpResponse::Ok().json(EndpointOut::from(endpoint)))
}

/// Change the address, the events or the status of a webhook endpoint.
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
    let (filter, status) = (event_filter(request.kinds)?, request.status.map(|it| it.0));
    let change = EndpointChange {
        url: request.url,
        filter,
        asset_events: request.asset_events.map(|it| it.0),
        status,
    };
    let endpoint = vault
        .change_webhook_endpoint(&caller.principal, id.0, change)
        .await?;
    Ok(HttpResponse::Ok().json(EndpointOut::from(endpoint)))
}

/// Delete a webhook endpoint and its pending deliveries.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.")),
    responses((status = 204, description = "The endpoint is deleted.")),
)]
#[delete("/webhook-endpoints/{id}")]
pub(crate) async fn delete_webhook_endpoint(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    id: PathId<WebhookEndpointId>,
) -> Result<HttpResponse, Problem> {
    vault
        .delete_webhook_endpoint(&caller.principal, id.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Rotate the secret of a webhook endpoint. Both secrets sign for a while, so that no webhook is lost.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.")),
    request_body = RotateWebhookSecret,
    responses(
        (status = 200, description = "The endpoint with its new secret.", body = MintedEndpointOut),
        (status = 409, description = "`secret_overlap_open`: an older secret is in use, and an overlap of more than 0 would end it \
            early. `call_under_way`: another call with the same Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/webhook-endpoints/{id}/rotate-secret")]
pub(crate) async fn rotate_webhook_secret(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    id: PathId<WebhookEndpointId>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<RotateWebhookSecret>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call(
        "POST /v1/webhook-endpoints/{id}/rotate-secret",
        &body.canonical,
    );
    let overlap = Duration::from_secs(body.value.overlap_seconds);
    let minted = vault
        .rotate_webhook_secret(&caller.principal, id.0, overlap, repeatable)
        .await?;
    secret_response(HttpResponse::Ok(), &MintedEndpointOut::from(minted), 1)
}

/// Send an event of the kind `webhook.test` to a webhook endpoint.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.")),
    responses(
        (status = 202, description = "Queued for delivery.", body = WebhookTest),
        (status = 409, description = "`webhook_endpoint_disabled`: enable the endpoint first.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/webhook-endpoints/{id}/test")]
pub(crate) async fn test_webhook_endpoint(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    idempotency: IdempotencyHeader,
    id: PathId<WebhookEndpointId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /v1/webhook-endpoints/{id}/test", &[]);
    let event_id = vault
        .test_webhook_endpoint(&caller.principal, id.0, repeatable)
        .await?;
    Ok(HttpResponse::Accepted().json(WebhookTest { event_id }))
}

/// Replay one event, or all events since a moment whose delivery failed.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.")),
    request_body = ReplayWebhooks,
    responses(
        (status = 202, description = "Queued for delivery.", body = WebhookReplay),
        (status = 409, description = "`webhook_endpoint_disabled`: enable the endpoint first.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/webhook-endpoints/{id}/replay")]
pub(crate) async fn replay_webhooks(
    vault: Data<Vault>,
    caller: Caller<WebhooksWrite>,
    id: PathId<WebhookEndpointId>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<ReplayWebhooks>,
) -> Result<HttpResponse, Problem> {
    let repeatable =
        idempotency.into_call("POST /v1/webhook-endpoints/{id}/replay", &body.canonical);
    let replay = body.value.into_replay()?;
    let deliveries = vault
        .replay_webhooks(&caller.principal, id.0, replay, repeatable)
        .await?;
    Ok(HttpResponse::Accepted().json(WebhookReplay { deliveries }))
}

/// List the deliveries of a webhook endpoint, newest first.
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
    let query = DeliveryQuery {
        statuses: filter.status.0.into_iter().map(|it| it.0).collect(),
        after: filter.cursor.map(|it| it.0),
    };
    let list = vault
        .list_deliveries(&caller.principal, id.0, query, filter.limit.0)
        .await?;
    let data = list.data.into_iter().map(DeliveryOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}
