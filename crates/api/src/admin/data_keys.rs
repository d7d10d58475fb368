//! The data keys: each seals the records of one tenant, or the secrets of the installation.

use actix_web::{HttpResponse, post, web::Data};
use regrant_domain::TenantId;
use regrant_vault::{KeyOwners, RotationReason, Vault};
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
    /// Only this tenant; by default every tenant and the installation.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
    /// Only the installation's own data key.
    #[serde(default)]
    installation: bool,
    /// Whether the keys may have leaked: what they sealed is then sealed again first, and without rests.
    #[serde(default)]
    compromised: bool,
}

/// What was rotated.
#[derive(Serialize, ToSchema)]
#[schema(as = RotatedDataKeys)]
pub(super) struct RotatedOut {
    /// How many data keys were replaced.
    rotated: u64,
}

/// Give a tenant, the installation, or all of them a new data key. New records are sealed under it at once; the worker seals
/// the older ones again. Tokens and clients stay valid.
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
    let RotateDataKeys {
        tenant_id,
        installation,
        compromised,
    } = body.value;
    let owners = match tenant_id {
        Some(_) if installation => {
            let detail = "Expected either `tenant_id` or `installation`, not both.";
            return Err(Problem::invalid_field("installation", detail));
        }
        Some(tenant) => KeyOwners::Tenant(tenant),
        None if installation => KeyOwners::Installation,
        None => KeyOwners::All,
    };
    let reason = if compromised {
        RotationReason::Compromise
    } else {
        RotationReason::Routine
    };
    let by = caller.0.as_actor();
    let rotated = vault.rotate_data_keys(by, owners, reason).await?;
    Ok(HttpResponse::Ok().json(RotatedOut { rotated }))
}
