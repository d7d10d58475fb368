//! The parameters and responses that all calls of a kind have in common.

use utoipa::openapi::{
    ContentBuilder, Header, Ref, RefOr, Response, ResponseBuilder,
    path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::{ObjectBuilder, Type},
    security::SecurityRequirement,
};

use crate::problem::MEDIA_TYPE;

/// Adds what every call of this kind can answer.
pub(super) fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let is_admin = path.starts_with("/admin");
    if !path.starts_with("/v1") && !is_admin {
        return;
    }
    // A call with a password is not repeatable: no quick hash of one is kept.
    if *method == HttpMethod::Post && !path.starts_with("/admin/v1/session") {
        complete_post(operation);
    }
    // Of the operators' calls, logging in alone says for itself whom it lets in.
    let is_open = is_admin && operation.security.is_some();
    if !is_open {
        let bearer = SecurityRequirement::new("bearer", std::iter::empty::<&str>());
        operation.security.get_or_insert_default().push(bearer);
    }
    let in_path =
        |it: &RefOr<Parameter>| matches!(it, RefOr::T(it) if it.parameter_in == ParameterIn::Path);
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let takes_input = operation.request_body.is_some() || !parameters.iter().all(in_path);
    let takes_id = parameters.iter().any(in_path);
    let changes = *method != HttpMethod::Get;
    let kinds = [
        (
            !is_open,
            401,
            "`unauthenticated`: no access token, or one that is not good.",
        ),
        (
            !is_admin,
            403,
            "`missing_scope`: the access token lacks the scope. `restricted`: the caller is confined, and this is \
             beyond that. `origin_not_allowed`: the page that calls is none of the tenant's.",
        ),
        (
            !is_admin,
            429,
            "`rate_limited`: the tenant, the caller or the address calls too often.",
        ),
        (
            is_admin && changes && !is_open,
            403,
            "`read_only`: the operator's role lets it look and not change.",
        ),
        (true, 500, "`internal`: a fault of this installation."),
        (
            takes_id && !is_admin,
            404,
            "`not_found`: there is none of this tenant.",
        ),
        (takes_id && is_admin, 404, "`not_found`: there is none."),
        (
            takes_input,
            422,
            "`invalid_request` and others: `errors` names the fields.",
        ),
        (operation.request_body.is_some(), 400, "`malformed_json`."),
        (
            operation.request_body.is_some(),
            408,
            "`request_timeout`: the body did not arrive in time.",
        ),
        (operation.request_body.is_some(), 413, "`body_too_large`."),
        (
            operation.request_body.is_some(),
            415,
            "`unsupported_media_type`.",
        ),
    ];
    for (_, status, description) in kinds.into_iter().filter(|(applies, ..)| *applies) {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_string())
            .or_insert_with(|| problem(description).into());
    }
    if !is_admin {
        operation
            .parameters
            .get_or_insert_default()
            .push(proof().into());
    }
    for response in operation.responses.responses.values_mut() {
        if let (RefOr::T(response), false) = (response, is_admin) {
            response.headers.extend(
                RATE_HEADERS.map(|(name, description)| (name.to_owned(), rate(description).into())),
            );
        }
    }
}

/// What every answer under `/v1` tells of the tightest limit.
const RATE_HEADERS: [(&str, &str); 3] = [
    ("RateLimit-Limit", "How many calls may come at once."),
    ("RateLimit-Remaining", "How many of them are left."),
    (
        "RateLimit-Reset",
        "In how many seconds all of them are there again.",
    ),
];

fn rate(description: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::Integer));
    header.description = Some(description.to_owned());
    header
}

/// What a client adds whose calls must prove themselves.
fn proof() -> Parameter {
    let description = "Proves that whoever calls holds the client's secret, where an operator demands that of the \
                       client: `<unix seconds>.<nonce>.<hex>` (docs/api-design.md). Elsewhere it is not looked at.";
    // Of no form: whoever needs none may send anything.
    let schema = ObjectBuilder::new().schema_type(Type::String);
    let parameter = ParameterBuilder::new()
        .name("X-Regrant-Proof")
        .parameter_in(ParameterIn::Header);
    parameter
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

/// Every POST may be repeated safely.
fn complete_post(operation: &mut Operation) {
    let header = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "Makes the call repeatable: the same key with the same body does it once. 1 to 255 visible ASCII \
             characters; kept for 24 hours.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[ -~]{1,255}$"))));
    operation
        .parameters
        .get_or_insert_default()
        .push(header.build().into());
    let told = [
        (
            "409",
            "`call_under_way`: another call with the same Idempotency-Key has not ended.",
        ),
        (
            "422",
            "`idempotency_key_reused`, `invalid_request` and others: `errors` names the fields.",
        ),
    ];
    for (status, description) in told {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_owned())
            .or_insert_with(|| problem(description).into());
    }
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content(MEDIA_TYPE, content)
        .build()
}
