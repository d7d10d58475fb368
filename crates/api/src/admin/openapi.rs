//! The description of the operators' API.
//!
//! The rule: `openapi-admin.yaml` at the root equals it; a test here fails if it does not, and writes the file when
//! `REGRANT_WRITE_OPENAPI` is set.

use utoipa::{OpenApi as _, openapi::OpenApi};

use super::{add_described_routes, add_health_routes};
use crate::{
    openapi::{bearer_scheme, describe_routes, write_yaml},
    problem::ProblemOut,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Regrant for operators",
        description = "Run an installation: operators, Meta apps, tenants and their clients, keys, due work, the audit.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemOut<'static>)),
    tags(
        (name = "session", description = "Log in and out."),
        (name = "operators", description = "The people who run the installation."),
        (name = "apps", description = "Meta apps, to which the tokens of tenants belong."),
        (name = "tenants", description = "Tenants: onboard, change, suspend, delete, shred."),
        (name = "clients", description = "Clients: the machines of tenants that call the API."),
        (name = "deletions", description = "Delete persons' data without Meta's callback."),
        (name = "keys", description = "Keys that sign access tokens."),
        (name = "jobs", description = "Due work and its backlog."),
        (name = "graph-errors", description = "Errors of the Graph API that Regrant does not know."),
        (name = "audit", description = "Who did what, and when."),
        (name = "health", description = "For load balancers."),
    ),
)]
struct AdminApi;

/// The description of the operators' API.
pub(super) fn describe_admin_api() -> OpenApi {
    let mut api = describe_routes(AdminApi::openapi(), add_described_routes);
    let components = api.components.get_or_insert_default();
    components.add_security_scheme(
        "bearer",
        bearer_scheme("An access token from POST /admin/v1/session."),
    );
    api
}

/// The description of the health routes alone.
pub(super) fn describe_health_api() -> OpenApi {
    describe_routes(AdminApi::openapi(), add_health_routes)
}

/// The content of `openapi-admin.yaml`.
#[must_use]
pub fn openapi_admin_yaml() -> String {
    write_yaml(&describe_admin_api())
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
    fn every_call_but_log_in_and_health_requires_a_log_in() {
        let api: serde_json::Value =
            serde_json::from_str(&describe_admin_api().to_json().unwrap()).unwrap();
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
