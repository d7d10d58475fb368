//! Reconnects: start, list, read, cancel, undo.

pub(super) mod events;
mod out;
pub(super) mod previews;
mod request;
pub(super) mod sessions;

use actix_web::{HttpResponse, get, http::header, post, web::Data};
use regrant_domain::{Locale, ReconnectId, ReconnectStatus};
use regrant_vault::{ReconnectView, Vault};

pub(crate) use self::events::EventStreams;
pub(super) use self::out::PersonOut;
pub(super) use self::request::{SelectionIn, choose_targets};
use self::{
    out::{ReconnectOut, ReconnectSummary},
    request::{NewReconnect, UndoIn, reconnect_request, undo_request},
};
use crate::{
    access::{Caller, ReconnectsWrite},
    cursor::{Page, PageQuery},
    extract::{IdempotencyHeader, Language, PathId},
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
    language: Language,
    body: CanonicalJson<NewReconnect>,
) -> Result<HttpResponse, Problem> {
    let request = reconnect_request(body, idempotency)?;
    let view = vault.replace_tokens(&caller.principal, request).await?;
    Ok(reconnect_response(view, language.0))
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
    language: Language,
) -> Result<HttpResponse, Problem> {
    let view = vault.reconnect_view(&caller.principal, id.0).await?;
    Ok(HttpResponse::Ok().json(ReconnectOut::in_language(view, language.0)))
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
    language: Language,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /v1/reconnects/{id}/cancel", &[]);
    let view = vault
        .cancel_reconnect(&caller.principal, id.0, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(ReconnectOut::in_language(view, language.0)))
}

/// Undo a reconnect: prove the token that served each asset before, and put those that still work back into service.
///
/// The response is another reconnect, with `undo_of`, which is read, streamed and cancelled like any other. Its outcomes:
/// `restored`: the token that served before works on the asset and serves again, or the parked token was dropped.
/// `previous_dead`: the token that served before does not work on the asset any more. `superseded`: a later reconnect of
/// the asset won. `nothing_to_undo`: the reconnect did not change this asset, or no token is kept from before. `deferred`:
/// the undo continues by itself. `failed`: the Graph API gave no clear response, or the undo was cancelled. Nothing else
/// changes what serves. Assets that an earlier undo has taken up, and that did not fail there, are left to that undo; if
/// none remain, its answer is returned. An undo can be undone: it restores the tokens that the undo replaced; a parked
/// token that was dropped is gone. A session may undo the reconnects that it started, with at most 20 undos.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:write"])),
    params(("id" = String, Path, description = "The id of the reconnect to undo.")),
    request_body = UndoIn,
    responses(
        (status = 200, description = "All items have an outcome.", body = ReconnectOut),
        (status = 202, description = "Accepted, still running.", body = ReconnectOut, headers(
            ("Location" = String, description = "The undo."),
            ("Retry-After" = u32, description = "Seconds until the next poll."),
        )),
        (status = 409, description = "`reconnect_running`: the reconnect has not ended; wait, or cancel it. \
            `too_many_undos`: the reconnect was undone 20 times. `session_used_up`: the session has no undos left. \
            `call_under_way`: another call with the same Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/reconnects/{id}/undo")]
pub(crate) async fn undo_reconnect(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    idempotency: IdempotencyHeader,
    id: PathId<ReconnectId>,
    language: Language,
    body: CanonicalJson<UndoIn>,
) -> Result<HttpResponse, Problem> {
    let request = undo_request(id.0, body, idempotency);
    let view = vault.undo_reconnect(&caller.principal, request).await?;
    Ok(reconnect_response(view, language.0))
}

fn reconnect_response(view: ReconnectView, locale: Locale) -> HttpResponse {
    match view.status {
        ReconnectStatus::Running => HttpResponse::Accepted()
            .insert_header((header::LOCATION, format!("/v1/reconnects/{}", view.id)))
            .insert_header((header::RETRY_AFTER, 2))
            .json(ReconnectOut::in_language(view, locale)),
        ReconnectStatus::Completed | ReconnectStatus::Cancelled => {
            HttpResponse::Ok().json(ReconnectOut::in_language(view, locale))
        }
    }
}
