//! Previews: what a reconnect would do.

mod out;

use actix_web::{HttpResponse, post, web::Data};
use regrant_domain::{AssetId, ConsentId, PersonId};
use regrant_vault::{PreviewRequest, Vault};
use serde::Deserialize;
use utoipa::ToSchema;

use self::out::PreviewOut;
use super::request::{SelectionIn, choose_targets};
use crate::{
    access::{Caller, ReconnectsPreview},
    extract::IdempotencyHeader,
    json::{CanonicalJson, ListIn},
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
}

/// Preview a reconnect: probe the token on every asset, and change nothing.
///
/// `will_replace`: the token works on the asset and would replace the old one. `unchanged`: the old token would stay,
/// because it is the same token or outranks the new one. `would_park`: the token does not reach the asset yet; it would
/// be parked, and the old one would keep serving. `would_narrow`: the token has fewer permissions on the asset than the
/// old one, which would stay. `uncovered`: the token would not serve the asset. `unknown`: the caller has no such asset,
/// or the Graph API gave no clear response within 45 seconds. A call that repeats another one by its `Idempotency-Key`
/// runs a new preview and counts again.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:preview"])),
    request_body = NewReconnectPreview,
    responses(
        (status = 200, description = "The preview.", body = PreviewOut),
        (status = 404, description = "`not_found`: the caller has no such consent; it was used, replaced or has ended.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 409, description = "`session_used_up`: the session has no previews left.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_previews`: the limit of running previews is reached. \
            `rate_limited`: the tenant, the caller or the address exceeds its rate limit. `tenant_busy`: too many calls \
            of the tenant wait for the database.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/reconnect-previews")]
pub(crate) async fn preview_reconnect(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewReconnectPreview>,
) -> Result<HttpResponse, Problem> {
    let it = body.value;
    let request = PreviewRequest {
        source: choose_token_source(it.access_token, it.consent_id)?,
        targets: choose_targets(it.asset_ids, it.select)?,
        expect_person: it.expect_person,
        repeatable: idempotency.into_call("POST /v1/reconnect-previews", &body.canonical),
    };
    Ok(HttpResponse::Ok().json(PreviewOut::from(
        vault.preview_reconnect(&caller.principal, request).await?,
    )))
}
