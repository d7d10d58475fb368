//! What a page in a browser may call: the routes of reconnect sessions.
//!
//! The rule: deny by default. What is not in the table is closed to sessions and to pages of other origins, whatever
//! its handler thinks; a route is opened here and nowhere else.

use std::sync::LazyLock;

use actix_web::{
    dev::{ResourceDef, ServiceRequest},
    http::Method,
};

const OPEN: [(&str, Method); 6] = [
    ("/v1/reconnect-previews", Method::POST),
    ("/v1/reconnects", Method::POST),
    ("/v1/reconnects/{id}", Method::GET),
    ("/v1/reconnects/{id}/events", Method::GET),
    ("/v1/reconnects/{id}/cancel", Method::POST),
    ("/v1/reconnect-sessions/current", Method::GET),
];

static ROUTES: LazyLock<Vec<(ResourceDef, Method)>> = LazyLock::new(|| {
    OPEN.into_iter()
        .map(|(path, method)| (ResourceDef::new(path), method))
        .collect()
});

/// Whether this call is one of them.
pub(crate) fn may_call(request: &ServiceRequest) -> bool {
    is_open(request.match_info().as_str(), request.method())
}

/// Whether the path answers this method to a page; the path as routes are found by it.
pub(crate) fn is_open(path: &str, method: &Method) -> bool {
    ROUTES
        .iter()
        .any(|(route, open)| open == method && route.is_match(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_a_route_that_there_is() {
        let api = crate::openapi();
        for (path, method) in OPEN {
            let item = api
                .paths
                .paths
                .get(path)
                .unwrap_or_else(|| panic!("{path}"));
            assert!(
                if method == Method::GET {
                    item.get.is_some()
                } else {
                    item.post.is_some()
                },
                "{path}"
            );
        }
    }

    #[test]
    fn everything_else_is_closed() {
        for (path, method) in [
            ("/v1/reconnects", Method::GET),
            ("/v1/reconnects/rcn_1/undo", Method::POST),
            ("/v1/reconnects/", Method::POST),
            ("/v1/reconnects/a/b/events", Method::GET),
            ("/v1/reconnect-sessions", Method::POST),
            ("/v1/reconnect-sessions/rse_1", Method::GET),
            ("/v1/assets", Method::GET),
            ("/oauth/token", Method::POST),
        ] {
            assert!(!is_open(path, &method), "{method} {path}");
        }
        assert!(is_open("/v1/reconnects/rcn_1/events", &Method::GET));
    }
}
