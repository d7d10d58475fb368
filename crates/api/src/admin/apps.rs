//! Meta apps. Their secrets go in and never come out.

use std::time::Duration;

use actix_web::{HttpResponse, get, http::header, patch, post, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::{AppId, AppSecret, VerifyToken};
use regrant_vault::{AppChange, AppView, Vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Operator;
use crate::{
    cursor::Page,
    extract::{PathId, Repeat},
    json::{CanonicalJson, Json},
    problem::{Problem, ProblemOut},
    schema,
};

/// An app to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApp {
    /// Its id at Meta.
    #[schema(schema_with = schema::graph_id)]
    id: AppId,
    /// A name for people.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Its secret; sealed at once, and never told again.
    #[schema(schema_with = schema::secret_text)]
    secret: AppSecret,
    /// The word Meta repeats when it verifies the webhook address.
    #[schema(schema_with = schema::secret_or_null, required = false)]
    verify_token: Option<VerifyToken>,
}

/// What is to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppPatch {
    /// A name for people.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// The word Meta repeats when it verifies the webhook address.
    #[schema(schema_with = schema::secret_or_null, required = false)]
    verify_token: Option<VerifyToken>,
}

/// Another secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAppSecret {
    /// The secret; sealed at once, and never told again.
    #[schema(schema_with = schema::secret_text)]
    secret: AppSecret,
    /// For so many hours messages signed with the secret before it are believed, too; 0 ends that one at once.
    #[serde(default = "a_day")]
    #[schema(minimum = 0, maximum = 168, default = 24)]
    overlap_hours: u64,
}

/// An app, without its secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = App)]
pub(super) struct AppOut {
    /// Its id at Meta.
    #[schema(schema_with = schema::graph_id)]
    id: AppId,
    /// A name for people.
    name: String,
    /// Whether Meta's verification of the webhook address can be answered.
    has_verify_token: bool,
    /// Until when the secret before its newest counts for what comes in.
    older_secret_until: Option<DateTime<Utc>>,
    /// When it was registered.
    created_at: DateTime<Utc>,
}

/// List the registered apps.
#[utoipa::path(tag = "apps", responses((status = 200, description = "All of them.", body = Page<AppOut>)))]
#[get("/apps")]
pub(super) async fn list_apps(vault: Data<Vault>, _: Operator) -> Result<HttpResponse, Problem> {
    let apps = vault.apps().await?.into_iter().map(AppOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::whole(apps)))
}

/// Register an app.
#[utoipa::path(
    tag = "apps",
    request_body = NewApp,
    responses(
        (status = 201, description = "The app.", body = AppOut, headers(("Location" = String, description = "The app."))),
        (status = 409, description = "`already_exists`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/apps")]
pub(super) async fn create_app(
    vault: Data<Vault>,
    caller: Operator,
    repeat: Repeat,
    body: CanonicalJson<NewApp>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /admin/v1/apps", &body.canonical);
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
    let made = vault
        .create_app(caller.0.acting(), new, repeatable)
        .await?
        .value;
    let location = format!("/admin/v1/apps/{}", made.id);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(AppOut::from(made)))
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
    _: Operator,
    id: PathId<AppId>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(AppOut::from(vault.app_view(&id.0).await?)))
}

/// Change an app's name or verify token.
#[utoipa::path(
    tag = "apps",
    params(("id" = String, Path, description = "The app's id at Meta.")),
    responses((status = 200, description = "The app.", body = AppOut)),
)]
#[patch("/apps/{id}")]
pub(super) async fn change_app(
    vault: Data<Vault>,
    caller: Operator,
    id: PathId<AppId>,
    Json(request): Json<AppPatch>,
) -> Result<HttpResponse, Problem> {
    let change = AppChange {
        name: request.name,
        verify_token: request.verify_token,
    };
    let changed = vault.change_app(caller.0.acting(), &id.0, change).await?;
    Ok(HttpResponse::Ok().json(AppOut::from(changed)))
}

/// Give an app another secret. For a while messages signed with either are believed, so that none is lost.
#[utoipa::path(
    tag = "apps",
    params(("id" = String, Path, description = "The app's id at Meta.")),
    request_body = NewAppSecret,
    responses((status = 200, description = "The app.", body = AppOut)),
)]
#[post("/apps/{id}/secret")]
pub(super) async fn set_app_secret(
    vault: Data<Vault>,
    caller: Operator,
    repeat: Repeat,
    id: PathId<AppId>,
    body: CanonicalJson<NewAppSecret>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /admin/v1/apps/{id}/secret", &body.canonical);
    let NewAppSecret {
        secret,
        overlap_hours,
    } = body.value;
    let overlap = Duration::from_secs(overlap_hours.saturating_mul(3600));
    let set = vault
        .set_app_secret(caller.0.acting(), &id.0, &secret, overlap, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(AppOut::from(set)))
}

const fn a_day() -> u64 {
    24
}

impl From<AppView> for AppOut {
    fn from(it: AppView) -> Self {
        Self {
            id: it.id,
            name: it.name,
            has_verify_token: it.has_verify_token,
            older_secret_until: it.older_secret_until,
            created_at: it.created_at,
        }
    }
}
