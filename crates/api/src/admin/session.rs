//! Log-in and log-out of operators, and the password of the caller.

use actix_web::{HttpResponse, delete, get, post, web::Data};
use regrant_domain::{OperatorName, Password};
use regrant_vault::{OperatorToken, Vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{caller::OperatorCaller, operators::OperatorOut};
use crate::{
    extract::CallerAddress,
    json::Json,
    problem::{Problem, ProblemOut},
    schema,
    secret_response::secret_response,
};

/// The name and the password of an operator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    /// Name of the operator.
    #[schema(schema_with = schema::operator_name)]
    name: OperatorName,
    /// Password of the operator.
    #[schema(schema_with = schema::password_text)]
    password: Password,
}

/// The current and the new password of the caller.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePassword {
    /// Current password.
    #[schema(schema_with = schema::password_text)]
    current_password: Password,
    /// New password.
    #[schema(schema_with = schema::password_text)]
    new_password: Password,
}

/// A log-in and its operator.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct OperatorSessionOut {
    /// Id of the log-in.
    #[schema(example = "ops_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: String,
    /// Operator who is logged in.
    operator: OperatorOut,
}

/// A log-in with its access token, which no other response contains.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedSession)]
pub(super) struct IssuedSessionOut {
    /// Id of the log-in.
    id: String,
    /// Access token, to be sent as `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Lifetime in seconds.
    expires_in: u64,
    /// Operator who is logged in.
    operator: OperatorOut,
}

/// Log in. Five failures in a row from one address lock the name for this address for a while, even if no operator has
/// it.
#[utoipa::path(
    tag = "session",
    security(()),
    responses(
        (status = 201, description = "Logged in.", body = IssuedSessionOut),
        (status = 401, description = "`wrong_credentials`: wrong name or password, or a disabled operator.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`locked_out`, `too_many_logins`, or `rate_limited`: the address calls too often; `Retry-After` \
            says when to try again.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/admin/v1/session")]
pub(super) async fn log_in(
    vault: Data<Vault>,
    address: CallerAddress,
    Json(request): Json<LogIn>,
) -> Result<HttpResponse, Problem> {
    let issued = vault
        .log_in(&request.name, request.password, address.0)
        .await?;
    secret_response(HttpResponse::Created(), &IssuedSessionOut::from(issued), 1)
}

/// Read the caller's log-in.
#[utoipa::path(tag = "session", responses((status = 200, description = "The caller.", body = OperatorSessionOut)))]
#[get("/session")]
pub(super) async fn get_session(caller: OperatorCaller) -> HttpResponse {
    let (id, operator) = (caller.0.session.to_string(), caller.0.operator.into());
    HttpResponse::Ok().json(OperatorSessionOut { id, operator })
}

/// Log out. The access token becomes invalid.
#[utoipa::path(tag = "session", responses((status = 204, description = "Logged out.")))]
#[delete("/session")]
pub(super) async fn log_out(
    vault: Data<Vault>,
    caller: OperatorCaller,
) -> Result<HttpResponse, Problem> {
    vault.log_out(&caller.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Change the caller's own password. All other log-ins of the caller end. Read-only roles may do this, too.
#[utoipa::path(
    tag = "session",
    responses(
        (status = 204, description = "The password is changed."),
        (status = 401, description = "`wrong_credentials`, or no valid log-in.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`locked_out` or `too_many_logins`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/session/password")]
pub(super) async fn change_password(
    vault: Data<Vault>,
    caller: OperatorCaller,
    address: CallerAddress,
    Json(request): Json<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    vault
        .change_password(
            &caller.0,
            request.current_password,
            request.new_password,
            address.0,
        )
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<OperatorToken> for IssuedSessionOut {
    fn from(it: OperatorToken) -> Self {
        let (id, operator) = (it.caller.session.to_string(), it.caller.operator.into());
        Self {
            id,
            access_token: it.access_token,
            token_type: "Bearer",
            expires_in: it.expires_in,
            operator,
        }
    }
}
