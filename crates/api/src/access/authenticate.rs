//! Authentication in front of `/v1`: a call needs a valid access token before its body counts.
//!
//! The rule: the token comes only in the Authorization header; a stream can be opened with a ticket (`ticket.rs`). The
//! token, its proof, the rate limits and the page's origin are checked before a byte of the body is read. The caller is left
//! with the request for [`super::Caller`].

use std::rc::Rc;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use regrant_vault::{
    CheckedProof, Error as VaultError, Principal, RequestCredentials, Subject, Vault,
};

use super::{
    access_token::{TokenScheme, read_access_token},
    browser,
    cors::check_origin,
    ticket::{AdmittedByTicket, identify_by_ticket},
};
use crate::{
    bodies::{BodyHold, BodyOwner},
    extract::{CallerAddress, ProvedRequest},
    problem::{Code, Problem},
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
    let (admitted, allowance) = decide_admission(&request, &limits).await;
    let mut response = match admitted {
        Ok(()) => next.call(request).await?.map_into_left_body(),
        Err(problem) => request.error_response(problem).map_into_right_body(),
    };
    allowance.write_headers(response.headers_mut());
    Ok(response)
}

/// Whether the call may continue, and the remaining calls for its response headers.
type Admission = (Result<(), Problem>, Allowance);

/// Identifies and counts the caller. A proof is used up last: a call that is refused for its rate leaves no row.
async fn decide_admission(request: &ServiceRequest, limits: &RateLimits) -> Admission {
    let (caller, proof) = match identify_caller(request).await {
        Ok(identified) => identified,
        Err(problem) => return refuse_caller(request, limits, problem).await,
    };
    let (admitted, allowance) = admit_caller(request, limits, caller).await;
    let (Ok(()), Some(proof)) = (&admitted, proof) else {
        return (admitted, allowance);
    };
    match Box::pin(use_proof(request, proof)).await {
        Ok(()) => (admitted, allowance),
        Err(problem) => refuse_caller(request, limits, problem).await,
    }
}

async fn use_proof(request: &ServiceRequest, proof: CheckedProof) -> Result<(), Problem> {
    Ok(find_vault(request)?.use_proof(proof).await?)
}

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
    match (vault, read_access_token(request.headers())) {
        (Some(vault), Ok((_, token))) => vault.is_own_token(token).await,
        _ => false,
    }
}

/// Counts the body of the request for an authenticated caller.
pub(crate) fn charge_body(request: &ServiceRequest, owner: BodyOwner) {
    if let Some(hold) = request.extensions().get::<Rc<BodyHold>>() {
        hold.charge_owner(owner);
    }
}

/// The caller, and the proof of a call with a token that is bound to a key.
type IdentifiedCaller = (Principal, Option<CheckedProof>);

async fn identify_caller(request: &ServiceRequest) -> Result<IdentifiedCaller, Problem> {
    let vault = find_vault(request)?;
    if let Some(caller) = identify_by_ticket(vault, request).await {
        return Ok((caller?, None));
    }
    let (scheme, token) = read_access_token(request.headers())?;
    let address = CallerAddress::of_request(request).0;
    let presented = RequestCredentials { token, address };
    match scheme {
        TokenScheme::Bearer => Ok((vault.authenticate_request(presented).await?, None)),
        TokenScheme::Dpop => {
            let proved = ProvedRequest::of_request(request.request());
            // On the heap: every call holds this future, and few need it.
            let (caller, proof) =
                Box::pin(vault.authenticate_proved_request(presented, proved.proof())).await?;
            Ok((caller, Some(proof)))
        }
    }
}

fn find_vault(request: &ServiceRequest) -> Result<&Data<Vault>, Problem> {
    request.app_data::<Data<Vault>>().ok_or_else(setup_problem)
}

fn setup_problem() -> Problem {
    Problem::new(Code::Internal, "not set up")
}
