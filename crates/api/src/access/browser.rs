//! The calls that a page in a browser may make: the routes of reconnect sessions.
//!
//! The rule: deny by default. Sessions and pages of other origins may call only the routes in this table, whatever
//! the handlers allow.

use std::sync::LazyLock;

use actix_web::{
    dev::{ResourceDef, ServiceRequest},
    http::Method,
};

/// The paths and methods that pages may call.
const OPEN_ROUTES: [(&str, Method); 17] = [
    ("/v1/reconnect-previews", Method::POST),
    ("/v1/reconnect-previews", Method::GET),
    ("/v1/reconnect-previews/{id}", Method::GET),
    ("/v1/reconnect-previews/{id}", Method::DELETE),
    ("/v1/reconnect-previews/{id}/events", Method::GET),
    ("/v1/reconnect-previews/{id}/events/tickets", Method::POST),
    ("/v1/reconnects", Method::POST),
    ("/v1/reconnects", Method::GET),
    ("/v1/reconnects/{id}", Method::GET),
    ("/v1/reconnects/{id}/events", Method::GET),
    ("/v1/reconnects/{id}/events/tickets", Method::POST),
    ("/v1/reconnects/{id}/cancel", Method::POST),
    ("/v1/reconnects/{id}/undo", Method::POST),
    ("/v1/reconnect-sessions/current", Method::GET),
    ("/v1/reconnect-sessions/current/consent", Method::POST),
    ("/v1/reconnect-sessions/current/consent", Method::GET),
    ("/v1/reconnect-sessions/current/consent", Method::DELETE),
];

/// `OPEN_ROUTES` as patterns.
static OPEN_PATTERNS: LazyLock<Vec<(ResourceDef, Method)>> = LazyLock::new(|| {
    OPEN_ROUTES
        .into_iter()
        .map(|(path, method)| (ResourceDef::new(path), method))
        .collect()
});

/// Whether a session may make this call.
pub(crate) fn may_session_call(request: &ServiceRequest) -> bool {
    is_open_to_pages(request.match_info().as_str(), request.method())
}

/// Whether a page may call this method of the path; `path` is the one that the router matches.
pub(crate) fn is_open_to_pages(path: &str, method: &Method) -> bool {
    OPEN_PATTERNS
        .iter()
        .any(|(route, open)| open == method && route.is_match(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_open_route_exists() {
        let api = crate::openapi();
        for (path, method) in OPEN_ROUTES {
            let item = api
                .paths
                .paths
                .get(path)
                .unwrap_or_else(|| panic!("{path}"));
            let exists = match method {
                Method::GET => item.get.is_some(),
                Method::DELETE => item.delete.is_some(),
                _ => item.post.is_some(),
            };
            assert!(exists, "{method} {path}");
        }
    }

    #[test]
    fn all_other_routes_are_closed() {
        for (path, method) in [
            ("/v1/reconnects", Method::DELETE),
            ("/v1/reconnect-previews", Method::DELETE),
            ("/v1/reconnects/rcn_1/undo", Method::GET),
            ("/v1/reconnects/rcn_1/undo/", Method::POST),
            ("/v1/reconnects/", Method::POST),
            ("/v1/reconnects/a/b/events", Method::GET),
            ("/v1/reconnect-sessions", Method::POST),
            ("/v1/reconnect-sessions/rse_1", Method::GET),
            ("/v1/consents", Method::POST),
            ("/v1/consents", Method::GET),
            ("/v1/assets", Method::GET),
            ("/oauth/token", Method::POST),
        ] {
            assert!(!is_open_to_pages(path, &method), "{method} {path}");
        }
        assert!(is_open_to_pages(
            "/v1/reconnects/rcn_1/events",
            &Method::GET
        ));
    }
}
