//! Consents: log-ins at Meta that are handed over now and used later.
//!
//! The rule: no response contains a token or a code. A session has one consent, at `current/consent`; a client has many.

mod out;
mod request;

use actix_web::{HttpResponse, delete, get, http::header, post, web::Data};
use regrant_domain::ConsentId;
use regrant_vault::Vault;

use self::{
    out::ConsentOut,
    request::{NewConsent, consent_request},
};
use crate::{
    access::{Caller, ReconnectsPreview},
    cursor::{Page, PageQuery},
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, Query},
    problem::{Problem, ProblemOut},
};

/// Hand over a log-in at Meta, as a code or as a token, to preview and reconnect with it later.
///
/// The token is validated, made long-lived and sealed. The consent can be used for 15 minutes, by the caller alone.
/// Previews do not use it up; a reconnect that is accepted does. A code is sent to Meta once: where its answer does not
/// come, or where the code was handed over before, the call answers `code_spent` and the person logs in again.
#[utoipa::path(
    tag = "consents",
    security(("oauth2" = ["reconnects:preview"])),
    request_body = NewConsent,
    responses(
        (status = 201, description = "The consent.", body = ConsentOut,
            headers(("Location" = String, description = "The consent."))),
        (status = 409, description = "`too_many_consents`: the tenant has too many consents that were not used. \
            `call_under_way`: another call with the same Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 503, description = "`graph_unavailable`, `database_busy`: nothing was changed; a code can be sent again.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/consents")]
pub(crate) async fn give_consent(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewConsent>,
) -> Result<HttpResponse, Problem> {
    let request = consent_request("POST /v1/consents", body, idempotency)?;
    let consent = vault.give_consent(&caller.principal, request).await?.value;
    let location = format!("/v1/consents/{}", consent.id);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(ConsentOut::from(consent)))
}

/// List the caller's consents that were not used and have not ended, newest first.
#[utoipa::path(
    tag = "consents",
    security(("oauth2" = ["reconnects:preview"])),
    params(PageQuery),
    responses((status = 200, description = "One page of consents.", body = Page<ConsentOut>)),
)]
#[get("/consents")]
pub(crate) async fn list_consents(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault.list_consents(&caller.principal, after, limit).await?;
    let data = list.data.into_iter().map(ConsentOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Read a consent of the caller.
#[utoipa::path(
    tag = "consents",
    security(("oauth2" = ["reconnects:preview"])),
    params(("id" = String, Path, description = "The consent's id.")),
    responses((status = 200, description = "The consent.", body = ConsentOut)),
)]
#[get("/consents/{id}")]
pub(crate) async fn get_consent(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    id: PathId<ConsentId>,
) -> Result<HttpResponse, Problem> {
    let consent = vault.find_consent(&caller.principal, id.0).await?;
    Ok(HttpResponse::Ok().json(ConsentOut::from(consent)))
}

/// Delete a consent of the caller, with its token.
#[utoipa::path(
    tag = "consents",
    security(("oauth2" = ["reconnects:preview"])),
    params(("id" = String, Path, description = "The consent's id.")),
    responses((status = 204, description = "The consent is deleted.")),
)]
#[delete("/consents/{id}")]
pub(crate) async fn delete_consent(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    id: PathId<ConsentId>,
) -> Result<HttpResponse, Problem> {
    vault.delete_consent(&caller.principal, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Hand over a log-in at Meta for the session that the access token belongs to. The token of a client gets 404.
///
/// As `POST /v1/consents`. A session has one consent: a newer one replaces the older. It ends with the session. Each call
/// counts as a preview of the session.
#[utoipa::path(
    tag = "consents",
    security(("oauth2" = ["reconnects:preview"])),
    request_body = NewConsent,
    responses(
        (status = 201, description = "The consent.", body = ConsentOut,
            headers(("Location" = String, description = "The consent."))),
        (status = 404, description = "`not_found`: the caller is not a session.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 409, description = "`session_used_up`: the session has no previews left. \
            `call_under_way`: another call with the same Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 503, description = "`graph_unavailable`, `database_busy`: nothing was changed; a code can be sent again.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/reconnect-sessions/current/consent")]
pub(crate) async fn give_current_consent(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewConsent>,
) -> Result<HttpResponse, Problem> {
    let route = "POST /v1/reconnect-sessions/current/consent";
    let request = consent_request(route, body, idempotency)?;
    let given = vault
        .give_current_consent(&caller.principal, request)
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, "/v1/reconnect-sessions/current/consent"))
        .json(ConsentOut::from(given.value)))
}

/// Read the consent of the session that the access token belongs to.
#[utoipa::path(
    tag = "consents",
    security(("oauth2" = ["reconnects:preview"])),
    responses(
        (status = 200, description = "The consent.", body = ConsentOut),
        (status = 404, description = "`not_found`: the caller is not a session, or it has no consent.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/reconnect-sessions/current/consent")]
pub(crate) async fn get_current_consent(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
) -> Result<HttpResponse, Problem> {
    let consent = vault.find_current_consent(&caller.principal).await?;
    Ok(HttpResponse::Ok().json(ConsentOut::from(consent)))
}

/// Delete the consent of the session that the access token belongs to, so that its person can log in as someone else.
#[utoipa::path(
    tag = "consents",
    security(("oauth2" = ["reconnects:preview"])),
    responses(
        (status = 204, description = "The session has no consent any more."),
        (status = 404, description = "`not_found`: the caller is not a session.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[delete("/reconnect-sessions/current/consent")]
pub(crate) async fn delete_current_consent(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
) -> Result<HttpResponse, Problem> {
    vault.delete_current_consent(&caller.principal).await?;
    Ok(HttpResponse::NoContent().finish())
}
