//! Pages of other origins (CORS): which of them may call, and what they may read.
//!
//! The rule: only exact origins that tenants list; no wildcard, no `null`, no browser credentials. A preflight has no
//! tenant, so an origin passes if any tenant lists it. The call itself passes only if its own tenant lists the origin,
//! and `authenticate` checks that first. Pages of our own origin may call. A page cannot read the response to a client's
//! token.

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use regrant_vault::{Principal, Subject, Vault};

use super::browser;
use crate::{
    extract::{CallerAddress, HostedBase, public_address},
    problem::{Code, Problem},
    rate_limit::{AddressUse, RateLimits},
};

/// The headers that a page may send.
const REQUEST_HEADERS: &str =
    "authorization, content-type, idempotency-key, x-request-id, last-event-id";
/// The headers that a page may read.
const RESPONSE_HEADERS: &str = "date, x-request-id, retry-after, location, idempotency-replayed, ratelimit, ratelimit-policy, ratelimit-limit, \
     ratelimit-remaining, ratelimit-reset";
/// The time a browser caches a preflight, in seconds.
const MAX_AGE: &str = "600";
const PREFLIGHT_VARIES: &str =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// The origin of the page that may read the response; attached to the request.
#[derive(Clone)]
pub(crate) struct ReadableOrigin(HeaderValue);

/// Middleware: answers preflights, and lets pages of listed origins read the response.
pub(crate) async fn handle_cors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if is_preflight(&request) {
        let response = answer_preflight(&request).await;
        // Built by hand: `into_response` would drop the problem that `envelope.rs` renders again.
        return Ok(ServiceResponse::new(request.into_parts().0, response).map_into_right_body());
    }
    let is_open = browser::may_session_call(&request);
    let mut response = next.call(request).await?.map_into_left_body();
    let (readable, known) = {
        let extensions = response.request().extensions();
        (
            extensions.get::<ReadableOrigin>().cloned(),
            extensions.contains::<Principal>(),
        )
    };
    // A call over its rate limit must not query the database.
    let is_counted = response.status() != StatusCode::TOO_MANY_REQUESTS;
    let readable = match readable {
        None if is_open && !known && is_counted => readable_refusal(response.request()).await,
        readable => readable,
    };
    set_cors_headers(response.headers_mut(), readable);
    Ok(response)
}

/// The origin of the page that calls with a session's token or a ticket; an error if the tenant does not list it.
pub(crate) async fn check_origin(
    vault: &Vault,
    caller: &Principal,
    request: &HttpRequest,
    by_ticket: bool,
) -> Result<Option<ReadableOrigin>, Problem> {
    let headers = request.headers();
    let is_of_page = by_ticket || !matches!(caller.subject(), Subject::Client(_));
    if !is_of_page || !headers.contains_key(header::ORIGIN) {
        return Ok(None);
    }
    let Some(origin) = single_header(headers, &header::ORIGIN) else {
        return Err(origin_problem());
    };
    let text = origin.to_str().unwrap_or_default();
    if is_own_origin(request, text) || vault.is_origin_of_caller(caller, text).await? {
        Ok(Some(ReadableOrigin(origin.clone())))
    } else {
        Err(origin_problem())
    }
}

/// Whether it is the origin of our own pages.
fn is_own_origin(request: &HttpRequest, origin: &str) -> bool {
    HostedBase::parse(&public_address(request)).is_some_and(|it| it.origin() == origin)
}

fn is_preflight(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

async fn answer_preflight(request: &ServiceRequest) -> HttpResponse {
    let Some(limits) = request.app_data::<Data<RateLimits>>() else {
        return Problem::new(Code::Internal, "not set up").render_response(None);
    };
    let address = CallerAddress::of_request(request);
    let (mut response, allowance) = match limits.count_address(address, AddressUse::Preflight) {
        Ok(allowance) => {
            let response = match check_preflight(request).await {
                Ok((origin, method)) => allow_preflight(&origin, &method),
                Err(problem) => HttpResponse::from_error(problem),
            };
            (response, allowance)
        }
        Err(refused) => {
            let allowance = refused.allowance();
            (HttpResponse::from_error(Problem::from(refused)), allowance)
        }
    };
    allowance.write_headers(response.headers_mut());
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static(PREFLIGHT_VARIES));
    response
}

/// The origin and the method of the preflight, if a page of that origin may make the call.
async fn check_preflight(request: &ServiceRequest) -> Result<(HeaderValue, HeaderValue), Problem> {
    let (headers, path) = (request.headers(), request.match_info().as_str());
    let method = single_header(headers, &header::ACCESS_CONTROL_REQUEST_METHOD)
        .ok_or_else(origin_problem)?;
    let is_open =
        Method::from_bytes(method.as_bytes()).is_ok_and(|it| browser::is_open_to_pages(path, &it));
    match find_listed_origin(request.request()).await? {
        Some(origin) if is_open => Ok((origin, method.clone())),
        _ => Err(origin_problem()),
    }
}

fn allow_preflight(origin: &HeaderValue, method: &HeaderValue) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, method.clone()))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE))
        .finish()
}

/// The origin that may read a 401: a page must be able to see that its session has ended.
async fn readable_refusal(request: &HttpRequest) -> Option<ReadableOrigin> {
    find_listed_origin(request)
        .await
        .ok()
        .flatten()
        .map(ReadableOrigin)
}

/// The request's origin, if any active tenant lists it.
async fn find_listed_origin(request: &HttpRequest) -> Result<Option<HeaderValue>, Problem> {
    let origin = single_header(request.headers(), &header::ORIGIN);
    let text = origin.and_then(|it| it.to_str().ok());
    match (request.app_data::<Data<Vault>>(), origin, text) {
        (Some(vault), Some(origin), Some(text)) => {
            Ok(vault.is_origin_listed(text).await?.then(|| origin.clone()))
        }
        _ => Ok(None),
    }
}

fn set_cors_headers(headers: &mut HeaderMap, readable: Option<ReadableOrigin>) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(ReadableOrigin(origin)) = readable {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(RESPONSE_HEADERS),
        );
    }
}

/// The value of a header that is sent exactly once.
fn single_header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name);
    values.next().filter(|_| values.next().is_none())
}

fn origin_problem() -> Problem {
    Problem::new(
        Code::OriginNotAllowed,
        "A page of this origin may not make this call.",
    )
}
