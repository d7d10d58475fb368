//! Clients of tenants: create, change, delete, reset their secrets, revoke their tokens.

mod out;
mod request;

use std::time::Duration;

use actix_web::{HttpResponse, delete, get, http::header, patch, post, web::Data};
use regrant_domain::{ClientId, TenantId};
use regrant_vault::Vault;

use self::{
    out::ClientOut,
    request::{ClientPatch, ResetClientSecret},
};
pub(super) use self::{out::MintedClientOut, request::NewClient};
use super::caller::OperatorCaller;
use crate::{
    cursor::Page,
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, Json},
    problem::{Problem, ProblemOut},
    secret_response::secret_response,
};

/// List all clients of a tenant, oldest first.
#[utoipa::path(
    tag = "clients",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses((status = 200, description = "All clients of the tenant.", body = Page<ClientOut>)),
)]
#[get("/tenants/{id}/clients")]
pub(super) async fn list_clients(
    vault: Data<Vault>,
    _: OperatorCaller,
    tenant: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let clients = vault
        .list_clients(tenant.0)
        .await?
        .into_iter()
        .map(ClientOut::from)
        .collect();
    Ok(HttpResponse::Ok().json(Page::only_page(clients)))
}

/// Create a client of a tenant. Only this response contains its secret.
#[utoipa::path(
    tag = "clients",
    params(("id" = String, Path, description = "The tenant's id.")),
    request_body = NewClient,
    responses(
        (status = 201, description = "The client with its secret.", body = MintedClientOut,
            headers(("Location" = String, description = "The client."))),
        (status = 409, description = "`too_many_clients`: the tenant has reached its limit. `tenant_gone`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tenants/{id}/clients")]
pub(super) async fn create_client(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    tenant: PathId<TenantId>,
    body: CanonicalJson<NewClient>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/tenants/{id}/clients", &body.canonical);
    let minted = vault
        .create_client(caller.0.as_actor(), tenant.0, body.value.into(), repeatable)
        .await?;
    let location = format!(
        "/admin/v1/tenants/{}/clients/{}",
        minted.tenant, minted.client.id
    );
    let mut created = HttpResponse::Created();
    created.insert_header((header::LOCATION, location));
    secret_response(created, &MintedClientOut::from(minted), 1)
}

/// Read a client.
#[utoipa::path(
    tag = "clients",
    params(
        ("id" = String, Path, description = "The tenant's id."),
        ("client_id" = String, Path, description = "The client's id."),
    ),
    responses((status = 200, description = "The client.", body = ClientOut)),
)]
#[get("/tenants/{id}/clients/{client_id}")]
pub(super) async fn get_client(
    vault: Data<Vault>,
    _: OperatorCaller,
    tenant: PathId<TenantId>,
    client: PathId<ClientId>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(ClientOut::from(
        vault.find_client(tenant.0, client.0).await?,
    )))
}

/// Change a client. Disabling it revokes its access tokens permanently.
#[utoipa::path(
    tag = "clients",
    params(
        ("id" = String, Path, description = "The tenant's id."),
        ("client_id" = String, Path, description = "The client's id."),
    ),
    responses(
        (status = 200, description = "The client.", body = ClientOut),
    ),
)]
#[patch("/tenants/{id}/clients/{client_id}")]
pub(super) async fn change_client(
    vault: Data<Vault>,
    caller: OperatorCaller,
    tenant: PathId<TenantId>,
    client: PathId<ClientId>,
    Json(request): Json<ClientPatch>,
) -> Result<HttpResponse, Problem> {
    let changed = vault
        .change_client(caller.0.as_actor(), tenant.0, client.0, request.into())
        .await?;
    Ok(HttpResponse::Ok().json(ClientOut::from(changed)))
}

/// Delete a client. Its access tokens and sessions are refused from now on.
#[utoipa::path(
    tag = "clients",
    params(
        ("id" = String, Path, description = "The tenant's id."),
        ("client_id" = String, Path, description = "The client's id."),
    ),
    responses((status = 204, description = "The client is deleted.")),
)]
#[delete("/tenants/{id}/clients/{client_id}")]
pub(super) async fn delete_client(
    vault: Data<Vault>,
    caller: OperatorCaller,
    tenant: PathId<TenantId>,
    client: PathId<ClientId>,
) -> Result<HttpResponse, Problem> {
    vault
        .delete_client(caller.0.as_actor(), tenant.0, client.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Reset the secret of a client. Only this response contains the new secret.
#[utoipa::path(
    tag = "clients",
    params(
        ("id" = String, Path, description = "The tenant's id."),
        ("client_id" = String, Path, description = "The client's id."),
    ),
    request_body = ResetClientSecret,
    responses(
        (status = 200, description = "The client with its new secret.", body = MintedClientOut),
        (status = 409, description = "`secret_overlap_open`: an older secret is in use, and an overlap of more than 0 would end it \
            early. `tenant_gone`. `call_under_way`: another call with the same Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tenants/{id}/clients/{client_id}/secret")]
pub(super) async fn reset_client_secret(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    tenant: PathId<TenantId>,
    client: PathId<ClientId>,
    body: CanonicalJson<ResetClientSecret>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call(
        "POST /admin/v1/tenants/{id}/clients/{client_id}/secret",
        &body.canonical,
    );
    let overlap = body
        .value
        .overlap_hours
        .map(|it| Duration::from_secs(it.saturating_mul(3600)));
    let minted = vault
        .reset_client_secret(caller.0.as_actor(), tenant.0, client.0, overlap, repeatable)
        .await?;
    secret_response(HttpResponse::Ok(), &MintedClientOut::from(minted), 1)
}

/// Revoke all access tokens that were issued to a client so far.
#[utoipa::path(
    tag = "clients",
    params(
        ("id" = String, Path, description = "The tenant's id."),
        ("client_id" = String, Path, description = "The client's id."),
    ),
    responses((status = 204, description = "The access tokens are revoked.")),
)]
#[post("/tenants/{id}/clients/{client_id}/revoke-tokens")]
pub(super) async fn revoke_client_tokens(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    tenant: PathId<TenantId>,
    client: PathId<ClientId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call(
        "POST /admin/v1/tenants/{id}/clients/{client_id}/revoke-tokens",
        &[],
    );
    vault
        .revoke_client_tokens(caller.0.as_actor(), tenant.0, client.0, repeatable)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
