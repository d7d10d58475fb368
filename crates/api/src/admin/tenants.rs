//! Tenants: onboarded in one call, named, limited, suspended, deleted after a wait, shredded.

use actix_web::{HttpResponse, delete, get, http::header, patch, post, web::Data};
use regrant_domain::{AppId, Origin, Permissions, TenantId};
use regrant_vault::{ClientSpec, NewTenantSpec, TenantChange, TenantLimits, Vault};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::Operator,
    clients::NewClient,
    tenant_view::{OnboardedOut, ShreddedOut, TenantOut},
};
use crate::{
    cursor::{Cursor, Limit, Page},
    json::{All, CanonicalJson, Json, Query},
    problem::{Problem, ProblemOut},
    repeat::Repeat,
    routes::{PathId, sealed_body},
    schema,
};

/// A tenant to onboard.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    /// A name for people.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The Meta app it uses.
    #[schema(schema_with = schema::graph_id)]
    app_id: AppId,
    /// Its first client; one named `first` with every scope where none is described.
    client: Option<NewClient>,
    /// How much it may.
    limits: Option<LimitsIn>,
    /// Where its pages are served from: exact origins, at most 20.
    #[schema(value_type = Option<Vec<String>>, max_items = 20, example = json!(["https://app.example.com"]))]
    cors_origins: Option<All<Origin>>,
}

/// What is to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantPatch {
    /// A name for people.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// How much it may; null takes a limit of its own away.
    limits: Option<LimitsIn>,
    /// Where its pages are served from: exact origins, at most 20, in place of those before.
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    cors_origins: Option<All<Origin>>,
    /// Whether reading its tokens takes a reason.
    reason_required: Option<bool>,
}

/// How much a tenant may; null is what holds for all.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantLimitsPatch)]
#[expect(clippy::option_option, reason = "absent and null are two things")]
struct LimitsIn {
    /// How many assets it may have.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u32)]
    max_assets: Option<Option<u32>>,
    /// How many of its reconnects may run at once.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u32)]
    max_running_reconnects: Option<Option<u32>>,
    /// How often it may call.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u32)]
    requests_per_second: Option<Option<u32>>,
}

/// Says again which tenant is meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShredTenant {
    /// The tenant's id.
    confirm: String,
}

/// Which tenants to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TenantFilter {
    /// The `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<TenantId>>,
    /// How many, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// Onboard a tenant in one call: its own data key, a first client, limits and origins. The client's secret is in this
/// answer and in no other.
#[utoipa::path(
    tag = "tenants",
    request_body = NewTenant,
    responses((status = 201, description = "The tenant with its first client.", body = OnboardedOut,
        headers(("Location" = String, description = "The tenant.")))),
)]
#[post("/tenants")]
pub(super) async fn create_tenant(
    vault: Data<Vault>,
    caller: Operator,
    repeat: Repeat,
    body: CanonicalJson<NewTenant>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /admin/v1/tenants", &body.canonical);
    let onboarded = vault
        .create_tenant(caller.0.acting(), body.value.into(), repeatable)
        .await?;
    let location = format!("/admin/v1/tenants/{}", onboarded.tenant.tenant.id);
    let body = sealed_body(&OnboardedOut::from(onboarded), 1)?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .content_type("application/json")
        .body(body))
}

/// List tenants, oldest first, those that were deleted too.
#[utoipa::path(
    tag = "tenants",
    params(TenantFilter),
    responses((status = 200, description = "One page of tenants.", body = Page<TenantOut>)),
)]
#[get("/tenants")]
pub(super) async fn list_tenants(
    vault: Data<Vault>,
    _: Operator,
    Query(filter): Query<TenantFilter>,
) -> Result<HttpResponse, Problem> {
    let list = vault
        .list_tenants(filter.cursor.map(|it| it.0), filter.limit.0)
        .await?;
    let data = list.data.into_iter().map(TenantOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::of(data, list.next.as_ref())))
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
    _: Operator,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(TenantOut::from(vault.tenant(id.0).await?)))
}

/// Change a tenant: its name, its limits, its origins, whether reading its tokens takes a reason.
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
    caller: Operator,
    id: PathId<TenantId>,
    Json(request): Json<TenantPatch>,
) -> Result<HttpResponse, Problem> {
    let changed = vault
        .change_tenant(caller.0.acting(), id.0, request.into())
        .await?;
    Ok(HttpResponse::Ok().json(TenantOut::from(changed)))
}

/// Suspend a tenant at once and delete it after the wait (7 days unless the installation says otherwise).
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses(
        (status = 202, description = "It is to be deleted.", body = TenantOut),
        (status = 409, description = "`tenant_gone`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[delete("/tenants/{id}")]
pub(super) async fn delete_tenant(
    vault: Data<Vault>,
    caller: Operator,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let scheduled = vault.schedule_deletion(caller.0.acting(), id.0).await?;
    Ok(HttpResponse::Accepted().json(TenantOut::from(scheduled)))
}

/// Suspend a tenant: its clients are refused and its work rests.
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
    caller: Operator,
    repeat: Repeat,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /admin/v1/tenants/{id}/suspend", &[]);
    let tenant = vault
        .suspend_tenant(caller.0.acting(), id.0, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(TenantOut::from(tenant)))
}

/// Serve a suspended tenant again; its work goes on.
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    responses(
        (status = 200, description = "The tenant.", body = TenantOut),
        (status = 409, description = "`tenant_gone`: it was deleted or shredded, or is to be deleted.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tenants/{id}/resume")]
pub(super) async fn resume_tenant(
    vault: Data<Vault>,
    caller: Operator,
    repeat: Repeat,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /admin/v1/tenants/{id}/resume", &[]);
    let tenant = vault
        .resume_tenant(caller.0.acting(), id.0, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(TenantOut::from(tenant)))
}

/// Take a deletion back that is not done yet. The tenant stays suspended until it is resumed.
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
    caller: Operator,
    repeat: Repeat,
    id: PathId<TenantId>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /admin/v1/tenants/{id}/restore", &[]);
    let tenant = vault
        .restore_tenant(caller.0.acting(), id.0, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(TenantOut::from(tenant)))
}

/// Destroy a suspended tenant's data keys: nothing it keeps can be opened ever again.
#[utoipa::path(
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant's id.")),
    request_body = ShredTenant,
    responses(
        (status = 200, description = "They are destroyed.", body = ShreddedOut),
        (status = 409, description = "`tenant_not_suspended`, `tenant_gone`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tenants/{id}/shred")]
pub(super) async fn shred_tenant(
    vault: Data<Vault>,
    caller: Operator,
    repeat: Repeat,
    id: PathId<TenantId>,
    body: CanonicalJson<ShredTenant>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /admin/v1/tenants/{id}/shred", &body.canonical);
    let shredded = vault
        .shred_tenant(caller.0.acting(), id.0, &body.value.confirm, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(ShreddedOut::from(shredded)))
}

/// A value that is given, null among them.
#[expect(clippy::option_option, reason = "absent and null are two things")]
pub(super) fn given<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

impl From<NewTenant> for NewTenantSpec {
    fn from(it: NewTenant) -> Self {
        let client = it.client.map_or_else(
            || ClientSpec::named("first", Permissions::all()),
            Into::into,
        );
        let limits = it.limits.unwrap_or_default();
        let limits = TenantLimits {
            max_assets: limits.max_assets.flatten(),
            max_running_reconnects: limits.max_running_reconnects.flatten(),
            requests_per_second: limits.requests_per_second.flatten(),
        };
        let origins = it.cors_origins.map(|it| it.0).unwrap_or_default();
        Self {
            name: it.name,
            app_id: it.app_id,
            client,
            limits,
            origins,
        }
    }
}

impl From<TenantPatch> for TenantChange {
    fn from(it: TenantPatch) -> Self {
        let LimitsIn {
            max_assets,
            max_running_reconnects,
            requests_per_second,
        } = it.limits.unwrap_or_default();
        Self {
            name: it.name,
            max_assets,
            max_running_reconnects,
            requests_per_second,
            origins: it.cors_origins.map(|it| it.0),
            reason_required: it.reason_required,
        }
    }
}
