//! Reconnect sessions: a tenant's backend lets a page in a browser replace tokens for some minutes.

mod out;

use self::out::{OpenedSessionOut, OwnSessionOut, ReconnectSessionOut, SessionSummary};
use crate::{
    access::{Caller, ReconnectsWrite},
    cursor::{Page, PageQuery},
    extract::{IdempotencyHeader, Language, PathId},
    json::{CanonicalJson, ListIn, Query},
    problem::Problem,
    schema,
    secret_response::secret_response,
};
use actix_web::{HttpResponse, delete, get, http::header, post, web::Data};
use regrant_domain::{AssetId, PersonId, ReconnectSessionId};
use regrant_vault::{SessionRefresh, SessionRequest, Vault};
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

/// How to refresh a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SessionRefresh)]
pub(crate) struct RefreshIn {
    /// Lifetime of the session from now on, in minutes.
    #[serde(default = "default_minutes")]
    #[schema(minimum = 1, maximum = 60, default = 15)]
    minutes: u32,
    /// How long the token before stays valid, in seconds.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 60, default = 0)]
    overlap_seconds: u32,
}

/// Open a reconnect session for a page in a browser. Only this response contains its token.
///
/// The page may preview and start reconnects of these assets, follow, cancel and undo the reconnects that it started, and
/// read its session; nothing else. It may run at most 20 previews, and each consent that it hands over counts as one. Each
/// accepted reconnect takes one use, even if its token is
/// refused. The tenant must list the origin of the page.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    request_body = NewReconnectSession,
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

/// Read the session that the access token belongs to, with one page of its assets. The token of a client gets 404.
///
/// Sentences are in the language of `Accept-Language`: English or German.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    params(PageQuery),
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
    language: Language,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts::<AssetId>()?;
    let own = vault
        .find_calling_session(&caller.principal, after.as_ref(), limit)
        .await?;
    Ok(HttpResponse::Ok().json(OwnSessionOut::in_language(own, language.0)))
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

/// Refresh a reconnect session: get a new token for the same session. Only this response contains the token.
///
/// The session keeps its place: its assets, uses and previews, the reconnects that it started, and its idempotency keys.
/// The token before ends at once, or after `overlap_seconds`; event streams that it opened end within seconds. A session
/// that has expired is open again. One that was ended, or was opened more than 24 hours ago, is not: 409 `session_ended`.
/// So is one whose client is disabled, has expired or may not reconnect any more.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    params(
        ("id" = String, Path, description = "The session's id."),
    ),
    request_body = RefreshIn,
    responses(
        (status = 200, description = "The session with its new token.", body = OpenedSessionOut),
        (status = 409, description = "`session_ended`: the session cannot be refreshed. `too_many_sessions`: the session \
            has expired, and the tenant has reached its limit of open sessions.",
            body = crate::problem::ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/reconnect-sessions/{id}/refresh")]
pub(crate) async fn refresh_reconnect_session(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    idempotency: IdempotencyHeader,
    id: PathId<ReconnectSessionId>,
    body: CanonicalJson<RefreshIn>,
) -> Result<HttpResponse, Problem> {
    let route = "POST /v1/reconnect-sessions/{id}/refresh";
    let repeatable = idempotency.into_call(route, &body.canonical);
    let refreshed = vault
        .refresh_reconnect_session(&caller.principal, id.0, body.value.into(), repeatable)
        .await?
        .value;
    let entries = refreshed.session.session.asset_ids.len() / IDS_PER_ENTRY + 2;
    secret_response(
        HttpResponse::Ok(),
        &OpenedSessionOut::from(refreshed),
        entries,
    )
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

impl From<RefreshIn> for SessionRefresh {
    fn from(it: RefreshIn) -> Self {
        Self {
            minutes: it.minutes,
            overlap_seconds: it.overlap_seconds,
        }
    }
}

const fn default_minutes() -> u32 {
    15
}

const fn default_uses() -> u32 {
    5
}
