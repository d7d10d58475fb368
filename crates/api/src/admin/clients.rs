//! Clients of tenants: what operators make, narrow, renew and end.

use std::{net::IpAddr, time::Duration};

use actix_web::{HttpResponse, delete, get, http::header, patch, post, web::Data};
use ipnet::IpNet;
use regrant_domain::{AssetId, ClientId, Permission, Reach, TenantId, Within};
use regrant_vault::{ClientChange, ClientSpec, Vault};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    caller::Operator,
    client_view::{ClientOut, MintedClientOut},
    tenants::given,
};
use crate::{
    cursor::Page,
    json::{All, CanonicalJson, Json},
    problem::{Problem, ProblemOut},
    repeat::Repeat,
    routes::{Moment, PathId, sealed_body},
    schema,
};

/// A client to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewClient {
    /// A name for people.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it may do.
    #[schema(schema_with = schema::permissions)]
    scopes: All<Scope>,
    /// From when on it is refused (RFC 3339).
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    expires_at: Option<Moment>,
    /// From where it may call; from anywhere where none is named.
    #[schema(value_type = Option<Vec<String>>, max_items = 50, example = json!(["203.0.113.0/24"]))]
    networks: Option<All<Network>>,
    /// Which of the tenant's assets it may reach; all of them where nothing is said.
    reach: Option<ReachIn>,
    /// Whether each of its calls must carry a proof (`X-Regrant-Proof`).
    #[serde(default)]
    proof_required: bool,
    /// Whether it keeps scopes that it does not use.
    #[serde(default)]
    keep_unused_scopes: bool,
}

/// What is to change; what is absent stays, and null takes a limit away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent and null are two things")]
pub(super) struct ClientPatch {
    /// A name for people.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// What it may do.
    #[schema(schema_with = schema::permissions, required = false)]
    scopes: Option<All<Scope>>,
    /// From when on it is refused (RFC 3339).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    expires_at: Option<Option<Moment>>,
    /// From where it may call.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    networks: Option<Option<All<Network>>>,
    /// Which of the tenant's assets it may reach.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ReachIn>)]
    reach: Option<Option<ReachIn>>,
    /// Whether each of its calls must carry a proof.
    proof_required: Option<bool>,
    /// Whether it keeps scopes that it does not use.
    keep_unused_scopes: Option<bool>,
    /// Whether it is refused; disabling revokes its access tokens for good.
    disabled: Option<bool>,
}

/// How long the older secret goes on counting.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetClientSecret {
    /// Both secrets count for so many hours, at most 720; without it the older one and every access token issued so
    /// far are dead at once.
    #[schema(minimum = 0, maximum = 720)]
    overlap_hours: Option<u64>,
}

/// These assets, and all assets of these businesses.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReachPatch)]
pub(super) struct ReachIn {
    /// Assets.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 500)]
    asset_ids: All<AssetId>,
    /// Businesses.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 100)]
    business_ids: All<AssetId>,
}

/// A scope by its name.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Scope(Permission);

/// A network, or one address.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Network(IpNet);

/// List a tenant's clients, oldest first; they are few.
#[utoipa::path(
    tag = "clients",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses((status = 200, description = "All of them.", body = Page<ClientOut>)),
)]
#[get("/tenants/{id}/clients")]
pub(super) async fn list_clients(
    vault: Data<Vault>,
    _: Operator,
    tenant: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let clients = vault
        .clients(tenant.0)
        .await?
        .into_iter()
        .map(ClientOut::from)
        .collect();
    Ok(HttpResponse::Ok().json(Page::whole(clients)))
}

/// Give a tenant another client. Its secret is in this answer and in no other.
#[utoipa::path(
    tag = "clients",
    params(("id" = String, Path, description = "The tenant's id.")),
    request_body = NewClient,
    responses(
        (status = 201, description = "The client with its secret.", body = MintedClientOut,
            headers(("Location" = String, description = "The client."))),
        (status = 409, description = "`too_many_clients`, `tenant_gone`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tenants/{id}/clients")]
pub(super) async fn create_client(
    vault: Data<Vault>,
    caller: Operator,
    repeat: Repeat,
    tenant: PathId<TenantId>,
    body: CanonicalJson<NewClient>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /admin/v1/tenants/{id}/clients", &body.canonical);
    let minted = vault
        .create_client(caller.0.acting(), tenant.0, body.value.into(), repeatable)
        .await?;
    let location = format!(
        "/admin/v1/tenants/{}/clients/{}",
        minted.tenant, minted.client.id
    );
    let body = sealed_body(&MintedClientOut::from(minted), 1)?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .content_type("application/json")
        .body(body))
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
    _: Operator,
    tenant: PathId<TenantId>,
    client: PathId<ClientId>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(ClientOut::from(vault.client(tenant.0, client.0).await?)))
}

/// Change a client. Disabling it revokes its access tokens for good.
#[utoipa::path(
    tag = "clients",
    params(
        ("id" = String, Path, description = "The tenant's id."),
        ("client_id" = String, Path, description = "The client's id."),
    ),
    responses(
        (status = 200, description = "The client.", body = ClientOut),
        (status = 409, description = "`proof_key_missing`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[patch("/tenants/{id}/clients/{client_id}")]
pub(super) async fn change_client(
    vault: Data<Vault>,
    caller: Operator,
    tenant: PathId<TenantId>,
    client: PathId<ClientId>,
    Json(request): Json<ClientPatch>,
) -> Result<HttpResponse, Problem> {
    let changed = vault
        .change_client(caller.0.acting(), tenant.0, client.0, request.into())
        .await?;
    Ok(HttpResponse::Ok().json(ClientOut::from(changed)))
}

/// Forget a client; its access tokens and sessions are refused from here on.
#[utoipa::path(
    tag = "clients",
    params(
        ("id" = String, Path, description = "The tenant's id."),
        ("client_id" = String, Path, description = "The client's id."),
    ),
    responses((status = 204, description = "It is forgotten.")),
)]
#[delete("/tenants/{id}/clients/{client_id}")]
pub(super) async fn delete_client(
    vault: Data<Vault>,
    caller: Operator,
    tenant: PathId<TenantId>,
    client: PathId<ClientId>,
) -> Result<HttpResponse, Problem> {
    vault
        .delete_client(caller.0.acting(), tenant.0, client.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Give a client another secret. It is in this answer and in no other.
#[utoipa::path(
    tag = "clients",
    params(
        ("id" = String, Path, description = "The tenant's id."),
        ("client_id" = String, Path, description = "The client's id."),
    ),
    request_body = ResetClientSecret,
    responses((status = 200, description = "The client with its new secret.", body = MintedClientOut)),
)]
#[post("/tenants/{id}/clients/{client_id}/secret")]
pub(super) async fn reset_client_secret(
    vault: Data<Vault>,
    caller: Operator,
    repeat: Repeat,
    tenant: PathId<TenantId>,
    client: PathId<ClientId>,
    body: CanonicalJson<ResetClientSecret>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of(
        "POST /admin/v1/tenants/{id}/clients/{client_id}/secret",
        &body.canonical,
    );
    let overlap = body
        .value
        .overlap_hours
        .map(|it| Duration::from_secs(it.saturating_mul(3600)));
    let minted = vault
        .reset_client_secret(caller.0.acting(), tenant.0, client.0, overlap, repeatable)
        .await?;
    let body = sealed_body(&MintedClientOut::from(minted), 1)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body(body))
}

/// Revoke every access token that a client was issued so far.
#[utoipa::path(
    tag = "clients",
    params(
        ("id" = String, Path, description = "The tenant's id."),
        ("client_id" = String, Path, description = "The client's id."),
    ),
    responses((status = 204, description = "They are revoked.")),
)]
#[post("/tenants/{id}/clients/{client_id}/revoke-tokens")]
pub(super) async fn revoke_client_tokens(
    vault: Data<Vault>,
    caller: Operator,
    repeat: Repeat,
    tenant: PathId<TenantId>,
    client: PathId<ClientId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of(
        "POST /admin/v1/tenants/{id}/clients/{client_id}/revoke-tokens",
        &[],
    );
    vault
        .revoke_client_tokens(caller.0.acting(), tenant.0, client.0, repeatable)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<NewClient> for ClientSpec {
    fn from(it: NewClient) -> Self {
        Self {
            name: it.name,
            scopes: it.scopes.0.into_iter().map(|it| it.0).collect(),
            expires_at: it.expires_at.map(|it| it.0),
            networks: it.networks.map(networks),
            reach: reach(it.reach),
            proof_required: it.proof_required,
            keep_unused_scopes: it.keep_unused_scopes,
        }
    }
}

impl From<ClientPatch> for ClientChange {
    fn from(it: ClientPatch) -> Self {
        Self {
            name: it.name,
            scopes: it
                .scopes
                .map(|it| it.0.into_iter().map(|it| it.0).collect()),
            expires_at: it.expires_at.map(|it| it.map(|it| it.0)),
            networks: it.networks.map(|it| it.map(networks)),
            reach: it.reach.map(reach),
            proof_required: it.proof_required,
            keep_unused_scopes: it.keep_unused_scopes,
            disabled: it.disabled,
        }
    }
}

fn networks(it: All<Network>) -> Vec<IpNet> {
    it.0.into_iter().map(|it| it.0).collect()
}

fn reach(it: Option<ReachIn>) -> Reach {
    it.map_or(Reach::All, |it| {
        let (assets, businesses) = (
            it.asset_ids.0.into_iter().collect(),
            it.business_ids.0.into_iter().collect(),
        );
        Reach::Within(Within { assets, businesses })
    })
}

impl TryFrom<String> for Scope {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
            .map(Self)
            .map_err(|_| "expected the name of a scope")
    }
}

impl TryFrom<String> for Network {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let network = text.parse().ok().or_else(address);
        network
            .map(Self)
            .ok_or("expected a network such as 203.0.113.0/24, or an address")
    }
}
