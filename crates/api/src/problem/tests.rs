//! Tests of problems as responses.

use actix_web::http::header;
use regrant_domain::Permission;
use regrant_vault::{Error, Resource, TokenRefusal};

use super::*;

fn render_problem(error: Error) -> (u16, serde_json::Value) {
    let rendered = Problem::from(error).render_response(Some("req_1"));
    let status = rendered.status().as_u16();
    let body =
        actix_web::body::MessageBody::try_into_bytes(rendered.into_body()).unwrap_or_default();
    (status, serde_json::from_slice(&body).unwrap())
}

#[test]
fn a_problem_has_the_members_of_rfc_9457() {
    let (status, body) = render_problem(Error::NotFound(Resource::Asset));
    let expected = serde_json::json!({
        "type": "/problems/not_found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no such asset.",
        "request_id": "req_1",
    });
    assert_eq!((status, body), (404, expected));
}

#[test]
fn an_internal_error_does_not_reveal_its_cause() {
    let (status, body) = render_problem(Error::Internal("password is hunter2".into()));
    assert_eq!(status, 500);
    assert!(!body.to_string().contains("hunter2"));
}

#[test]
fn a_missing_scope_is_named() {
    let problem = Problem::from(Error::Forbidden(Permission::TokensRead)).render_response(None);
    let challenge = problem
        .headers()
        .get(header::WWW_AUTHENTICATE)
        .unwrap()
        .to_str()
        .unwrap();
    assert_eq!(
        challenge,
        r#"Bearer realm="regrant", error="insufficient_scope", scope="tokens:read""#
    );
}

#[test]
fn the_field_that_was_refused_is_named() {
    let (status, body) = render_problem(Error::TokenRefused(TokenRefusal::ForeignApp));
    assert_eq!(
        (status, body["errors"][0]["field"].as_str()),
        (422, Some("access_token"))
    );
}
