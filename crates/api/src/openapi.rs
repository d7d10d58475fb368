//! The description of an API, in OpenAPI 3.1, built from its routes.
//!
//! The rule: `openapi/common_responses.rs` adds the responses that all calls of a kind share, by what a call takes: a
//! permission, a body, an identifier, a query. A route describes only its own responses.

mod common_problems;
mod common_responses;
mod event_streams;
mod route_list;
mod shared_parts;
mod shared_schemas;
mod short_yaml;
mod webhooks;
mod yaml;

use std::sync::OnceLock;

use actix_web::{
    App, HttpRequest, HttpResponse,
    dev::ResourceDef,
    http::{Method, header},
    web::Data,
};
use utoipa::openapi::{
    OpenApi, PathItem, RefOr,
    path::{HttpMethod, Operation},
    schema::Schema,
    security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    server::Server,
};

use self::{
    common_responses::add_common_parts, event_streams::describe_streams,
    route_list::DescribedRoutes, shared_parts::share_parts, shared_schemas::share_schemas,
};
pub(crate) use self::{
    route_list::{AddRoutes, RouteList},
    webhooks::add_webhooks,
    yaml::write_yaml,
};
use crate::{
    envelope::has_head,
    problem::{Code, Problem},
    public_body::PublicBody,
};

/// Fields of an asset that lists omit.
const OMITTED_IN_LISTS: [&str; 3] = ["slots", "cut_offs", "facts"];
/// Schemas of responses in which every field is present, and null if unknown; except [`OMITTED_IN_LISTS`].
const COMPLETE_SCHEMAS: [&str; 48] = [
    "App",
    "Asset",
    "AssetState",
    "CalendarFeed",
    "Client",
    "Consent",
    "ConsentingPerson",
    "Credential",
    "CutOffNote",
    "DiscoveredAsset",
    "DiscoveryPerson",
    "DiscoverySummary",
    "DueJobs",
    "Ending",
    "Fact",
    "ForecastEntry",
    "GrantedScope",
    "GraphError",
    "ImpactBy",
    "Jobs",
    "LeftOutAsset",
    "ListedPerson",
    "NamedAsset",
    "ObjectCondition",
    "OnboardedTenant",
    "Operator",
    "PausedApp",
    "Person",
    "PlannedPerson",
    "PreviewItem",
    "ReachableAsset",
    "ReconnectItem",
    "ReconnectLinkSummary",
    "ReconnectPreviewSummary",
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
    "TokenReport",
    "UnreadList",
    "WebhookDelivery",
    "WebhookEndpoint",
];

/// Describes these routes, with the responses that all calls of a kind share.
pub(crate) fn describe_routes(mut api: OpenApi, routes: AddRoutes) -> OpenApi {
    let mut described = DescribedRoutes::default();
    let _unused =
        App::new().configure(|config| routes(&mut RouteList::describing(config, &mut described)));
    described.add_to(&mut api);
    let components = api.components.get_or_insert_default();
    for name in COMPLETE_SCHEMAS {
        if let Some(RefOr::T(Schema::Object(it))) = components.schemas.get_mut(name) {
            it.required = it
                .properties
                .keys()
                .filter(|it| !OMITTED_IN_LISTS.contains(&it.as_str()))
                .cloned()
                .collect();
        }
    }
    for (path, item) in &mut api.paths.paths {
        for (method, operation) in list_operations(item) {
            add_common_parts(path, &method, operation, components);
            describe_streams(operation, components);
            state_security(operation);
        }
    }
    share_schemas(&mut api);
    share_parts(&mut api);
    api.servers = Some(vec![Server::new("/")]);
    api
}

/// A call without a credential says so with an empty list, which generators and linters read alike.
fn state_security(operation: &mut Operation) {
    let security = operation.security.get_or_insert_default();
    if *security == [SecurityRequirement::default()] {
        security.clear();
    }
}

/// The description of an API, made when it is first asked for: it takes some megabytes on the way, which a process that
/// only serves calls never needs.
pub(crate) struct ApiDescription {
    describe: fn() -> OpenApi,
    pages: &'static [&'static str],
    made: OnceLock<MadeDescription>,
}

/// An API description as JSON, and its paths.
struct MadeDescription {
    title: String,
    json: PublicBody,
    paths: Vec<(ResourceDef, Vec<Method>)>,
}

impl ApiDescription {
    /// The description of an API, and pages beside it that answer GET.
    pub(crate) const fn new(describe: fn() -> OpenApi, pages: &'static [&'static str]) -> Self {
        Self {
            describe,
            pages,
            made: OnceLock::new(),
        }
    }

    /// The name of the API.
    pub(crate) fn title(&self) -> &str {
        &self.made().title
    }

    /// The description as JSON.
    pub(crate) fn json(&self) -> &PublicBody {
        &self.made().json
    }

    /// The methods of a path, separated by commas; none if the path does not exist.
    pub(crate) fn allowed_methods(&self, path: &str) -> Option<String> {
        let paths = &self.made().paths;
        let (_, methods) = paths.iter().find(|(pattern, _)| pattern.is_match(path))?;
        let mut names: Vec<_> = methods.iter().map(Method::as_str).collect();
        if names.first() == Some(&"GET") && has_head(path) {
            names.insert(1, "HEAD");
        }
        Some(names.join(", "))
    }

    fn made(&self) -> &MadeDescription {
        self.made
            .get_or_init(|| MadeDescription::from_openapi((self.describe)(), self.pages))
    }
}

impl MadeDescription {
    fn from_openapi(mut api: OpenApi, pages: &[&'static str]) -> Self {
        let json = PublicBody::new("application/json", api.to_json().unwrap_or_default());
        let described = api
            .paths
            .paths
            .iter_mut()
            .map(|(path, item)| (path.as_str(), list_methods(item)));
        let mut paths: Vec<_> = described
            .map(|(path, methods)| (ResourceDef::new(path), methods))
            .collect();
        paths.extend(
            pages
                .iter()
                .map(|path| (ResourceDef::new(*path), vec![Method::GET])),
        );
        // `/assets/check` is a path of its own, though `/assets/{asset_id}` fits it too.
        paths.sort_by_key(|(pattern, _)| pattern.pattern().is_some_and(|it| it.contains('{')));
        let title = api.info.title;
        Self { title, json, paths }
    }
}

/// Answers calls that match no route: 405 if the path exists with other methods, else 404.
pub(crate) async fn answer_unmatched(
    request: HttpRequest,
    description: Data<ApiDescription>,
) -> Result<HttpResponse, Problem> {
    Err(
        match description.allowed_methods(request.match_info().as_str()) {
            Some(methods) => Problem::new(
                Code::MethodNotAllowed,
                format!("This path supports {methods}."),
            )
            .with_header(header::ALLOW, methods),
            None => Problem::not_found("path"),
        },
    )
}

/// The calls of an API and of its webhooks.
fn all_operations(api: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    let webhooks = api.webhooks.iter_mut().flat_map(|it| it.paths.values_mut());
    let items = api.paths.paths.values_mut().chain(webhooks);
    items.flat_map(|item| list_operations(item).map(|(_, operation)| operation))
}

pub(crate) fn list_operations(
    item: &mut PathItem,
) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
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

fn list_methods(item: &mut PathItem) -> Vec<Method> {
    let method = |(method, _)| match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        _ => Method::GET,
    };
    list_operations(item).map(method).collect()
}

/// The security scheme of bearer tokens.
pub(crate) fn bearer_scheme(description: &str) -> SecurityScheme {
    let mut http = Http::new(HttpAuthScheme::Bearer);
    http.bearer_format = Some("JWT".to_owned());
    http.description = Some(description.to_owned());
    SecurityScheme::Http(http)
}
