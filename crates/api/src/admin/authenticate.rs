//! Authentication in front of `/admin/v1`: a call needs the token of a valid log-in.
//!
//! The rule: the log-in is checked before a byte of the body is read.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use regrant_vault::{AuthenticatedOperator, Vault};

use crate::{
    access::{charge_body, read_bearer_token},
    bodies::BodyOwner,
    problem::{Code, Problem},
};

/// Middleware: answers 401, or attaches the [`AuthenticatedOperator`] to the request.
pub(super) async fn require_operator(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match identify_operator(&request).await {
        Ok(operator) => {
            charge_body(&request, BodyOwner::Operators);
            request.extensions_mut().insert(operator);
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(problem) => Ok(request.error_response(problem).map_into_right_body()),
    }
}

async fn identify_operator(request: &ServiceRequest) -> Result<AuthenticatedOperator, Problem> {
    let vault = request
        .app_data::<Data<Vault>>()
        .ok_or_else(|| Problem::new(Code::Internal, "not set up"))?;
    Ok(vault
        .authenticate_operator(read_bearer_token(request.headers())?)
        .await?)
}
