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
use regrant_vault::{LoggedIn, Vault};

use crate::{
    access::bearer,
    problem::{Code, Problem},
};

/// Middleware: answers 401, or attaches the [`LoggedIn`] to the request.
pub(super) async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match identify(&request).await {
        Ok(operator) => {
            request.extensions_mut().insert(operator);
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(problem) => Ok(request.error_response(problem).map_into_right_body()),
    }
}

async fn identify(request: &ServiceRequest) -> Result<LoggedIn, Problem> {
    let vault = request
        .app_data::<Data<Vault>>()
        .ok_or_else(|| Problem::new(Code::Internal, "not set up"))?;
    Ok(vault
        .authenticate_operator(bearer(request.headers())?)
        .await?)
}
