//! Operators, who run the installation.

use super::caller::OperatorCaller;
use crate::{
    cursor::{Page, PageQuery},
    extract::{IdempotencyHeader, PathId},
    json::{Json, Query},
    problem::{Problem, ProblemOut},
    schema,
};
use actix_web::{HttpResponse, delete, get, http::header, patch, post, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::{OperatorId, OperatorName, OperatorRole, Password};
use regrant_vault::{Operator as OperatorRow, OperatorChange, Vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An operator to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOperator {
    /// Name for the log-in.
    #[schema(schema_with = schema::operator_name)]
    name: OperatorName,
    /// Role: `owner` may do everything, `support` is read-only.
    #[schema(schema_with = schema::operator_role)]
    role: OperatorRole,
    /// Password for the log-in.
    #[schema(schema_with = schema::password_text)]
    password: Password,
}

/// Changes of an operator; absent fields stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorPatch {
    /// Name for the log-in.
    #[schema(schema_with = schema::operator_name_or_null, required = false)]
    name: Option<OperatorName>,
    /// Role of the operator.
    #[schema(schema_with = schema::operator_role_or_null, required = false)]
    role: Option<OperatorRole>,
    /// Whether the operator is refused; disabling ends its log-ins at once.
    disabled: Option<bool>,
    /// New password; it ends the operator's log-ins at once.
    #[schema(schema_with = schema::password_or_null, required = false)]
    password: Option<Password>,
}

/// An operator.
#[derive(Serialize, ToSchema)]
#[schema(as = Operator)]
pub(super) struct OperatorOut {
    /// Id of the operator.
    #[schema(example = "opr_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: String,
    /// Name for the log-in.
    #[schema(schema_with = schema::operator_name)]
    name: OperatorName,
    /// Role of the operator.
    #[schema(schema_with = schema::operator_role)]
    role: OperatorRole,
    /// When the operator was created.
    created_at: DateTime<Utc>,
    /// When the operator was disabled; null if it is enabled.
    disabled_at: Option<DateTime<Utc>>,
    /// When the operator last logged in.
    last_login_at: Option<DateTime<Utc>>,
}

/// List operators, oldest first.
#[utoipa::path(
    tag = "operators",
    params(PageQuery),
    responses((status = 200, description = "One page of operators.", body = Page<OperatorOut>)),
)]
#[get("/operators")]
pub(super) async fn list_operators(
    vault: Data<Vault>,
    _: OperatorCaller,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault.list_operators(after, limit).await?;
    let data = list.data.into_iter().map(OperatorOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Create an operator. A repetition by `Idempotency-Key` must have the password that the operator has.
#[utoipa::path(
    tag = "operators",
    responses(
        (status = 201, description = "The operator.", body = OperatorOut,
            headers(("Location" = String, description = "The operator."))),
        (status = 409, description = "`already_exists`: the name is taken.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_logins`: too many log-ins are waiting.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/operators")]
pub(super) async fn create_operator(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    Json(request): Json<NewOperator>,
) -> Result<HttpResponse, Problem> {
    let NewOperator {
        name,
        role,
        password,
    } = request;
    // The password is not part of it: no fast hash of a password may be stored, not even a keyed one. A repetition is
    // compared with the slow one.
    let repeatable = idempotency.into_call(
        "POST /admin/v1/operators",
        format!("{name} {role}").as_bytes(),
    );
    let new = regrant_vault::NewOperator {
        name,
        role,
        password,
    };
    let operator = vault
        .create_operator(caller.0.as_actor(), new, repeatable)
        .await?
        .value;
    let location = format!("/admin/v1/operators/{}", operator.id);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(OperatorOut::from(operator)))
}

/// Read an operator.
#[utoipa::path(
    tag = "operators",
    params(("id" = String, Path, description = "The operator's id.")),
    responses((status = 200, description = "The operator.", body = OperatorOut)),
)]
#[get("/operators/{id}")]
pub(super) async fn get_operator(
    vault: Data<Vault>,
    _: OperatorCaller,
    id: PathId<OperatorId>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(OperatorOut::from(vault.find_operator(id.0).await?)))
}

/// Change the name, the role or the password of an operator, or disable it.
#[utoipa::path(
    tag = "operators",
    params(("id" = String, Path, description = "The operator's id.")),
    responses(
        (status = 200, description = "The operator.", body = OperatorOut),
        (status = 409, description = "`last_owner`: the installation needs an owner who can log in. `already_exists`: the name is taken.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_logins`: too many log-ins are waiting.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[patch("/operators/{id}")]
pub(super) async fn change_operator(
    vault: Data<Vault>,
    caller: OperatorCaller,
    id: PathId<OperatorId>,
    Json(request): Json<OperatorPatch>,
) -> Result<HttpResponse, Problem> {
    let OperatorPatch {
        name,
        role,
        disabled,
        password,
    } = request;
    let change = OperatorChange {
        name,
        role,
        disabled,
        password,
    };
    let changed = vault
        .change_operator(caller.0.as_actor(), id.0, change)
        .await?;
    Ok(HttpResponse::Ok().json(OperatorOut::from(changed)))
}

/// Delete an operator. Its log-ins end at once.
#[utoipa::path(
    tag = "operators",
    params(("id" = String, Path, description = "The operator's id.")),
    responses(
        (status = 204, description = "The operator is deleted."),
        (status = 409, description = "`last_owner`: the installation needs an owner who can log in.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[delete("/operators/{id}")]
pub(super) async fn delete_operator(
    vault: Data<Vault>,
    caller: OperatorCaller,
    id: PathId<OperatorId>,
) -> Result<HttpResponse, Problem> {
    vault.delete_operator(caller.0.as_actor(), id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<OperatorRow> for OperatorOut {
    fn from(it: OperatorRow) -> Self {
        Self {
            id: it.id.to_string(),
            name: it.name,
            role: it.role,
            created_at: it.created_at,
            disabled_at: it.disabled_at,
            last_login_at: it.last_login_at,
        }
    }
}
