//! Meta apps.
//!
//! The rule: the secrets of an app go in and never come out.

use std::time::Duration;

use actix_web::{HttpResponse, get, http::header, patch, post, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::{AppId, AppSecret, LoginConfigId, LoginScopes, PageUrl, VerifyToken};
use regrant_vault::{AppChange, AppView, LoginChange, Vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::OperatorCaller;
use crate::{
    cursor::Page,
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, Json, deserialize_nullable},
    problem::{Problem, ProblemOut},
    schema,
};

/// An app to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApp {
    /// Id of the app at Meta.
    #[schema(schema_with = schema::graph_id)]
    id: AppId,
    /// Display name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Secret of the app; it is sealed at once and never returned.
    #[schema(schema_with = schema::secret_text)]
    secret: AppSecret,
    /// Verify token, which Meta sends when it verifies the webhook address.
    #[schema(schema_with = schema::secret_or_null, required = false)]
    verify_token: Option<VerifyToken>,
}

/// Changes of an app; absent fields stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent and null are two things")]
pub(super) struct AppPatch {
    /// Display name.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Verify token, which Meta sends when it verifies the webhook address.
    #[schema(schema_with = schema::secret_or_null, required = false)]
    verify_token: Option<VerifyToken>,
    /// Configuration of Facebook Login for Business; null removes it.
    #[serde(default, deserialize_with = "deserialize_nullable")]
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    login_config_id: Option<Option<LoginConfigId>>,
    /// Permissions that the app asks for at log-in, at most 60; they replace the previous ones.
    #[schema(value_type = Option<Vec<String>>, max_items = 60, example = json!(["pages_show_list"]))]
    login_scopes: Option<LoginScopes>,
    /// Where Meta's log-in dialog is; null is Meta's own address.
    #[serde(default, deserialize_with = "deserialize_nullable")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    dialog_base_url: Option<Option<PageUrl>>,
    /// Page of the provider to which people are led who come from Meta without a link; null removes it.
    #[serde(default, deserialize_with = "deserialize_nullable")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    landing_url: Option<Option<PageUrl>>,
}

/// A new secret of an app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAppSecret {
    /// New secret; it is sealed at once and never returned.
    #[schema(schema_with = schema::secret_text)]
    secret: AppSecret,
    /// Hours for which messages signed with the previous secret are accepted, too; 0 ends the previous secret at once.
    #[serde(default = "default_overlap_hours")]
    #[schema(minimum = 0, maximum = 168, default = 24)]
    overlap_hours: u64,
}

/// An app, without its secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = App)]
pub(super) struct AppOut {
    /// Id of the app at Meta.
    #[schema(schema_with = schema::graph_id)]
    id: AppId,
    /// Display name.
    name: String,
    /// Whether the app has a verify token, so that Meta can verify the webhook address.
    has_verify_token: bool,
    /// Until when messages signed with the previous secret are accepted.
    older_secret_until: Option<DateTime<Utc>>,
    /// Configuration of Facebook Login for Business; null if there is none.
    #[schema(schema_with = schema::graph_id_or_null)]
    login_config_id: Option<LoginConfigId>,
    /// Permissions that the app asks for at log-in.
    #[schema(value_type = Vec<String>)]
    login_scopes: LoginScopes,
    /// Where Meta's log-in dialog is; null is Meta's own address.
    #[schema(value_type = Option<String>)]
    dialog_base_url: Option<PageUrl>,
    /// Page of the provider to which people are led who come from Meta without a link; null if there is none.
    #[schema(value_type = Option<String>)]
    landing_url: Option<PageUrl>,
    /// When the app was registered.
    created_at: DateTime<Utc>,
}

/// List the registered apps.
#[utoipa::path(tag = "apps", responses((status = 200, description = "All apps.", body = Page<AppOut>)))]
#[get("/apps")]
pub(super) async fn list_apps(
    vault: Data<Vault>,
    _: OperatorCaller,
) -> Result<HttpResponse, Problem> {
    let apps = vault
        .list_apps()
        .await?
        .into_iter()
        .map(AppOut::from)
        .collect();
    Ok(HttpResponse::Ok().json(Page::only_page(apps)))
}

/// Register an app.
#[utoipa::path(
    tag = "apps",
    request_body = NewApp,
    responses(
        (status = 201, description = "The app.", body = AppOut, headers(("Location" = String, description = "The app."))),
        (status = 409, description = "`already_exists`: the app is already registered.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/apps")]
pub(super) async fn create_app(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewApp>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/apps", &body.canonical);
    let NewApp {
        id,
        name,
        secret,
        verify_token,
    } = body.value;
    let new = regrant_vault::NewApp {
        id,
        name,
        secret,
        verify_token,
    };
    let app = vault
        .create_app(caller.0.as_actor(), new, repeatable)
        .await?
        .value;
    let location = format!("/admin/v1/apps/{}", app.id);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(AppOut::from(app)))
}

/// Read an app.
#[utoipa::path(
    tag = "apps",
    params(("id" = String, Path, description = "The app's id at Meta.")),
    responses((status = 200, description = "The app.", body = AppOut)),
)]
#[get("/apps/{id}")]
pub(super) async fn get_app(
    vault: Data<Vault>,
    _: OperatorCaller,
    id: PathId<AppId>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(AppOut::from(vault.find_app(&id.0).await?)))
}

/// Change an app's name, its verify token, or how it sends people to Meta's log-in.
#[utoipa::path(
    tag = "apps",
    params(("id" = String, Path, description = "The app's id at Meta.")),
    responses((status = 200, description = "The app.", body = AppOut)),
)]
#[patch("/apps/{id}")]
pub(super) async fn change_app(
    vault: Data<Vault>,
    caller: OperatorCaller,
    id: PathId<AppId>,
    Json(request): Json<AppPatch>,
) -> Result<HttpResponse, Problem> {
    let change = AppChange {
        name: request.name,
        verify_token: request.verify_token,
        login: LoginChange {
            config_id: request.login_config_id,
            scopes: request.login_scopes,
            dialog_base_url: request.dialog_base_url,
            landing_url: request.landing_url,
        },
    };
    let changed = vault.change_app(caller.0.as_actor(), &id.0, change).await?;
    Ok(HttpResponse::Ok().json(AppOut::from(changed)))
}

/// Rotate the secret of an app. Messages signed with either secret are accepted for a while, so that none is lost.
///
/// If the secret is the stored one, nothing changes, except that an overlap that is open ends after `overlap_hours` if it
/// would end later.
#[utoipa::path(
    tag = "apps",
    params(("id" = String, Path, description = "The app's id at Meta.")),
    request_body = NewAppSecret,
    responses(
        (status = 200, description = "The app.", body = AppOut),
        (status = 409, description = "`secret_overlap_open`: an older secret is in use, and an overlap of more than 0 would end it \
            early. `call_under_way`: another call with the same Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/apps/{id}/secret")]
pub(super) async fn set_app_secret(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    id: PathId<AppId>,
    body: CanonicalJson<NewAppSecret>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/apps/{id}/secret", &body.canonical);
    let NewAppSecret {
        secret,
        overlap_hours,
    } = body.value;
    let overlap = Duration::from_secs(overlap_hours.saturating_mul(3600));
    let app = vault
        .set_app_secret(caller.0.as_actor(), &id.0, &secret, overlap, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(AppOut::from(app)))
}

const fn default_overlap_hours() -> u64 {
    24
}

impl From<AppView> for AppOut {
    fn from(it: AppView) -> Self {
        Self {
            id: it.id,
            name: it.name,
            has_verify_token: it.has_verify_token,
            older_secret_until: it.older_secret_until,
            login_config_id: it.login.config_id,
            login_scopes: it.login.scopes,
            dialog_base_url: it.login.dialog_base_url,
            landing_url: it.login.landing_url,
            created_at: it.created_at,
        }
    }
}
