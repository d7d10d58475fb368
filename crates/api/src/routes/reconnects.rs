//! Reconnects: start, list, read, cancel.

pub(super) mod events;
mod out;
pub(super) mod previews;
mod request;
pub(super) mod sessions;

use actix_web::{HttpResponse, get, http::header, post, web::Data};
use regrant_domain::{ReconnectId, ReconnectStatus};
use regrant_vault::{ReconnectView, Vault};

pub(crate) use self::events::EventStreams;
pub(super) use self::out::PersonOut;
pub(super) use self::request::{SelectionIn, choose_targets};
use self::{
    out::{ReconnectOut, ReconnectSummary},
    request::{NewReconnect, reconnect_request},
};
use crate::{
    access::{Caller, ReconnectsWrite},
    cursor::{Page, PageQuery},
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, Query},
    problem::{Problem, ProblemOut},
};

/// Replace the tokens of many assets by one new token.
///
/// The call answers 200 if every item has an outcome within `wait_seconds`, else 202. The reconnect continues even if
/// the caller disconnects. Repeat the call with the same `Idempotency-Key` and body to get the same reconnect.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:write"])),
    request_body = NewReconnect,
    responses(
        (status = 200, description = "All items have an outcome.", body = ReconnectOut),
        (status = 202, description = "Accepted, still running.", body = ReconnectOut, headers(
            ("Location" = String, description = "The reconnect."),
            ("Retry-After" = u32, description = "Seconds until the next poll."),
        )),
        (status = 404, description = "`not_found`: the caller has no such consent; it was used, replaced or has ended.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 409, description = "`plan_outdated`: assets or token changed since the preview. `session_used_up`: the session has no \
            reconnects left. `call_under_way`: another call with the same Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 503, description = "`graph_unavailable`, `database_busy`: nothing was changed.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/reconnects")]
pub(crate) async fn create_reconnect(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewReconnect>,
) -> Result<HttpResponse, Problem> {
    let request = reconnect_request(body, idempotency)?;
    Ok(reconnect_response(
        vault.replace_tokens(&caller.principal, request).await?,
    ))
}

/// List reconnects, newest first, without their items.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:write"])),
    params(PageQuery),
    responses((status = 200, description = "One page of reconnects.", body = Page<ReconnectSummary>)),
)]
#[get("/reconnects")]
pub(crate) async fn list_reconnects(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault
        .list_reconnects(&caller.principal, after, limit)
        .await?;
    let data = list.data.into_iter().map(ReconnectSummary::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Read a reconnect with its items.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:write"])),
    params(("id" = String, Path, description = "The reconnect's id.")),
    responses((status = 200, description = "The reconnect.", body = ReconnectOut)),
)]
#[get("/reconnects/{id}")]
pub(crate) async fn get_reconnect(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    id: PathId<ReconnectId>,
) -> Result<HttpResponse, Problem> {
    let view = vault.reconnect_view(&caller.principal, id.0).await?;
    Ok(HttpResponse::Ok().json(ReconnectOut::from(view)))
}

/// Cancel a reconnect. Open items get the outcome `failed` with the reason `cancelled`.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:write"])),
    params(("id" = String, Path, description = "The reconnect's id.")),
    responses(
        (status = 200, description = "The reconnect is cancelled.", body = ReconnectOut),
        (status = 409, description = "`reconnect_ended`: the reconnect is completed or cancelled.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/reconnects/{id}/cancel")]
pub(crate) async fn cancel_reconnect(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    idempotency: IdempotencyHeader,
    id: PathId<ReconnectId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /v1/reconnects/{id}/cancel", &[]);
    let view = vault
        .cancel_reconnect(&caller.principal, id.0, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(ReconnectOut::from(view)))
}

fn reconnect_response(view: ReconnectView) -> HttpResponse {
    match view.status {
        ReconnectStatus::Running => HttpResponse::Accepted()
            .insert_header((header::LOCATION, format!("/v1/reconnects/{}", view.id)))
            .insert_header((header::RETRY_AFTER, 2))
            .json(ReconnectOut::from(view)),
        ReconnectStatus::Completed | ReconnectStatus::Cancelled => {
            HttpResponse::Ok().json(ReconnectOut::from(view))
        }
    }
}
