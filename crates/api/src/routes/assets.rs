//! Assets: register, list, read, check, delete.

mod check;
mod facts;
mod out;
mod request;
mod slots;

use actix_web::{HttpResponse, delete, get, post, web::Data};
use regrant_domain::AssetId;
use regrant_vault::{CheckRequest, Vault};

pub(crate) use self::out::EndingOut;
use self::{
    check::{CheckAsset, CheckAssets, CheckOut, check_response, checks_response},
    out::{AssetOut, Registration},
    request::{AssetFilter, RegisterAssets},
};
use crate::{
    access::{AssetsRead, AssetsWrite, Caller},
    cursor::Page,
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, OptionalJson, Query},
    problem::{Problem, ProblemOut},
};

/// Register assets, and seal the tokens that come with them.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:write"])),
    request_body = RegisterAssets,
    responses(
        (status = 200, description = "One result per asset, in the order of the request.", body = Page<Registration>),
        (status = 409, description = "`too_many_assets`: the tenant would exceed its limit. \
            `call_under_way`: another call with the same Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/assets")]
pub(crate) async fn register_assets(
    vault: Data<Vault>,
    caller: Caller<AssetsWrite>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<RegisterAssets>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /v1/assets", &body.canonical);
    let registrations = body.value.into_registrations()?;
    let registered = vault
        .register_assets(&caller.principal, registrations, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(Page::only_page(
        registered.into_iter().map(Registration::from).collect(),
    )))
}

/// List assets, ordered by id.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:read"])),
    params(AssetFilter),
    responses((status = 200, description = "One page of assets, without their slots.", body = Page<AssetOut>)),
)]
#[get("/assets")]
pub(crate) async fn list_assets(
    vault: Data<Vault>,
    caller: Caller<AssetsRead>,
    Query(filter): Query<AssetFilter>,
) -> Result<HttpResponse, Problem> {
    let limit = filter.limit.0;
    let list = vault
        .list_assets(&caller.principal, filter.into(), limit)
        .await?;
    let data = list.data.into_iter().map(AssetOut::without_slots).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Read an asset with its slots and what is known about it.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:read"])),
    params(("asset_id" = String, Path, description = "The asset's Graph id.")),
    responses((status = 200, description = "The asset.", body = AssetOut)),
)]
#[get("/assets/{asset_id}")]
pub(crate) async fn get_asset(
    vault: Data<Vault>,
    caller: Caller<AssetsRead>,
    id: PathId<AssetId>,
) -> Result<HttpResponse, Problem> {
    let view = vault.find_asset(&caller.principal, &id.0).await?;
    Ok(HttpResponse::Ok().json(AssetOut::with_slots(view)))
}

/// Delete an asset and its credentials.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:write"])),
    params(("asset_id" = String, Path, description = "The asset's Graph id.")),
    responses((status = 204, description = "The asset is deleted.")),
)]
#[delete("/assets/{asset_id}")]
pub(crate) async fn delete_asset(
    vault: Data<Vault>,
    caller: Caller<AssetsWrite>,
    id: PathId<AssetId>,
) -> Result<HttpResponse, Problem> {
    vault.delete_asset(&caller.principal, &id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Check an asset now: probe it, whatever its schedule, for example because a call with its token was refused.
///
/// The call answers 200 if the asset is probed within `wait_seconds`, else 202, and the check continues by itself. A check
/// is the probe that the worker would run: it confirms, fails over and promotes as that does. Refusals that follow each other
/// closely count once, so checking often disconnects nothing. Repeat the call with the same `Idempotency-Key` to read the
/// result of the same check.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:write"])),
    params(("asset_id" = String, Path, description = "The asset's Graph id.")),
    request_body(content = Option<CheckAsset>),
    responses(
        (status = 200, description = "The asset was probed.", body = CheckOut),
        (status = 202, description = "The asset is not probed yet.", body = CheckOut, headers(
            ("Retry-After" = u32, description = "Seconds until the next call."),
        )),
        (status = 429, description = "`too_many_checks`: the limit of running checks is reached. \
            `rate_limited`: the tenant, the caller or the address exceeds its rate limit. `tenant_busy`: too many calls \
            of the tenant wait for the database.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/assets/{asset_id}/check")]
pub(crate) async fn check_asset(
    vault: Data<Vault>,
    caller: Caller<AssetsWrite>,
    idempotency: IdempotencyHeader,
    id: PathId<AssetId>,
    OptionalJson(body): OptionalJson<CheckAsset>,
) -> Result<HttpResponse, Problem> {
    let request = CheckRequest {
        asset_ids: vec![id.0],
        wait: body.value.wait(),
        repeatable: idempotency.into_call("POST /v1/assets/{asset_id}/check", &body.canonical),
    };
    let checked = vault.check_asset(&caller.principal, request).await?;
    Ok(check_response(checked))
}

/// Check many assets now. The response has one entry per distinct asset, in the order of the request.
///
/// The call answers 200 if every asset is probed within `wait_seconds`, else 202.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:write"])),
    request_body = CheckAssets,
    responses(
        (status = 200, description = "Every asset was probed.", body = Page<CheckOut>),
        (status = 202, description = "Some assets are not probed yet.", body = Page<CheckOut>, headers(
            ("Retry-After" = u32, description = "Seconds until the next call."),
        )),
        (status = 429, description = "`too_many_checks`: the limit of running checks is reached. \
            `rate_limited`: the tenant, the caller or the address exceeds its rate limit. `tenant_busy`: too many calls \
            of the tenant wait for the database.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/assets/check")]
pub(crate) async fn check_assets(
    vault: Data<Vault>,
    caller: Caller<AssetsWrite>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<CheckAssets>,
) -> Result<HttpResponse, Problem> {
    let request = CheckRequest {
        repeatable: idempotency.into_call("POST /v1/assets/check", &body.canonical),
        ..body.value.into()
    };
    let checked = vault.check_assets(&caller.principal, request).await?;
    Ok(checks_response(checked))
}
