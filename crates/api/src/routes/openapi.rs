//! The description of the public API.
//!
//! The rule: `openapi.yaml` at the root equals it; a test here fails if it does not, and writes the file when
//! `REGRANT_WRITE_OPENAPI` is set.

use regrant_domain::Permission;
use utoipa::{
    OpenApi as _,
    openapi::{
        OpenApi,
        security::{ClientCredentials, Flow, Http, HttpAuthScheme, OAuth2, Scopes, SecurityScheme},
    },
};

use super::{add_described_routes, pages::PAGE_PATHS};
use crate::{
    openapi::{ApiDescription, add_webhooks, describe_routes, write_yaml},
    problem::ProblemOut,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Regrant",
        description = "A multi-tenant token vault and bulk-reconnect backend for Meta business assets.\n\n\
            Every response under `/v1` has the headers `RateLimit-Policy` and `RateLimit`, which the response \
            `CommonProblem` describes.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemOut<'static>)),
    tags(
        (name = "access", description = "Access tokens for clients."),
        (name = "assets", description = "Pages, ad accounts and other assets of a tenant."),
        (name = "tokens", description = "Read the tokens that serve assets."),
        (name = "discoveries", description = "What the token of a person reaches."),
        (name = "forecast", description = "When assets will stop working, and why."),
        (name = "reconnects", description = "Replace expired tokens."),
        (name = "reconnect-sessions", description = "Let a page in a browser replace tokens."),
        (name = "consents", description = "Log-ins at Meta that are handed over now and used later."),
        (name = "reconnect-links", description = "Let a person give a consent on hosted pages."),
        (name = "connect", description = "Hosted pages for people, behind a reconnect link."),
        (name = "meta", description = "Webhooks and callbacks that Meta calls."),
        (name = "webhooks", description = "Events that Regrant sends to a tenant."),
        (name = "audit", description = "Who did what, and when."),
        (name = "health", description = "For load balancers."),
    ),
)]
struct PublicApi;

/// The description of the public API.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut api = PublicApi::openapi();
    add_webhooks(&mut api);
    let mut api = describe_routes(api, add_described_routes);
    let components = api.components.get_or_insert_default();
    components.add_security_scheme("oauth2", oauth2_scheme());
    components.add_security_scheme(
        "client",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)),
    );
    api
}

/// The description as the listener serves it, and the paths of its pages.
pub(crate) const fn describe_public_api() -> ApiDescription {
    ApiDescription::new(openapi, &PAGE_PATHS)
}

/// The content of `openapi.yaml`.
#[must_use]
pub fn openapi_yaml() -> String {
    write_yaml(&openapi())
}

fn oauth2_scheme() -> SecurityScheme {
    let scopes = Permission::ALL.map(|it| (it.as_str(), describe_scope(it)));
    let flow = ClientCredentials::new("/oauth/token", Scopes::from_iter(scopes));
    let description = "`Authorization: Bearer …`. A token that is bound to a key (RFC 9449) is sent as \
                       `Authorization: DPoP …` with the header `DPoP`.";
    let scheme = OAuth2::with_description([Flow::ClientCredentials(flow)], description);
    SecurityScheme::OAuth2(scheme)
}

const fn describe_scope(permission: Permission) -> &'static str {
    match permission {
        Permission::AssetsRead => "List and read assets, without tokens.",
        Permission::AssetsWrite => "Register and delete assets.",
        Permission::TokensRead => "Read tokens in the clear.",
        Permission::ReconnectsPreview => "See what a reconnect would do.",
        Permission::ReconnectsWrite => "Replace tokens and follow reconnects.",
        Permission::ForecastRead => "Read the disconnect calendar.",
        Permission::AuditRead => "Read the audit trail.",
        Permission::WebhooksWrite => "Manage webhook endpoints.",
        Permission::EventsRead => "Read the events that webhooks report.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::list_operations;
    use utoipa::openapi::RefOr;

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
    fn every_call_under_v1_requires_a_scope_and_describes_its_refusals() {
        let mut api = openapi();
        assert!(api.paths.paths.len() > 10);
        for (path, item) in &mut api.paths.paths {
            for (_, operation) in list_operations(item).filter(|_| is_closed(path)) {
                let security = serde_json::to_string(&operation.security).unwrap();
                assert!(
                    security.contains("oauth2") && security.contains(':'),
                    "{path}: {security}"
                );
                for status in ["401", "default"] {
                    assert!(
                        operation.responses.responses.contains_key(status),
                        "{path}: {status}"
                    );
                }
            }
        }
    }

    /// The secret in the address of a calendar is its only credential.
    fn is_closed(path: &str) -> bool {
        path.starts_with("/v1") && !path.starts_with("/v1/calendar/")
    }

    /// The texts alone are a quarter of it. What several calls share is there once; a call that repeats it shows here.
    #[test]
    fn the_description_has_at_most_2_800_bytes_a_call() {
        let mut api = openapi();
        let items = api.paths.paths.values_mut();
        let calls: usize = items.map(|item| list_operations(item).count()).sum();
        let bytes = openapi_yaml().len();
        assert!(bytes <= calls * 2_800, "{bytes} bytes for {calls} calls");
    }

    #[test]
    fn no_call_has_a_parameter_twice() {
        let mut api = openapi();
        for (path, item) in &mut api.paths.paths {
            for (_, operation) in list_operations(item) {
                let parameters = operation.parameters.iter().flatten();
                let mut forms: Vec<_> = parameters
                    .map(|it| match it {
                        RefOr::Ref(it) => it.ref_location.rsplit('/').next().unwrap().to_owned(),
                        RefOr::T(it) => it.name.clone(),
                    })
                    .collect();
                let all = forms.len();
                forms.sort();
                forms.dedup();
                assert_eq!(forms.len(), all, "{path}: {forms:?}");
            }
        }
    }

    #[test]
    fn entries_of_lists_and_variants_of_results_have_names() {
        let text = openapi_yaml();
        for name in ["Asset", "AuditEvent", "TokenLookup", "TokenLookup_served"] {
            assert!(
                text.contains(&format!("$ref: '#/components/schemas/{name}'")),
                "{name}"
            );
        }
        assert!(text.contains("propertyName: status"));
    }

    #[test]
    fn a_known_path_lists_its_methods() {
        let description = describe_public_api();
        assert_eq!(
            description.allowed_methods("/v1/assets").as_deref(),
            Some("GET, HEAD, POST")
        );
        assert_eq!(
            description.allowed_methods("/v1/assets/act_1").as_deref(),
            Some("GET, HEAD, DELETE")
        );
        for path in ["/v1/assets/act_1/token", "/v1/reconnects/rcn_1/events"] {
            assert_eq!(
                description.allowed_methods(path).as_deref(),
                Some("GET"),
                "{path}"
            );
        }
        assert_eq!(description.allowed_methods("/v1/nothing"), None);
    }
}
