//! Authentication in front of `/v1`: a call needs a valid access token before its body counts.
//!
//! The rule: the token comes only in the Authorization header; a stream can be opened with a ticket (`ticket.rs`). The token, the rate limits and the page's origin are
//! checked before a byte of the body is read. The caller is left with the request for [`super::Caller`].

use std::rc::Rc;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap},
    middleware::Next,
    web::Data,
};
use regrant_vault::{Error as VaultError, Principal, RequestCredentials, Subject, Vault};

use super::{
    browser,
    cors::check_origin,
    ticket::{AdmittedByTicket, identify_by_ticket},
};
use crate::{
    bodies::{BodyHold, BodyOwner},
    extract::CallerAddress,
    problem::{Code, Problem, unauthenticated_problem},
    rate_limit::{AddressUse, Allowance, RateLimits},
};

/// Middleware: refuses the call, or attaches the [`Principal`] to the request.
pub(crate) async fn require_caller(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(limits) = request.app_data::<Data<RateLimits>>().cloned() else {
        return Ok(request
            .error_response(setup_problem())
            .map_into_right_body());
    };
    let (admitted, allowance) = match identify_caller(&request).await {
        Ok(caller) => admit_caller(&request, &limits, caller).await,
        Err(problem) => refuse_caller(&request, &limits, problem).await,
    };
    let mut response = match admitted {
        Ok(()) => next.call(request).await?.map_into_left_body(),
        Err(problem) => request.error_response(problem).map_into_right_body(),
    };
    allowance.write_headers(response.headers_mut());
    Ok(response)
}

/// Whether the call may continue, and the remaining calls for its response headers.
type Admission = (Result<(), Problem>, Allowance);

/// Counts the call, and checks the origin and the route of a browser session.
async fn admit_caller(
    request: &ServiceRequest,
    limits: &RateLimits,
    caller: Principal,
) -> Admission {
    let origin = match request.app_data::<Data<Vault>>() {
        Some(vault) => {
            let by_ticket = request.extensions().contains::<AdmittedByTicket>();
            check_origin(vault, &caller, request.request(), by_ticket).await
        }
        None => Err(setup_problem()),
    };
    let counted = limits.count_caller(&caller);
    let is_session = matches!(caller.subject(), Subject::Session { .. });
    charge_body(request, BodyOwner::Tenant(caller.tenant()));
    request.extensions_mut().insert(caller);
    let origin = match origin {
        Ok(origin) => origin,
        Err(problem) => return (Err(problem), counted.unwrap_or_else(|it| it.allowance())),
    };
    if let Some(readable) = origin {
        request.extensions_mut().insert(readable);
    }
    match counted {
        Err(refused) => {
            let allowance = refused.allowance();
            (Err(refused.into()), allowance)
        }
        Ok(allowance) if is_session && !browser::may_session_call(request) => {
            (Err(VaultError::Restricted.into()), allowance)
        }
        Ok(allowance) => (Ok(()), allowance),
    }
}

/// Counts a refused call against its address, which limits the guessing of tokens. A client whose token has ended must
/// learn so, whatever strangers behind its address send.
async fn refuse_caller(
    request: &ServiceRequest,
    limits: &RateLimits,
    problem: Problem,
) -> Admission {
    let address = CallerAddress::of_request(request);
    match limits.count_address(address, AddressUse::RefusedBearer) {
        Ok(allowance) => (Err(problem), allowance),
        Err(refused) if has_own_token(request).await => (Err(problem), refused.allowance()),
        Err(refused) => {
            let allowance = refused.allowance();
            (Err(refused.into()), allowance)
        }
    }
}

/// Whether this installation signed the token of the call.
async fn has_own_token(request: &ServiceRequest) -> bool {
    let vault = request.app_data::<Data<Vault>>();
    match (vault, read_bearer_token(request.headers())) {
        (Some(vault), Ok(token)) => vault.is_own_token(token).await,
        _ => false,
    }
}

/// Counts the body of the request for an authenticated caller.
pub(crate) fn charge_body(request: &ServiceRequest, owner: BodyOwner) {
    if let Some(hold) = request.extensions().get::<Rc<BodyHold>>() {
        hold.charge_owner(owner);
    }
}

async fn identify_caller(request: &ServiceRequest) -> Result<Principal, Problem> {
    let vault = request
        .app_data::<Data<Vault>>()
        .ok_or_else(setup_problem)?;
    if let Some(caller) = identify_by_ticket(vault, request).await {
        return caller;
    }
    let token = read_bearer_token(request.headers())?;
    let (address, proof) = (
        CallerAddress::of_request(request).0,
        read_proof(request.headers()),
    );
    Ok(vault
        .authenticate_request(RequestCredentials {
            token,
            address,
            proof,
        })
        .await?)
}

/// The proof of the call. Two of them are ambiguous, so they are treated as missing.
fn read_proof(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all("x-regrant-proof");
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn setup_problem() -> Problem {
    Problem::new(Code::Internal, "not set up")
}

/// The bearer token of the only Authorization header (RFC 6750 §2.1).
pub(crate) fn read_bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let value = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        (None, _) => {
            return Err(unauthenticated_problem(
                "",
                "This call needs an access token.",
            ));
        }
        (Some(_), Some(_)) => None,
    };
    let token = value
        .and_then(|it| it.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let malformed = || {
        unauthenticated_problem(
            "invalid_request",
            "Send one header `Authorization: Bearer …`.",
        )
    };
    token
        .map(|(_, token)| token.trim())
        .filter(|it| !it.is_empty())
        .ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(values: &[&str]) -> Option<String> {
        let request = values.iter().fold(TestRequest::default(), |it, value| {
            it.append_header(("Authorization", *value))
        });
        read_bearer_token(request.to_http_request().headers())
            .ok()
            .map(str::to_owned)
    }

    #[test]
    fn one_bearer_token_is_read_in_any_spelling_of_the_scheme() {
        assert_eq!(read(&["Bearer a.b.c"]).as_deref(), Some("a.b.c"));
        assert_eq!(read(&["bearer a.b.c"]).as_deref(), Some("a.b.c"));
    }

    #[test]
    fn any_other_header_is_refused() {
        for values in [
            &[][..],
            &["Basic YTpi"],
            &["Bearer"],
            &["Bearer "],
            &["a.b.c"],
            &["Bearer a", "Bearer b"],
        ] {
            assert_eq!(read(values), None, "{values:?}");
        }
    }
}
