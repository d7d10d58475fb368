//! Previews: what a reconnect would do. Start, list, read, follow, delete.

pub(in super::super) mod events;
mod out;

use actix_web::{HttpResponse, delete, get, http::header, post, web::Data};
use regrant_domain::{AssetId, ConsentId, Locale, PersonId, PreviewId, PreviewStatus};
use regrant_vault::{PreviewRequest, PreviewView, Vault};
use serde::Deserialize;
use utoipa::ToSchema;

use self::out::{PreviewOut, PreviewSummary};
use super::request::{SelectionIn, choose_targets};
use crate::{
    access::{Caller, ReconnectsPreview},
    cursor::{Page, PageQuery},
    extract::{IdempotencyHeader, Language, PathId},
    json::{CanonicalJson, ListIn, Query, WaitSeconds},
    problem::{Problem, ProblemOut},
    schema,
    submitted_token::{SubmittedToken, choose_token_source},
};

/// One new token and the assets to preview. Give exactly one of `asset_ids` and `select`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReconnectPreview {
    /// New token of a person or a system user. Give exactly one of `access_token` and `consent_id`.
    #[schema(value_type = Option<String>, write_only)]
    access_token: Option<SubmittedToken>,
    /// Consent of the caller, whose token is the new one.
    #[schema(schema_with = schema::consent_id_or_null, required = false)]
    consent_id: Option<ConsentId>,
    /// Graph ids of the assets, at most 10,000.
    #[schema(value_type = Option<Vec<String>>, max_items = 10_000)]
    asset_ids: Option<ListIn<AssetId>>,
    /// Select all assets that match.
    select: Option<SelectionIn>,
    /// Refuse the call unless the token belongs to this person.
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    expect_person: Option<PersonId>,
    /// Also search assets that the token reaches and the caller does not have; at most 200 more calls of the Graph API.
    #[serde(default)]
    find_new_assets: bool,
    /// How long the call waits for the end, in seconds.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 0, maximum = 60, default = 10)]
    wait_seconds: WaitSeconds,
}

/// Preview a reconnect: probe the token on every asset, and change nothing.
///
/// `will_replace`: the token works on the asset and would replace the old one. `unchanged`: the old token would stay,
/// because it is the same token or outranks the new one. `would_park`: the token does not reach the asset yet; it would
/// be parked, and the old one would keep serving. `would_narrow`: the token has fewer permissions on the asset than the
/// old one, which would stay. `uncovered`: the token would not serve the asset. `unknown`: the caller has no such asset,
/// or the Graph API gave no clear response within 45 seconds (45 more for every 2,500 assets).
///
/// The call answers 200 if the preview ends within `wait_seconds`, else 202; the preview continues even if the caller
/// disconnects. Only its caller can read it, until it expires: 15 minutes after its end. A tenant keeps at most 200
/// previews that name at most 200,000 assets together; older ones are deleted.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:preview"])),
    request_body = NewReconnectPreview,
    responses(
        (status = 200, description = "The preview has ended.", body = PreviewOut),
        (status = 202, description = "Accepted, still running.", body = PreviewOut, headers(
            ("Location" = String, description = "The preview."),
            ("Retry-After" = u32, description = "Seconds until the next poll."),
        )),
        (status = 404, description = "`not_found`: the caller has no such consent; it was used, replaced or has ended.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 409, description = "`session_used_up`: the session has no previews left.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_previews`: the limit of running previews is reached. \
            `rate_limited`: the tenant, the caller or the address exceeds its rate limit. `tenant_busy`: too many calls \
            of the tenant wait for the database.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 503, description = "`preview_interrupted`: the process that ran the preview stopped. `database_busy`: \
            nothing was changed.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/reconnect-previews")]
pub(crate) async fn preview_reconnect(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    idempotency: IdempotencyHeader,
    language: Language,
    body: CanonicalJson<NewReconnectPreview>,
) -> Result<HttpResponse, Problem> {
    let it = body.value;
    let request = PreviewRequest {
        source: choose_token_source(it.access_token, it.consent_id)?,
        targets: choose_targets(it.asset_ids, it.select)?,
        expect_person: it.expect_person,
        finds_new: it.find_new_assets,
        wait: it.wait_seconds.to_duration(),
        repeatable: idempotency.into_call("POST /v1/reconnect-previews", &body.canonical),
    };
    let view = vault.preview_reconnect(&caller.principal, request).await?;
    Ok(preview_response(view, language.0))
}

/// List the caller's previews, newest first, without what they found.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:preview"])),
    params(PageQuery),
    responses((status = 200, description = "One page of previews.", body = Page<PreviewSummary>)),
)]
#[get("/reconnect-previews")]
pub(crate) async fn list_previews(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault.list_previews(&caller.principal, after, limit).await?;
    let data = list.data.into_iter().map(PreviewSummary::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Read a preview of the caller, with what it found so far.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:preview"])),
    params(("id" = String, Path, description = "The preview's id.")),
    responses((status = 200, description = "The preview.", body = PreviewOut)),
)]
#[get("/reconnect-previews/{id}")]
pub(crate) async fn get_preview(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    id: PathId<PreviewId>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let view = vault.find_preview(&caller.principal, id.0).await?;
    Ok(HttpResponse::Ok().json(PreviewOut::in_language(view, language.0)))
}

/// Delete a preview of the caller. One that is running ends; its plan, if it has one, stays valid.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:preview"])),
    params(("id" = String, Path, description = "The preview's id.")),
    responses((status = 204, description = "The preview is deleted.")),
)]
#[delete("/reconnect-previews/{id}")]
pub(crate) async fn delete_preview(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    id: PathId<PreviewId>,
) -> Result<HttpResponse, Problem> {
    vault.delete_preview(&caller.principal, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn preview_response(view: PreviewView, locale: Locale) -> HttpResponse {
    if view.status == PreviewStatus::Running {
        HttpResponse::Accepted()
            .insert_header((
                header::LOCATION,
                format!("/v1/reconnect-previews/{}", view.id),
            ))
            .insert_header((header::RETRY_AFTER, 1))
            .json(PreviewOut::in_language(view, locale))
    } else {
        HttpResponse::Ok().json(PreviewOut::in_language(view, locale))
    }
}
