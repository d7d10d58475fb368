//! Reconnect sessions: a tenant's backend lets a page replace tokens, for minutes.

use actix_web::{HttpResponse, delete, get, http::header, post, web::Data};
use regrant_domain::{AssetId, PersonId, ReconnectSessionId};
use regrant_vault::{SessionOrder, Vault};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    path_id::PathId,
    session_view::{OpenedSessionOut, OwnSessionOut, SessionOut, SessionSummary},
    tokens::sealed_body,
};
use crate::{
    caller::{Caller, ReconnectsWrite},
    cursor::{Cursor, Limit, Page},
    json::{All, CanonicalJson, Query},
    problem::Problem,
    repeat::Repeat,
    schema,
};

/// How much an asset's id takes in an answer, in the units of a token's.
const IDS_IN_A_TOKENS_ROOM: usize = 16;

/// A session to open.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReconnectSession {
    /// The person whose token the page is to hand in.
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    person_id: Option<PersonId>,
    /// Refuse everybody else's token; true if left out beside a `person_id`.
    require_person: Option<bool>,
    /// The assets the session reaches, at most 10,000; all must be the tenant's and within the caller's reach.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 10_000)]
    asset_ids: All<AssetId>,
    /// How long it lasts.
    #[serde(default = "minutes")]
    #[schema(minimum = 1, maximum = 60, default = 15)]
    minutes: u32,
    /// How many reconnects it may start.
    #[serde(default = "uses")]
    #[schema(minimum = 1, maximum = 20, default = 5)]
    uses: u32,
}

/// Which page of sessions to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReconnectSessionFilter {
    /// The `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<ReconnectSessionId>>,
    /// How many, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// Open a reconnect session for a page in a browser. Its token is in this answer and in no other.
///
/// The page may preview and start reconnects of these assets, follow and stop those it started, and ask what it may do;
/// nothing else. It looks at 20 previews at most. Each
/// accepted reconnect takes one use, also one whose token is refused. The page's origin must be one of the tenant's.
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
    repeat: Repeat,
    body: CanonicalJson<NewReconnectSession>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /v1/reconnect-sessions", &body.canonical);
    let opened = vault
        .open_reconnect_session(&caller.principal, body.value.into(), repeatable)
        .await?
        .value;
    let location = format!("/v1/reconnect-sessions/{}", opened.session.session.id);
    let room = opened.session.session.asset_ids.len() / IDS_IN_A_TOKENS_ROOM + 2;
    let body = sealed_body(&OpenedSessionOut::from(opened), room)?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .content_type("application/json")
        .body(body))
}

/// List reconnect sessions, newest first, without their assets.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    params(ReconnectSessionFilter),
    responses((status = 200, description = "One page of sessions.", body = Page<SessionSummary>)),
)]
#[get("/reconnect-sessions")]
pub(crate) async fn list_reconnect_sessions(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    Query(filter): Query<ReconnectSessionFilter>,
) -> Result<HttpResponse, Problem> {
    let after = filter.cursor.map(|it| it.0);
    let list = vault
        .reconnect_sessions(&caller.principal, after, filter.limit.0)
        .await?;
    let data = list.data.into_iter().map(SessionSummary::from).collect();
    Ok(HttpResponse::Ok().json(Page::of(data, list.next.as_ref())))
}

/// Read what the session whose token this is may do. A client's token finds nothing here.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    responses(
        (status = 200, description = "The session.", body = OwnSessionOut),
        (status = 404, description = "`not_found`: the caller is no session.",
            body = crate::problem::ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/reconnect-sessions/current")]
pub(crate) async fn get_current_reconnect_session(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
) -> Result<HttpResponse, Problem> {
    let own = vault.own_reconnect_session(&caller.principal).await?;
    Ok(HttpResponse::Ok().json(OwnSessionOut::from(own)))
}

/// Read a reconnect session.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    params(("id" = String, Path, description = "The session's id.")),
    responses((status = 200, description = "The session.", body = SessionOut)),
)]
#[get("/reconnect-sessions/{id}")]
pub(crate) async fn get_reconnect_session(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    id: PathId<ReconnectSessionId>,
) -> Result<HttpResponse, Problem> {
    let session = vault.reconnect_session(&caller.principal, id.0).await?;
    Ok(HttpResponse::Ok().json(SessionOut::from(session)))
}

/// End a reconnect session at once; what it started goes on.
#[utoipa::path(
    tag = "reconnect-sessions",
    security(("oauth2" = ["reconnects:write"])),
    params(("id" = String, Path, description = "The session's id.")),
    responses((status = 204, description = "It has ended.")),
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

impl From<NewReconnectSession> for SessionOrder {
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

const fn minutes() -> u32 {
    15
}

const fn uses() -> u32 {
    5
}
