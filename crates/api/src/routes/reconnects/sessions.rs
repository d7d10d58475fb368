//! Reconnect sessions: a tenant's backend lets a page in a browser replace tokens for some minutes.

mod out;

use self::out::{OpenedSessionOut, OwnSessionOut, ReconnectSessionOut, SessionSummary};
use crate::{
    access::{Caller, ReconnectsWrite},
    cursor::{Page, PageQuery},
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, ListIn, Query},
    problem::Problem,
    schema,
    secret_response::secret_response,
};
use actix_web::{HttpResponse, delete, get, http::header, post, web::Data};
use regrant_domain::{AssetId, PersonId, ReconnectSessionId};
use regrant_vault::{SessionRequest, Vault};
use serde::Deserialize;
use utoipa::ToSchema;

/// How many ids of assets fit into the bytes that a response reserves for one token.
const IDS_PER_ENTRY: usize = 16;

/// A session to open.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReconnectSession {
    /// Person whose token the page should submit.
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    person_id: Option<PersonId>,
    /// Refuse tokens of other persons; by default true if `person_id` is given.
    require_person: Option<bool>,
    /// Assets of the session, at most 10,000; all must belong to the tenant and lie within the caller's reach.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 10_000)]
    asset_ids: ListIn<AssetId>,
    /// Lifetime of the session in minutes.
    #[serde(default = "default_minutes")]
    #[schema(minimum = 1, maximum = 60, default = 15)]
    minutes: u32,
    /// Number of reconnects that the session may start.
    #[serde(default = "default_uses")]
    #[schema(minimum = 1, maximum = 20, default = 5)]
    uses: u32,
}

/// Open a reconnect session for a page in a browser. Only this response contains its token.
///
/// The page may preview and start reconnects of these assets, follow and cancel the reconnects that it started, and read
/// its session; nothing else. It may run at most 20 previews, and each consent that it hands over counts as one. Each accepted reconnect takes one use, even if its token is
/// refused. The tenant must list the origin of the page.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    request_body = NewReconnectSession,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters.")),
    responses((status = 201, description = "The session with its token.", body = OpenedSessionOut,
        headers(("Location" = String, description = "The session.")))),
)]
#[post("/reconnect-sessions")]
pub(crate) async fn open_reconnect_session(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewReconnectSession>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /v1/reconnect-sessions", &body.canonical);
    let opened = vault
        .open_reconnect_session(&caller.principal, body.value.into(), repeatable)
        .await?
        .value;
    let location = format!("/v1/reconnect-sessions/{}", opened.session.session.id);
    let entries = opened.session.session.asset_ids.len() / IDS_PER_ENTRY + 2;
    let mut created = HttpResponse::Created();
    created.insert_header((header::LOCATION, location));
    secret_response(created, &OpenedSessionOut::from(opened), entries)
}

/// List reconnect sessions, newest first, without their assets.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    params(PageQuery),
    responses((status = 200, description = "One page of sessions.", body = Page<SessionSummary>)),
)]
#[get("/reconnect-sessions")]
pub(crate) async fn list_reconnect_sessions(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault
        .list_reconnect_sessions(&caller.principal, after, limit)
        .await?;
    let data = list.data.into_iter().map(SessionSummary::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Read the session that the access token belongs to. The token of a client gets 404.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    responses(
        (status = 200, description = "The session.", body = OwnSessionOut),
        (status = 404, description = "`not_found`: the caller is not a session.",
            body = crate::problem::ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/reconnect-sessions/current")]
pub(crate) async fn get_current_reconnect_session(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
) -> Result<HttpResponse, Problem> {
    let own = vault.find_calling_session(&caller.principal).await?;
    Ok(HttpResponse::Ok().json(OwnSessionOut::from(own)))
}

/// Read a reconnect session.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    params(("id" = String, Path, description = "The session's id.")),
    responses((status = 200, description = "The session.", body = ReconnectSessionOut)),
)]
#[get("/reconnect-sessions/{id}")]
pub(crate) async fn get_reconnect_session(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    id: PathId<ReconnectSessionId>,
) -> Result<HttpResponse, Problem> {
    let session = vault
        .find_reconnect_session(&caller.principal, id.0)
        .await?;
    Ok(HttpResponse::Ok().json(ReconnectSessionOut::from(session)))
}

/// End a reconnect session at once. The reconnects that it started continue.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    params(("id" = String, Path, description = "The session's id.")),
    responses((status = 204, description = "The session has ended.")),
)]
#[delete("/reconnect-sessions/{id}")]
pub(crate) async fn end_reconnect_session(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    id: PathId<ReconnectSessionId>,
) -> Result<HttpResponse, Problem> {
    vault.end_reconnect_session(&caller.principal, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<NewReconnectSession> for SessionRequest {
    fn from(it: NewReconnectSession) -> Self {
        Self {
            require_person: it.require_person.unwrap_or(it.person_id.is_some()),
            person_id: it.person_id,
            asset_ids: it.asset_ids.0,
            minutes: it.minutes,
            uses: it.uses,
        }
    }
}

const fn default_minutes() -> u32 {
    15
}

const fn default_uses() -> u32 {
    5
}
