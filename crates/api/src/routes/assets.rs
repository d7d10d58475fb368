//! Assets: register, list, read, delete.

mod out;
mod request;
mod slots;

use actix_web::{HttpResponse, delete, get, post, web::Data};
use regrant_domain::AssetId;
use regrant_vault::Vault;

pub(crate) use self::out::EndingOut;
use self::{
    out::{AssetOut, Registration},
    request::{AssetFilter, RegisterAssets},
};
use crate::{
    access::{AssetsRead, AssetsWrite, Caller},
    cursor::Page,
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, Query},
    problem::Problem,
};

/// Register assets, and seal the tokens that come with them.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:write"])),
    request_body = RegisterAssets,
    responses((status = 200, description = "One result per asset, in the order of the request.", body = Page<Registration>)),
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

/// Read an asset with its slots.
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
