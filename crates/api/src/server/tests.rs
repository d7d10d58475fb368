//! Tests of the middleware around the routes: authentication, problems, headers, limits.

mod bench;
mod bodies;

use std::time::Duration;

use actix_web::{http::Method, test::TestRequest};
use regrant_domain::ClientSecret;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::bench::{Bench, post, request};
use super::*;

#[actix_web::test]
async fn a_call_without_a_token_is_refused_whatever_its_body() {
    let bench = Bench::start().await;
    for call in [
        post("/v1/reconnects", "", "{broken"),
        post("/v1/reconnects", "garbage", "{broken"),
        request(Method::GET, "/v1/nothing", ""),
        request(Method::GET, "/v1/assets?access_token=garbage", ""),
    ] {
        let response = bench.call(call).await;
        assert_eq!(
            (response.status, response.kind().as_str()),
            (401, "unauthenticated")
        );
        assert!(
            response
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer realm=")
        );
    }
}

#[actix_web::test]
async fn every_faulty_request_gets_its_problem() {
    let bench = Bench::start().await;
    let bearer = bench.bearer("assets:read reconnects:write").await;
    let long = format!(r#"{{"access_token":"{}"}}"#, "E".repeat(5000));
    let good = r#"{"access_token":"E","asset_ids":["1"]}"#;
    for (call, status, code) in [
        (
            post("/v1/reconnects", &bearer, "{broken"),
            400,
            "malformed_json",
        ),
        (
            post(
                "/v1/reconnects",
                &bearer,
                r#"{"access_token":"E","asset_ids":["?"]}"#,
            ),
            422,
            "invalid_request",
        ),
        (
            post("/v1/reconnects", &bearer, &long),
            413,
            "body_too_large",
        ),
        (
            post("/v1/reconnects", &bearer, good).insert_header(("Content-Type", "text/plain")),
            415,
            "unsupported_media_type",
        ),
        (
            post("/v1/reconnects", &bearer, good).insert_header(("Content-Encoding", "gzip")),
            415,
            "unsupported_media_type",
        ),
        (
            post("/v1/reconnects", &bearer, good).insert_header(("Idempotency-Key", "é")),
            422,
            "invalid_request",
        ),
        (
            post(
                "/v1/reconnects",
                &bearer,
                r#"{"access_token":"E","asset_ids":[]}"#,
            ),
            422,
            "invalid_request",
        ),
        (
            post("/v1/tokens/lookup", &bearer, "{broken"),
            403,
            "missing_scope",
        ),
        (
            request(Method::GET, "/v1/assets?limit=0", &bearer),
            422,
            "invalid_request",
        ),
        (
            request(Method::GET, "/v1/assets?access_token=E", &bearer),
            422,
            "invalid_request",
        ),
        (
            request(Method::GET, "/v1/nothing", &bearer),
            404,
            "not_found",
        ),
        (request(Method::GET, "/nothing", ""), 404, "not_found"),
        (
            request(Method::PUT, "/v1/reconnects", &bearer),
            405,
            "method_not_allowed",
        ),
    ] {
        let response = bench.call(call).await;
        let body = String::from_utf8(response.body.clone()).unwrap();
        assert_eq!(
            (response.status, response.kind().as_str()),
            (status, code),
            "{body}"
        );
        assert_eq!(
            response.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(
            response.json()["request_id"].as_str(),
            response.header("x-request-id"),
            "{body}"
        );
    }
    let refused = bench
        .call(request(Method::PUT, "/v1/reconnects", &bearer))
        .await;
    assert_eq!(refused.header("allow"), Some("GET, HEAD, POST"));
}

#[actix_web::test]
async fn another_tenants_asset_looks_missing_byte_for_byte() {
    let bench = Bench::start().await;
    let (own, other) = (
        bench.bearer("assets:read assets:write").await,
        bench.bearer("assets:read").await,
    );
    let registered = bench
        .call(post(
            "/v1/assets",
            &own,
            r#"{"assets":[{"id":"7","kind":"page"}]}"#,
        ))
        .await;
    assert_eq!(registered.json()["data"][0]["status"], "created");
    let ask = async |path: &str, bearer: &str| {
        let response = bench
            .call(request(Method::GET, path, bearer).insert_header(("X-Request-Id", "same")))
            .await;
        (
            response.status,
            response.headers,
            String::from_utf8(response.body).unwrap(),
        )
    };
    assert_eq!(ask("/v1/assets/7", &own).await.0, 200);
    let foreign = ask("/v1/assets/7", &other).await;
    assert_eq!(foreign.0, 404);
    for unknown in ["8", "act_7", "x", "1%2F..%2Fme"] {
        assert_eq!(
            ask(&format!("/v1/assets/{unknown}"), &other).await,
            foreign,
            "{unknown}"
        );
    }
}

#[actix_web::test]
async fn every_response_has_its_headers() {
    let bench = Bench::start().await;
    let bearer = bench.bearer("assets:read").await;
    for path in [
        "/",
        "/livez",
        "/readyz",
        "/docs/",
        "/problems",
        "/openapi.json",
        "/v1/assets",
        "/v1/nothing",
    ] {
        let response = bench.call(request(Method::GET, path, &bearer)).await;
        assert_eq!(
            response.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            response.header("referrer-policy"),
            Some("no-referrer"),
            "{path}"
        );
        assert!(
            response
                .header("content-security-policy")
                .unwrap()
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(
            response.header("x-request-id").unwrap().starts_with("req_"),
            "{path}"
        );
        if path.starts_with("/v1") {
            assert_eq!(response.header("cache-control"), Some("no-store"), "{path}");
        }
    }
}

#[actix_web::test]
async fn a_client_gets_a_token_by_form_or_by_basic() {
    let bench = Bench::start().await;
    let it = bench.tenant().await;
    let call = |form: String| {
        let request = TestRequest::post().uri("/oauth/token");
        request
            .insert_header(("Content-Type", "application/x-www-form-urlencoded"))
            .set_payload(form)
    };
    let form = |secret: &ClientSecret| {
        let (id, secret) = (it.client.id, secret.expose());
        format!(
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=assets:read"
        )
    };
    let good = bench.call(call(form(it.secret.as_ref().unwrap()))).await;
    assert_eq!(
        (good.status, good.json()["scope"].as_str()),
        (200, Some("assets:read"))
    );
    assert_eq!(good.header("cache-control"), Some("no-store"));
    let bearer = good.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        bench
            .call(request(Method::GET, "/v1/assets", &bearer))
            .await
            .status,
        200
    );

    let wrong = bench
        .call(call(form(
            &ClientSecret::parse("wrong".to_owned()).unwrap(),
        )))
        .await;
    let unknown = bench
        .call(call(
            "grant_type=client_credentials&client_id=x&client_secret=y".to_owned(),
        ))
        .await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    for member in ["error", "error_description", "type", "title", "detail"] {
        assert_eq!(wrong.json()[member], unknown.json()[member], "{member}");
    }
    assert_eq!(wrong.json()["error"], "invalid_client");
    assert_eq!(wrong.header("www-authenticate"), None, "it sent a form");
    let by_header = call("grant_type=client_credentials".to_owned())
        .insert_header(("Authorization", "Basic eDp5"));
    let by_header = bench.call(by_header).await;
    assert!(
        by_header
            .header("www-authenticate")
            .unwrap()
            .starts_with("Basic ")
    );
}

#[actix_web::test]
async fn every_refusal_under_oauth_is_an_error_of_oauth_and_a_problem() {
    let bench = Bench::start().await;
    let post = |form: &str| {
        TestRequest::post()
            .uri("/oauth/token")
            .insert_header(("Content-Type", "application/x-www-form-urlencoded"))
            .set_payload(form.to_owned())
    };
    let client = "client_id=x&client_secret=y";
    let made = bench.tenant().await;
    let (id, secret) = (made.client.id, made.secret.unwrap());
    let known = format!("client_id={id}&client_secret={}", secret.expose());
    for (call, status, error, code) in [
        (
            TestRequest::post().uri("/oauth/token"),
            415,
            "invalid_request",
            "unsupported_media_type",
        ),
        (
            post(&"a".repeat(5_000)),
            413,
            "invalid_request",
            "body_too_large",
        ),
        (post(client), 400, "invalid_request", "malformed_form"),
        (
            post(&format!("grant_type=password&{known}")),
            400,
            "unsupported_grant_type",
            "unsupported_grant_type",
        ),
        (
            post(&format!("grant_type=client_credentials&scope=all&{known}")),
            400,
            "invalid_scope",
            "unknown_scope",
        ),
        (
            post(&format!("grant_type=client_credentials&{client}")),
            401,
            "invalid_client",
            "invalid_client",
        ),
        (
            request(Method::DELETE, "/oauth/token", ""),
            405,
            "invalid_request",
            "method_not_allowed",
        ),
        (
            request(Method::GET, "/oauth/nothing", ""),
            404,
            "invalid_request",
            "not_found",
        ),
    ] {
        let response = bench.call(call).await;
        let body = response.json();
        assert_eq!(
            (
                response.status,
                body["error"].as_str(),
                response.kind().as_str()
            ),
            (status, Some(error), code)
        );
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(body["error_description"], body["detail"]);
        assert_eq!(
            body["request_id"].as_str(),
            response.header("x-request-id"),
            "{body}"
        );
    }
}

#[actix_web::test]
async fn a_cursor_leads_to_the_next_page() {
    let bench = Bench::start().await;
    let bearer = bench.bearer("assets:read assets:write").await;
    let assets: Vec<_> = (1..=3)
        .map(|n| format!(r#"{{"id":"{n}","kind":"page"}}"#))
        .collect();
    bench
        .call(post(
            "/v1/assets",
            &bearer,
            &format!(r#"{{"assets":[{}]}}"#, assets.join(",")),
        ))
        .await;
    let first = bench
        .call(request(Method::GET, "/v1/assets?limit=2", &bearer))
        .await
        .json();
    assert_eq!(
        (first["data"].as_array().unwrap().len(), &first["has_more"]),
        (2, &Value::Bool(true))
    );
    let next = format!(
        "/v1/assets?limit=2&cursor={}",
        first["next_cursor"].as_str().unwrap()
    );
    let second = bench
        .call(request(Method::GET, &next, &bearer))
        .await
        .json();
    assert_eq!(
        (second["data"][0]["id"].as_str(), &second["next_cursor"]),
        (Some("3"), &Value::Null)
    );
}

#[actix_web::test]
async fn a_reconnect_is_followed_to_its_end_and_repeated_by_its_key() {
    let bench = Bench::start().await;
    let bearer = bench.bearer("assets:write reconnects:write").await;
    bench
        .call(post(
            "/v1/assets",
            &bearer,
            r#"{"assets":[{"id":"1","kind":"page"}]}"#,
        ))
        .await;
    let start = |token: &str| {
        let body =
            format!(r#"{{"access_token":"{token}","asset_ids":["1","2"],"wait_seconds":0}}"#);
        post("/v1/reconnects", &bearer, &body).insert_header(("Idempotency-Key", "once"))
    };
    let accepted = bench.call(start("E")).await;
    let path = accepted.header("location").unwrap().to_owned();
    assert_eq!(
        (accepted.status, accepted.header("retry-after")),
        (202, Some("2"))
    );
    assert_eq!(
        bench.call(start("E")).await.json()["id"],
        accepted.json()["id"]
    );
    assert_eq!(
        bench.call(start("F")).await.kind(),
        "idempotency_key_reused"
    );

    let events = format!("{path}/events?last_event_id=0");
    let (stream, cancelled) =
        tokio::join!(bench.call(request(Method::GET, &events, &bearer)), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            bench
                .call(request(Method::POST, &format!("{path}/cancel"), &bearer))
                .await
        });
    assert_eq!(
        (cancelled.status, cancelled.json()["status"].as_str()),
        (200, Some("cancelled"))
    );
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    let text = String::from_utf8(stream.body).unwrap();
    let (items, end) = text.split_once("event: reconnect\n").unwrap();
    assert!(
        items.contains(r#""asset_id":"2","outcome":"unknown_asset""#),
        "{text}"
    );
    assert!(
        items.contains(r#""asset_id":"1","outcome":"failed""#),
        "{text}"
    );
    assert!(
        end.contains(r#""status":"cancelled""#) && end.ends_with("\n\n"),
        "{text}"
    );
    let again = bench
        .call(request(Method::POST, &format!("{path}/cancel"), &bearer))
        .await;
    assert_eq!(
        (again.status, again.kind().as_str()),
        (409, "reconnect_ended")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_listens_answers_head_and_releases_its_address() {
    let bench = Bench::start().await;
    let server = Server::bind(
        bench.vault.clone(),
        bind_address(([127, 0, 0, 1], 0).into()).unwrap(),
        Settings {
            workers: 1,
            ..Settings::default()
        },
    )
    .unwrap();
    let (addr, stop) = (server.addr(), CancellationToken::new());
    let running = tokio::spawn(server.run_until(stop.clone()));
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    stream
        .write_all(b"HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(
        response.starts_with("HTTP/1.1 200") && response.ends_with("\r\n\r\n"),
        "{response}"
    );
    stop.cancel();
    running.await.unwrap().unwrap();
    assert!(std::net::TcpListener::bind(addr).is_ok());
}
