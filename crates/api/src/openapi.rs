//! The description of the API: OpenAPI 3.1, from the routes themselves.
//!
//! The rule: what every call of a kind can answer is added here once, by what the call takes: a permission,
//! a body, an identifier, a query. A route describes only what is its own.

use actix_web::{
    App, HttpRequest, HttpResponse,
    dev::ResourceDef,
    http::{Method, header},
    web::{Bytes, Data},
};
use regrant_domain::Permission;
use utoipa::{
    OpenApi as _,
    openapi::{
        ContentBuilder, Header, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder,
        path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Schema, Type},
        security::{
            ClientCredentials, Flow, Http, HttpAuthScheme, OAuth2, Scopes, SecurityRequirement,
            SecurityScheme,
        },
    },
};
use utoipa_actix_web::AppExt;

use crate::{
    problem::{Code, MEDIA_TYPE, Problem, ProblemOut},
    routes,
    server::Described,
};

/// Schemas of answers that tell every field, null where nothing is known (but `slots` and `cut_offs`, which
/// lists leave out).
const ALWAYS_WHOLE: [&str; 31] = [
    "App",
    "Asset",
    "Client",
    "Credential",
    "CutOffNote",
    "DueJobs",
    "Ending",
    "ForecastEntry",
    "ImpactBy",
    "Jobs",
    "ListedPerson",
    "NamedAsset",
    "OnboardedTenant",
    "Operator",
    "PausedApp",
    "Person",
    "PreviewItem",
    "ReconnectPreview",
    "ReconnectItem",
    "ReconnectSessionSummary",
    "ReconnectSummary",
    "ScopeUse",
    "ShreddedTenant",
    "SiblingLoss",
    "SigningKey",
    "Slots",
    "Tenant",
    "TenantLimits",
    "Token",
    "WebhookDelivery",
    "WebhookEndpoint",
];

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Regrant",
        description = "A multi-tenant token vault and bulk-reconnect backend for Meta business assets.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemOut<'static>)),
    tags(
        (name = "access", description = "Access tokens for clients."),
        (name = "assets", description = "What a tenant keeps tokens for."),
        (name = "tokens", description = "Tokens out."),
        (name = "forecast", description = "What will stop working, when and why."),
        (name = "reconnects", description = "Replace expired tokens."),
        (name = "reconnect-sessions", description = "Let a page in a browser replace tokens."),
        (name = "meta", description = "Called by Meta."),
        (name = "webhooks", description = "Events, told as they happen."),
        (name = "audit", description = "What was done, by whom and to what."),
        (name = "health", description = "For load balancers."),
    ),
)]
struct Base;

/// The description of the public listener's API.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut api = describe_routes(Base::openapi(), routes::described);
    let components = api.components.get_or_insert_default();
    components.add_security_scheme("oauth2", oauth2());
    components.add_security_scheme("bearer", bearer("An access token from POST /oauth/token."));
    components.add_security_scheme(
        "client",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)),
    );
    api
}

/// The description of these routes, with what every call of a kind can answer.
pub(crate) fn describe_routes(base: OpenApi, routes: Described) -> OpenApi {
    let app = App::new().into_utoipa_app().openapi(base).configure(routes);
    let mut api = app.split_for_parts().1;
    let components = api.components.get_or_insert_default();
    for name in ALWAYS_WHOLE {
        if let Some(RefOr::T(Schema::Object(it))) = components.schemas.get_mut(name) {
            it.required = it
                .properties
                .keys()
                .filter(|it| *it != "slots" && *it != "cut_offs")
                .cloned()
                .collect();
        }
    }
    for (path, item) in &mut api.paths.paths {
        for (method, operation) in operations(item) {
            complete(path, &method, operation);
        }
    }
    api
}

/// The description as `openapi.yaml` keeps it.
#[must_use]
pub fn openapi_yaml() -> String {
    openapi().to_yaml().unwrap_or_default()
}

/// The description as it is served, and the paths it tells of.
pub(crate) struct Description {
    pub(crate) json: Bytes,
    paths: Vec<(ResourceDef, Vec<Method>)>,
}

impl Description {
    /// Of the public listener.
    pub(crate) fn public() -> Self {
        Self::of(openapi(), &routes::PAGES)
    }

    /// Of these calls, beside pages that answer to GET.
    pub(crate) fn of(mut api: OpenApi, pages: &[&'static str]) -> Self {
        let json = api.to_json().unwrap_or_default().into();
        let described = api
            .paths
            .paths
            .iter_mut()
            .map(|(path, item)| (path.as_str(), methods(item)));
        let mut paths: Vec<_> = described
            .map(|(path, methods)| (ResourceDef::new(path), methods))
            .collect();
        paths.extend(
            pages
                .iter()
                .map(|path| (ResourceDef::new(*path), vec![Method::GET])),
        );
        Self { json, paths }
    }

    /// The methods of a path that there is.
    fn allowed(&self, path: &str) -> Option<String> {
        let (_, methods) = self
            .paths
            .iter()
            .find(|(pattern, _)| pattern.is_match(path))?;
        Some(
            methods
                .iter()
                .map(Method::as_str)
                .collect::<Vec<_>>()
                .join(", "),
        )
    }
}

/// Answers what no route answers: a path that there is with a method that it has not, or no path at all.
pub(crate) async fn no_route(
    request: HttpRequest,
    description: Data<Description>,
) -> Result<HttpResponse, Problem> {
    Err(match description.allowed(request.path()) {
        Some(methods) => Problem::new(
            Code::MethodNotAllowed,
            format!("This path answers to {methods}."),
        )
        .with_header(header::ALLOW, methods),
        None => Problem::not_found("path"),
    })
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, it)| it.as_mut().map(|it| (method, it)))
}

fn methods(item: &mut PathItem) -> Vec<Method> {
    let method = |(method, _)| match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        _ => Method::GET,
    };
    operations(item).map(method).collect()
}

/// Adds what every call of this kind can answer.
fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
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

fn oauth2() -> SecurityScheme {
    let scopes = Permission::ALL.map(|it| (it.as_str(), describe(it)));
    let flow = ClientCredentials::new("/oauth/token", Scopes::from_iter(scopes));
    SecurityScheme::OAuth2(OAuth2::new([Flow::ClientCredentials(flow)]))
}

pub(crate) fn bearer(description: &str) -> SecurityScheme {
    let mut http = Http::new(HttpAuthScheme::Bearer);
    http.bearer_format = Some("JWT".to_owned());
    http.description = Some(description.to_owned());
    SecurityScheme::Http(http)
}

const fn describe(permission: Permission) -> &'static str {
    match permission {
        Permission::AssetsRead => "List and read assets, without tokens.",
        Permission::AssetsWrite => "Register and delete assets.",
        Permission::TokensRead => "Read tokens in the clear.",
        Permission::ReconnectsPreview => "See what a reconnect would do.",
        Permission::ReconnectsWrite => "Replace tokens and follow reconnects.",
        Permission::ForecastRead => "Read the disconnect calendar.",
        Permission::AuditRead => "Read the audit trail.",
        Permission::WebhooksWrite => "Manage webhook endpoints.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.yaml");

    #[test]
    fn the_file_at_the_root_is_the_description() {
        if std::env::var_os("REGRANT_WRITE_OPENAPI").is_some() {
            std::fs::write(FILE, openapi_yaml()).unwrap();
        }
        let kept = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(
            kept == openapi_yaml(),
            "openapi.yaml is stale: run this test with REGRANT_WRITE_OPENAPI=1"
        );
    }

    #[test]
    fn every_call_under_v1_demands_a_scope_and_tells_its_refusals() {
        let mut api = openapi();
        assert!(api.paths.paths.len() > 10);
        for (path, item) in &mut api.paths.paths {
            for (_, operation) in operations(item).filter(|_| path.starts_with("/v1")) {
                let security = serde_json::to_string(&operation.security).unwrap();
                assert!(
                    security.contains("oauth2") && security.contains(':'),
                    "{path}: {security}"
                );
                for status in ["401", "403", "500"] {
                    assert!(
                        operation.responses.responses.contains_key(status),
                        "{path}: {status}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_known_path_tells_its_methods() {
        let description = Description::public();
        assert_eq!(
            description.allowed("/v1/assets").as_deref(),
            Some("GET, POST")
        );
        assert_eq!(
            description.allowed("/v1/assets/act_1").as_deref(),
            Some("GET, DELETE")
        );
        assert_eq!(description.allowed("/v1/nothing"), None);
    }
}
