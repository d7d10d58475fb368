//! Tenants: onboard, change, suspend, resume, delete after a delay, restore, shred.

mod out;
mod request;

use actix_web::{HttpResponse, delete, get, http::header, patch, post, web::Data};
use regrant_domain::TenantId;
use regrant_vault::Vault;

use self::{
    out::{OnboardedOut, ShreddedOut, TenantOut},
    request::{NewTenant, ShredTenant, TenantPatch},
};
use super::{access_at_meta::access_at_meta, caller::OperatorCaller, receipts::ReceiptOut};
use crate::{
    cursor::{Page, PageQuery},
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, Json, Query},
    problem::{Problem, ProblemOut},
    secret_response::secret_response,
};

/// Onboard a tenant in one call, with its own data key, a first client, limits and origins. Only this response contains
/// the client's secret.
#[utoipa::path(
    tag = "tenants",
    request_body = NewTenant,
    responses((status = 201, description = "The tenant with its first client.", body = OnboardedOut,
        headers(("Location" = String, description = "The tenant.")))),
)]
#[post("/tenants")]
pub(super) async fn create_tenant(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewTenant>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/tenants", &body.canonical);
    let onboarded = vault
        .create_tenant(caller.0.as_actor(), body.value.into(), repeatable)
        .await?;
    let location = format!("/admin/v1/tenants/{}", onboarded.tenant.tenant.id);
    let mut created = HttpResponse::Created();
    created.insert_header((header::LOCATION, location));
    secret_response(created, &OnboardedOut::from(onboarded), 1)
}

/// List tenants, oldest first, including deleted ones.
#[utoipa::path(
    tag = "tenants",
    params(PageQuery),
    responses((status = 200, description = "One page of tenants.", body = Page<TenantOut>)),
)]
#[get("/tenants")]
pub(super) async fn list_tenants(
    vault: Data<Vault>,
    _: OperatorCaller,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault.list_tenants(after, limit).await?;
    let data = list.data.into_iter().map(TenantOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Read a tenant.
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses((status = 200, description = "The tenant.", body = TenantOut)),
)]
#[get("/tenants/{id}")]
pub(super) async fn get_tenant(
    vault: Data<Vault>,
    _: OperatorCaller,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(TenantOut::from(vault.find_tenant(id.0).await?)))
}

/// Change the name, the limits or the origins of a tenant, whether reading its tokens requires a reason, or in which forms
/// its browser sessions may hand over a consent.
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses(
        (status = 200, description = "The tenant.", body = TenantOut),
        (status = 409, description = "`tenant_gone`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[patch("/tenants/{id}")]
pub(super) async fn change_tenant(
    vault: Data<Vault>,
    caller: OperatorCaller,
    id: PathId<TenantId>,
    Json(request): Json<TenantPatch>,
) -> Result<HttpResponse, Problem> {
    let changed = vault
        .change_tenant(caller.0.as_actor(), id.0, request.into())
        .await?;
    Ok(HttpResponse::Ok().json(TenantOut::from(changed)))
}

/// Suspend a tenant at once and delete it after a delay (7 days, unless the installation sets another one).
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses(
        (status = 202, description = "The tenant is scheduled for deletion.", body = TenantOut),
        (status = 409, description = "`tenant_gone`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[delete("/tenants/{id}")]
pub(super) async fn delete_tenant(
    vault: Data<Vault>,
    caller: OperatorCaller,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let scheduled = vault.schedule_deletion(caller.0.as_actor(), id.0).await?;
    Ok(HttpResponse::Accepted().json(TenantOut::from(scheduled)))
}

/// Suspend a tenant. Its clients are refused and its work is paused.
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses(
        (status = 200, description = "The tenant.", body = TenantOut),
        (status = 409, description = "`tenant_gone`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tenants/{id}/suspend")]
pub(super) async fn suspend_tenant(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/tenants/{id}/suspend", &[]);
    let tenant = vault
        .suspend_tenant(caller.0.as_actor(), id.0, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(TenantOut::from(tenant)))
}

/// Resume a suspended tenant. Its clients are served and its work continues.
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses(
        (status = 200, description = "The tenant.", body = TenantOut),
        (status = 409, description = "`tenant_gone`: the tenant is deleted, shredded or scheduled for deletion.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tenants/{id}/resume")]
pub(super) async fn resume_tenant(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/tenants/{id}/resume", &[]);
    let tenant = vault
        .resume_tenant(caller.0.as_actor(), id.0, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(TenantOut::from(tenant)))
}

/// Cancel the scheduled deletion of a tenant. The tenant stays suspended until it is resumed.
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses(
        (status = 200, description = "The tenant.", body = TenantOut),
        (status = 409, description = "`tenant_gone`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tenants/{id}/restore")]
pub(super) async fn restore_tenant(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/tenants/{id}/restore", &[]);
    let tenant = vault
        .restore_tenant(caller.0.as_actor(), id.0, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(TenantOut::from(tenant)))
}

/// Delete the data keys of a suspended tenant, without which its sealed data cannot be opened. Copies of the keys stay in
/// logs, replicas and backups, wrapped: `effective_at` is null until the keys that wrapped them are destroyed, which
/// `waits_for` names. With `revoke_at_meta` the app's access for the tenant's persons ends at Meta first;
/// `access_at_meta` says what came of it. The keys are deleted in any case.
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    request_body = ShredTenant,
    responses(
        (status = 200, description = "The data keys are deleted.", body = ShreddedOut),
        (status = 409, description = "`tenant_not_suspended`: suspend the tenant first. `tenant_gone`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tenants/{id}/shred")]
pub(super) async fn shred_tenant(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    id: PathId<TenantId>,
    body: CanonicalJson<ShredTenant>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/tenants/{id}/shred", &body.canonical);
    let ShredTenant {
        confirm,
        revoke_at_meta,
    } = body.value;
    let access = access_at_meta(revoke_at_meta);
    let shredded = vault
        .shred_tenant(caller.0.as_actor(), id.0, &confirm, access, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(ShreddedOut::from(shredded)))
}

/// Sign a receipt of the deletion of a shredded or deleted tenant: what was deleted, when, and what that waits for. It says
/// what holds now; read it again once the deletion is effective.
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses(
        (status = 200, description = "The receipt.", body = ReceiptOut),
        (status = 404, description = "`not_found`: the tenant does not exist, or it is neither shredded nor deleted.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/tenants/{id}/deletion-receipt")]
pub(super) async fn get_deletion_receipt(
    vault: Data<Vault>,
    _: OperatorCaller,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let signed = vault.sign_tenant_receipt(id.0).await?;
    Ok(HttpResponse::Ok().json(ReceiptOut::from(signed)))
}
