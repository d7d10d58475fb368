//! Parameters and responses that all calls of a kind share.
//!
//! The rule: a response that a route describes itself stays; only missing ones are added. What every call may answer is
//! described once, as the response `default` of each call, which in OpenAPI is every status that a call does not list.

use super::common_problems::describe_common_problems;
use crate::problem::MEDIA_TYPE;
use utoipa::openapi::{
    Components, ContentBuilder, Header, Ref, RefOr, Response, ResponseBuilder,
    path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::{ObjectBuilder, Type},
    security::SecurityRequirement,
};

/// The name of the response that every call refers to.
pub(super) const COMMON_PROBLEM: &str = "CommonProblem";

/// The calls without an `Idempotency-Key`. A log-in gives another token each time, and a change of the caller's password
/// needs the one before. A step of a rotation may be repeated as it is: the state of the key says whether it was taken, and one
/// more new data key does no harm.
const WITHOUT_KEY: [&str; 6] = [
    "/admin/v1/session",
    "/admin/v1/keys/data",
    "/admin/v1/keys/stage",
    "/admin/v1/keys/promote",
    "/admin/v1/keys/verify",
    "/admin/v1/keys/retire",
];

/// Adds the parameters, the security and the responses that all calls of this kind share.
pub(super) fn add_common_parts(
    path: &str,
    method: &HttpMethod,
    operation: &mut Operation,
    components: &mut Components,
) {
    let is_open = path.starts_with("/v1/calendar/");
    if is_open || !path.starts_with("/v1") && !path.starts_with("/admin") {
        return;
    }
    // A call for another ticket makes another ticket.
    let has_key = !WITHOUT_KEY.iter().any(|it| path.starts_with(it));
    if *method == HttpMethod::Post && has_key && !path.ends_with("/events/tickets") {
        add_post_parts(operation);
    }
    let is_admin = path.starts_with("/admin");
    // Of the operators' calls, only the log-in names its own security: it needs no token.
    if !is_admin || operation.security.is_none() {
        add_unauthenticated(is_admin, operation);
    }
    add_input_problems(is_admin, operation);
    add_common_problem(is_admin, operation, components);
    if !is_admin {
        operation
            .parameters
            .get_or_insert_default()
            .push(proof_parameter().into());
    }
}

/// The problem that a caller meets first. A client's token has its scopes, which the routes name; an operator's has none.
fn add_unauthenticated(is_admin: bool, operation: &mut Operation) {
    if is_admin {
        let bearer = SecurityRequirement::new("bearer", std::iter::empty::<&str>());
        operation.security.get_or_insert_default().push(bearer);
        add_problem(
            operation,
            401,
            "`unauthenticated`: the access token is missing or not valid.",
        );
        return;
    }
    add_problem(
        operation,
        401,
        "`unauthenticated`: the access token is missing or not valid. `proof_required`: the proof of its key is missing or \
         not valid. `nonce_required`: the proof needs the nonce of `DPoP-Nonce`.",
    );
    add_nonce_header(operation);
}

/// The problems of calls with an identifier in the path, and of calls with a query, a header or a body.
fn add_input_problems(is_admin: bool, operation: &mut Operation) {
    let in_path =
        |it: &RefOr<Parameter>| matches!(it, RefOr::T(it) if it.parameter_in == ParameterIn::Path);
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let takes_id = parameters.iter().any(in_path);
    let takes_input = operation.request_body.is_some() || !parameters.iter().all(in_path);
    if takes_id {
        let description = if is_admin {
            "`not_found`: the resource does not exist."
        } else {
            "`not_found`: the resource does not exist for this tenant."
        };
        add_problem(operation, 404, description);
    }
    if takes_input {
        add_problem(
            operation,
            422,
            "`invalid_request` and others: `errors` lists the faulty fields.",
        );
    }
}

fn add_problem(operation: &mut Operation, status: u16, description: &str) {
    let responses = &mut operation.responses.responses;
    responses
        .entry(status.to_string())
        .or_insert_with(|| problem_response(description).into());
}

/// Refers to the problems that every call may have: the response of each status that the call does not describe.
fn add_common_problem(is_admin: bool, operation: &mut Operation, components: &mut Components) {
    let reference = RefOr::Ref(Ref::from_response_name(COMMON_PROBLEM));
    operation
        .responses
        .responses
        .insert("default".to_owned(), reference);
    components
        .responses
        .entry(COMMON_PROBLEM.to_owned())
        .or_insert_with(|| common_problem(is_admin).into());
}

fn common_problem(is_admin: bool) -> Response {
    let mut response = problem_response(&describe_common_problems(is_admin));
    if !is_admin {
        let headers = RATE_HEADERS
            .map(|(name, kind, text)| (name.to_owned(), rate_header(kind, text).into()));
        response.headers.extend(headers);
    }
    response
}

/// The headers of every response under `/v1`: the tightest limit that applies to the call.
const RATE_HEADERS: [(&str, Type, &str); 5] = [
    (
        "RateLimit-Policy",
        Type::String,
        "The limit: its name, calls in a burst (`q`) and the seconds in which as many become available again (`w`).",
    ),
    (
        "RateLimit",
        Type::String,
        "Remaining calls of the limit (`r`), and seconds until the whole burst is available again (`t`).",
    ),
    (
        "RateLimit-Limit",
        Type::Integer,
        "Calls in a burst. The name of earlier drafts.",
    ),
    (
        "RateLimit-Remaining",
        Type::Integer,
        "Remaining calls. The name of earlier drafts.",
    ),
    (
        "RateLimit-Reset",
        Type::Integer,
        "Seconds until the whole burst is available again. The name of earlier drafts.",
    ),
];

fn rate_header(kind: Type, description: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(kind));
    header.description = Some(description.to_owned());
    header
}

/// Adds the nonce to the response of a call that is not authenticated.
fn add_nonce_header(operation: &mut Operation) {
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("401") {
        let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String));
        header.description = Some(
            "The nonce for the next proof of a key (RFC 9449), if the call sent one. Every other response to such a call has \
             it, too."
                .to_owned(),
        );
        let name = "DPoP-Nonce".to_owned();
        response.headers.insert(name, header.into());
    }
}

/// The header of a call whose access token is bound to a key.
fn proof_parameter() -> Parameter {
    let description = "Proof of the key that the access token is bound to (RFC 9449), for this call alone. Required with \
                       `Authorization: DPoP …`; ignored otherwise.";
    // Without a pattern: with another token any text may be sent.
    let schema = ObjectBuilder::new().schema_type(Type::String);
    let parameter = ParameterBuilder::new()
        .name("DPoP")
        .parameter_in(ParameterIn::Header);
    parameter
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

/// Adds the header that makes a POST repeatable, and its responses.
fn add_post_parts(operation: &mut Operation) {
    let header = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "Makes the call repeatable: calls with the same key and body take effect once. 1 to 255 visible ASCII \
             characters; kept for 24 hours.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[ -~]{1,255}$"))));
    operation
        .parameters
        .get_or_insert_default()
        .push(header.build().into());
    add_replay_header(operation);
    add_problem(
        operation,
        409,
        "`call_under_way`: another call with the same Idempotency-Key is still running.",
    );
    add_problem(
        operation,
        422,
        "`idempotency_key_reused`, `invalid_request` and others: `errors` lists the faulty fields.",
    );
}

fn add_replay_header(operation: &mut Operation) {
    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::Boolean));
    header.description = Some(
        "`true` if an earlier call with the same Idempotency-Key is answered again; absent otherwise."
            .to_owned(),
    );
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with('2')
        {
            let name = "Idempotency-Replayed".to_owned();
            response.headers.insert(name, header.clone().into());
        }
    }
}

fn problem_response(description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content(MEDIA_TYPE, content)
        .build()
}
