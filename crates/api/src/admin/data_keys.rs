//! The data keys: each seals the records of one tenant.

use actix_web::{HttpResponse, post, web::Data};
use regrant_domain::TenantId;
use regrant_vault::Vault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::OperatorCaller;
use crate::{
    json::CanonicalJson,
    problem::{Problem, ProblemOut},
};

/// Whose data key to rotate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateDataKeys {
    /// Only this tenant; by default every tenant.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
}

/// What was rotated.
#[derive(Serialize, ToSchema)]
#[schema(as = RotatedDataKeys)]
pub(super) struct RotatedOut {
    /// How many tenants have a new data key.
    rotated: u64,
}

/// Give a tenant, or every tenant, a new data key. New records are sealed under it at once; the worker seals the older
/// ones again. Tokens and clients stay valid.
#[utoipa::path(
    tag = "keys",
    request_body = RotateDataKeys,
    responses(
        (status = 200, description = "The new data keys seal.", body = RotatedOut),
        (status = 404, description = "There is no such tenant.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 409, description = "`tenant_gone`. `key_not_everywhere`: this process needs the newest keyring.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/keys/data/rotate")]
pub(super) async fn rotate_data_keys(
    vault: Data<Vault>,
    caller: OperatorCaller,
    body: CanonicalJson<RotateDataKeys>,
) -> Result<HttpResponse, Problem> {
    let by = caller.0.as_actor();
    let rotated = match body.value.tenant_id {
        Some(tenant) => vault.rotate_data_key(by, tenant).await.map(|()| 1)?,
        None => vault.rotate_all_data_keys(by).await?,
    };
    Ok(HttpResponse::Ok().json(RotatedOut { rotated }))
}
