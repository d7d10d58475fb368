//! Discoveries: what a token lists at Meta.

mod events;
mod out;

use actix_web::{HttpResponse, delete, get, http::header, post, web::Data};
use regrant_domain::{ConsentId, DiscoveryId, DiscoveryStatus};
use regrant_vault::{DiscoveryRequest, DiscoveryView, Vault};
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) use self::events::stream_discovery_events;
use self::out::{DiscoveryOut, DiscoverySummary};
use crate::{
    access::{Caller, ReconnectsPreview},
    cursor::{EventSeq, Page, PageQuery},
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, Query, WaitSeconds},
    problem::{Problem, ProblemOut},
    schema,
    submitted_token::{SubmittedToken, choose_token_source},
};

/// A token whose assets are to be discovered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDiscovery {
    /// Token of a person or a system user. Give exactly one of `access_token` and `consent_id`.
    #[schema(value_type = Option<String>, write_only)]
    access_token: Option<SubmittedToken>,
    /// Consent of the caller, whose token is meant.
    #[schema(schema_with = schema::consent_id_or_null, required = false)]
    consent_id: Option<ConsentId>,
    /// Register the assets that are new and that the person granted to the app. Needs the scope `assets:write` too.
    #[serde(default)]
    register: bool,
    /// How long the call waits for the end, in seconds.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 0, maximum = 60, default = 10)]
    wait_seconds: WaitSeconds,
}

/// Discover the assets that a token lists: the person's businesses, pages and ad accounts, and what the businesses own and
/// what clients share with them.
///
/// The call answers 200 if the discovery ends within `wait_seconds`, else 202; it continues by itself, also after a
/// restart. It finds at most 10,000 assets. A tenant runs one discovery at a time and keeps its last ten. Being listed is
/// no proof that the token works on an asset: a preview shows that.
#[utoipa::path(
    tag = "discoveries",
    security(("oauth2" = ["reconnects:preview"])),
    request_body = NewDiscovery,
    responses(
        (status = 200, description = "The discovery has ended.", body = DiscoveryOut),
        (status = 202, description = "Accepted, still running.", body = DiscoveryOut, headers(
            ("Location" = String, description = "The discovery."),
            ("Retry-After" = u32, description = "Seconds until the next poll."),
        )),
        (status = 404, description = "`not_found`: the caller has no such consent; it was used, replaced or has ended.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_discoveries`: a discovery of the tenant is running. `too_many_checks`: the \
            limit of running checks is reached. `rate_limited`: the tenant, the caller or the address exceeds its rate \
            limit. `tenant_busy`: too many calls of the tenant wait for the database.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 503, description = "`graph_unavailable`, `database_busy`: nothing was changed.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/discoveries")]
pub(crate) async fn create_discovery(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewDiscovery>,
) -> Result<HttpResponse, Problem> {
    let it = body.value;
    let request = DiscoveryRequest {
        source: choose_token_source(it.access_token, it.consent_id)?,
        registers: it.register,
        wait: it.wait_seconds.to_duration(),
        repeatable: idempotency.into_call("POST /v1/discoveries", &body.canonical),
    };
    let view = vault.discover_assets(&caller.principal, request).await?;
    Ok(discovery_response(view))
}

/// List discoveries, newest first, without their assets.
#[utoipa::path(
    tag = "discoveries",
    security(("oauth2" = ["reconnects:preview"])),
    params(PageQuery),
    responses((status = 200, description = "One page of discoveries.", body = Page<DiscoverySummary>)),
)]
#[get("/discoveries")]
pub(crate) async fn list_discoveries(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault
        .list_discoveries(&caller.principal, after, limit)
        .await?;
    let data = list.data.into_iter().map(DiscoverySummary::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Read a discovery with a page of its assets, in the order in which they were found.
#[utoipa::path(
    tag = "discoveries",
    security(("oauth2" = ["reconnects:preview"])),
    params(("id" = String, Path, description = "The discovery's id."), PageQuery),
    responses((status = 200, description = "The discovery.", body = DiscoveryOut)),
)]
#[get("/discoveries/{id}")]
pub(crate) async fn get_discovery(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    id: PathId<DiscoveryId>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts::<EventSeq>()?;
    let view = vault
        .find_discovery(&caller.principal, id.0, after.map(|it| it.0), limit)
        .await?;
    Ok(HttpResponse::Ok().json(DiscoveryOut::from(view)))
}

/// Delete a discovery. One that is running ends; assets that it registered stay.
#[utoipa::path(
    tag = "discoveries",
    security(("oauth2" = ["reconnects:preview"])),
    params(("id" = String, Path, description = "The discovery's id.")),
    responses((status = 204, description = "The discovery is deleted.")),
)]
#[delete("/discoveries/{id}")]
pub(crate) async fn delete_discovery(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    id: PathId<DiscoveryId>,
) -> Result<HttpResponse, Problem> {
    vault.delete_discovery(&caller.principal, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn discovery_response(view: DiscoveryView) -> HttpResponse {
    if view.status == DiscoveryStatus::Running {
        HttpResponse::Accepted()
            .insert_header((header::LOCATION, format!("/v1/discoveries/{}", view.id)))
            .insert_header((header::RETRY_AFTER, 2))
            .json(DiscoveryOut::from(view))
    } else {
        HttpResponse::Ok().json(DiscoveryOut::from(view))
    }
}
