//! The middleware around every request: it gives the request an id, a span and a log line, and the response its headers.
//!
//! The rule: the log names the route by its pattern. It never holds query strings, bodies or header values. A decision by
//! path uses the path that the router matches: `/%761` is `/v1`.

mod challenge;
mod request_id;

use std::time::Instant;

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use regrant_vault::{AuthenticatedOperator, Principal, ReplayNote};
use tracing::{Instrument, field};

use self::{
    challenge::complete_challenges,
    request_id::{TraceParent, choose_request_id},
};
use crate::{
    extract::{NONCE_HEADER, ProvedRequest, handle_head_as_get},
    problem::Problem,
};

/// Says that an earlier call with the same Idempotency-Key is answered again.
const REPLAYED_HEADER: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Content security policy of all pages but `/docs`.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Content security policy of Swagger UI, which needs its script and inline styles.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Middleware around every route.
pub(crate) async fn wrap_request(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    treat_head_as_get(&mut request);
    let started = Instant::now();
    let id = choose_request_id(request.headers());
    let span = tracing::info_span!("request", request.id = %id, trace.id = field::Empty, trace.parent = field::Empty);
    if let Some(it) = TraceParent::from_headers(request.headers()) {
        span.record("trace.id", it.trace)
            .record("trace.parent", it.parent);
    }
    let nonce = ProvedRequest::next_nonce(request.request()).await;
    let response = next.call(request).instrument(span.clone()).await?;
    let mut response = add_request_id(response, &id);
    let path = response.request().match_info().as_str().to_owned();
    set_headers(response.headers_mut(), &path, &id);
    if let Some(nonce) = nonce {
        response.headers_mut().insert(NONCE_HEADER, nonce);
    }
    if is_replay(response.request()) {
        response
            .headers_mut()
            .insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
    }
    span.in_scope(|| log_response(&response, &id, started));
    Ok(response)
}

/// Handles HEAD as GET where the path has it; the server omits the body.
fn treat_head_as_get(request: &mut ServiceRequest) {
    if request.method() == Method::HEAD && has_head(request.match_info().as_str()) {
        handle_head_as_get(request);
    }
}

/// Whether HEAD works where GET does. Not for tokens, whose reads are audited, and not for streams, which have no end.
pub(crate) fn has_head(path: &str) -> bool {
    !path.ends_with("/token") && !path.ends_with("/events")
}

/// Renders a problem again with the request id in its body, as an error of OAuth where that is expected, and keeps the
/// headers that other middleware added.
fn add_request_id(
    response: ServiceResponse<impl MessageBody + 'static>,
    id: &str,
) -> ServiceResponse<BoxBody> {
    let problem = response
        .response()
        .error()
        .and_then(|it| it.as_error::<Problem>());
    let request = response.request();
    let is_oauth = request.match_info().as_str().starts_with("/oauth/");
    let rendered = problem.map(|it| {
        if is_oauth {
            it.render_oauth_error(Some(id))
        } else {
            it.render_response(Some(id))
        }
    });
    match rendered {
        Some(mut rendered) => {
            complete_challenges(request, &mut rendered);
            let missing = response
                .headers()
                .iter()
                .filter(|(name, _)| !rendered.headers().contains_key(*name));
            for (name, value) in missing.collect::<Vec<_>>() {
                rendered.headers_mut().append(name.clone(), value.clone());
            }
            response.into_response(rendered)
        }
        None => response.map_into_boxed_body(),
    }
}

fn set_headers(headers: &mut HeaderMap, path: &str, id: &str) {
    let is_cacheable = headers.contains_key(header::CACHE_CONTROL);
    let has_policy = headers.contains_key(header::CONTENT_SECURITY_POLICY);
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(HeaderName::from_static(request_id::REQUEST_ID_HEADER), id);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    // A page with forms says where they may lead.
    if !has_policy {
        set(
            header::CONTENT_SECURITY_POLICY,
            if path.starts_with("/docs") {
                DOCS_POLICY
            } else {
                PAGE_POLICY
            },
        );
    }
    // No cache may store a response unless its handler says so.
    if !is_cacheable {
        set(header::CACHE_CONTROL, "no-store");
    }
}

/// Whether an earlier call with the same Idempotency-Key is answered again.
fn is_replay(request: &HttpRequest) -> bool {
    let extensions = request.extensions();
    extensions
        .get::<ReplayNote>()
        .is_some_and(ReplayNote::is_set)
}

fn log_response(response: &ServiceResponse<BoxBody>, id: &str, started: Instant) {
    let request = response.request();
    let route = request.match_pattern();
    let is_probe = matches!(route.as_deref(), Some("/livez" | "/readyz"));
    if is_probe && response.status().is_success() {
        // Supervisors call these routes every few seconds.
        tracing::debug!(http.route = route.as_deref(), request.id = id, "answered");
        return;
    }
    let client = request
        .extensions()
        .get::<Principal>()
        .map(|it| it.client().to_string());
    let operator = request
        .extensions()
        .get::<AuthenticatedOperator>()
        .map(|it| it.operator.id.to_string());
    tracing::info!(
        http.method = %request.method(),
        http.route = route.as_deref().unwrap_or("(none)"),
        http.status = response.status().as_u16(),
        http.ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        request.id = id,
        client.id = client.as_deref(),
        operator.id = operator.as_deref(),
        "answered"
    );
}
