//! Logging in and out, and the caller's own password.

use actix_web::{HttpResponse, delete, get, post, web::Data};
use regrant_domain::{OperatorName, Password};
use regrant_vault::{IssuedSession, Vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{caller::Operator, operators::OperatorOut};
use crate::{
    json::Json,
    problem::{Problem, ProblemOut},
    schema,
    secret_response::sealed_body,
};

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    /// The operator's name.
    #[schema(schema_with = schema::operator_name)]
    name: OperatorName,
    /// Its password.
    #[schema(schema_with = schema::password_text)]
    password: Password,
}

/// The caller's password, and the one to take its place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePassword {
    /// The password as it is.
    #[schema(schema_with = schema::password_text)]
    current_password: Password,
    /// The password as it is to be.
    #[schema(schema_with = schema::password_text)]
    new_password: Password,
}

/// Who is logged in.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionOut {
    /// The log-in.
    #[schema(example = "ops_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: String,
    /// The operator.
    operator: OperatorOut,
}

/// A log-in with its token, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedSession)]
pub(super) struct IssuedSessionOut {
    /// The log-in.
    id: String,
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// How many seconds it lives.
    expires_in: u64,
    /// The operator.
    operator: OperatorOut,
}

/// Log in. Five failures in a row lock the name for a while, whether anybody has it or not.
#[utoipa::path(
    tag = "session",
    security(()),
    responses(
        (status = 201, description = "Logged in.", body = IssuedSessionOut),
        (status = 401, description = "`wrong_credentials`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`locked_out` or `too_many_logins`; `Retry-After` says when to try again.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/admin/v1/session")]
pub(super) async fn log_in(
    vault: Data<Vault>,
    Json(request): Json<LogIn>,
) -> Result<HttpResponse, Problem> {
    let issued = vault.log_in(&request.name, request.password).await?;
    let body = sealed_body(&IssuedSessionOut::from(issued), 1)?;
    Ok(HttpResponse::Created()
        .content_type("application/json")
        .body(body))
}

/// Tell who is logged in.
#[utoipa::path(tag = "session", responses((status = 200, description = "The caller.", body = SessionOut)))]
#[get("/session")]
pub(super) async fn get_session(caller: Operator) -> HttpResponse {
    let (id, operator) = (caller.0.session.to_string(), caller.0.operator.into());
    HttpResponse::Ok().json(SessionOut { id, operator })
}

/// Log out: the token counts no more.
#[utoipa::path(tag = "session", responses((status = 204, description = "Logged out.")))]
#[delete("/session")]
pub(super) async fn log_out(vault: Data<Vault>, caller: Operator) -> Result<HttpResponse, Problem> {
    vault.log_out(&caller.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Change the caller's own password; every other log-in of the caller ends. A role that only looks may do this, too.
#[utoipa::path(
    tag = "session",
    responses(
        (status = 204, description = "It is changed."),
        (status = 401, description = "`wrong_credentials`, or no log-in.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`locked_out` or `too_many_logins`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/session/password")]
pub(super) async fn change_password(
    vault: Data<Vault>,
    caller: Operator,
    Json(request): Json<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    vault
        .change_password(&caller.0, request.current_password, request.new_password)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<IssuedSession> for IssuedSessionOut {
    fn from(it: IssuedSession) -> Self {
        let (id, operator) = (
            it.logged_in.session.to_string(),
            it.logged_in.operator.into(),
        );
        Self {
            id,
            access_token: it.access_token,
            token_type: "Bearer",
            expires_in: it.expires_in,
            operator,
        }
    }
}
