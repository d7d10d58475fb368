//! The description of the operators' API: OpenAPI 3.1, from the routes themselves.

use utoipa::{OpenApi as _, openapi::OpenApi};

use super::{described, health_alone};
use crate::{
    openapi::{bearer, describe_routes},
    problem::ProblemOut,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Regrant for operators",
        description = "Who runs an installation: operators, Meta apps, tenants and their clients, keys, due work, the audit.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemOut<'static>)),
    tags(
        (name = "session", description = "Logging in and out."),
        (name = "operators", description = "Who runs the installation."),
        (name = "apps", description = "Meta apps: what tenants' tokens belong to."),
        (name = "tenants", description = "Who is served."),
        (name = "clients", description = "The machines of tenants."),
        (name = "keys", description = "What signs access tokens."),
        (name = "jobs", description = "What is due."),
        (name = "audit", description = "What was done, by whom and to what."),
        (name = "health", description = "For load balancers."),
    ),
)]
struct Base;

/// The description of the admin listener's API.
pub(super) fn openapi_admin() -> OpenApi {
    let mut api = describe_routes(Base::openapi(), described);
    let components = api.components.get_or_insert_default();
    components.add_security_scheme(
        "bearer",
        bearer("An access token from POST /admin/v1/session."),
    );
    api
}

/// The description of health alone.
pub(super) fn openapi_health() -> OpenApi {
    describe_routes(Base::openapi(), health_alone)
}

/// The description of the admin API as `openapi-admin.yaml` keeps it.
#[must_use]
pub fn openapi_admin_yaml() -> String {
    openapi_admin().to_yaml().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi-admin.yaml");

    #[test]
    fn the_admin_file_at_the_root_is_the_description() {
        if std::env::var_os("REGRANT_WRITE_OPENAPI").is_some() {
            std::fs::write(FILE, openapi_admin_yaml()).unwrap();
        }
        let kept = std::fs::read_to_string(FILE).unwrap_or_default();
        let stale = "openapi-admin.yaml is stale: run this test with REGRANT_WRITE_OPENAPI=1";
        assert!(kept == openapi_admin_yaml(), "{stale}");
    }

    #[test]
    fn every_call_but_logging_in_and_health_demands_a_log_in() {
        let api: serde_json::Value =
            serde_json::from_str(&openapi_admin().to_json().unwrap()).unwrap();
        let paths = api["paths"].as_object().unwrap();
        assert!(paths.len() > 20);
        for (path, item) in paths {
            for (method, operation) in item.as_object().unwrap() {
                let is_open = !path.starts_with("/admin")
                    || (path == "/admin/v1/session" && method == "post");
                let demands = operation["security"].to_string().contains("bearer");
                assert_eq!(demands, !is_open, "{method} {path}");
            }
        }
    }
}
