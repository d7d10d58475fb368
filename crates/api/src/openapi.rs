//! The description of an API: OpenAPI 3.1, from the routes themselves.
//!
//! The rule: what every call of a kind can answer is added here once, by what the call takes: a permission,
//! a body, an identifier, a query. A route describes only what is its own.

mod common_responses;

use actix_web::{
    App, HttpRequest, HttpResponse,
    dev::ResourceDef,
    http::{Method, header},
    web::{Bytes, Data},
};
use utoipa::openapi::{
    OpenApi, PathItem, RefOr,
    path::{HttpMethod, Operation},
    schema::Schema,
    security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_actix_web::{AppExt, service_config::ServiceConfig};

use self::common_responses::complete;
use crate::problem::{Code, Problem};

/// Adds routes that the description tells of.
pub(crate) type Described = fn(&mut ServiceConfig<'_>);

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

/// The description as it is served, and the paths it tells of.
pub(crate) struct Description {
    pub(crate) json: Bytes,
    paths: Vec<(ResourceDef, Vec<Method>)>,
}

impl Description {
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
    pub(crate) fn allowed(&self, path: &str) -> Option<String> {
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

pub(crate) fn operations(
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

pub(crate) fn bearer(description: &str) -> SecurityScheme {
    let mut http = Http::new(HttpAuthScheme::Bearer);
    http.bearer_format = Some("JWT".to_owned());
    http.description = Some(description.to_owned());
    SecurityScheme::Http(http)
}
