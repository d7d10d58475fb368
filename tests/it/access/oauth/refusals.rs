//! Errors under `/oauth`: each is one of OAuth and a problem, whatever refused the call.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{send as send_form, start};
use crate::harness::{Fleet, Harness, Options, http};

const ENDPOINTS: [&str; 3] = ["/oauth/token", "/oauth/revoke", "/oauth/introspect"];

async fn send(call: RequestBuilder) -> Response {
    call.send().await.expect("the server answers")
}

/// The status, the error of OAuth and the code of the problem.
async fn refusal(answer: Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/json");
    describe(status, &answer.json().await.expect("json"))
}

fn describe(status: u16, body: &Value) -> (u16, String, String) {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("error_description"), text("detail"), "{body}");
    assert_eq!(body["status"], status, "{body}");
    (status, text("error"), text("type"))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_client_that_used_the_header_is_challenged() {
    let (harness, tenant) = start(TestDatabase::create_sqlite().await).await;
    for path in ENDPOINTS {
        let call = || http().post(format!("{}{path}", harness.api));
        let form = [
            ("grant_type", "client_credentials"),
            ("token", "x"),
            ("client_id", tenant.client_id.as_str()),
            ("client_secret", "wrong"),
        ];
        let by_form = send(call().form(&form)).await;
        assert!(
            !by_form.headers().contains_key("www-authenticate"),
            "{path}"
        );
        let expected = (
            401,
            "invalid_client".to_owned(),
            "/problems/invalid_client".to_owned(),
        );
        assert_eq!(refusal(by_form).await, expected, "{path}");
        let by_header = call()
            .basic_auth(&tenant.client_id, Some("wrong"))
            .form(&form[..2]);
        let by_header = send(by_header).await;
        let challenge = &by_header.headers()["www-authenticate"];
        assert!(challenge.as_bytes().starts_with(b"Basic "), "{path}");
        assert_eq!(refusal(by_header).await, expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_failed_log_ins_and_large_or_foreign_bodies_are_errors_of_oauth() {
    let mut options = Options::default();
    options.api.rates.address = 1;
    let database = TestDatabase::create_sqlite().await;
    let harness = Harness::with(database, &Fleet::new(1, 1, 0).world(), options).await;
    for path in ENDPOINTS {
        let call = || http().post(format!("{}{path}", harness.api));
        let form = "application/x-www-form-urlencoded";
        let large = call()
            .header("content-type", form)
            .body("a".repeat(2_000_000));
        let (status, error, kind) = refusal(send(large).await).await;
        let expected = (413, "invalid_request", "/problems/body_too_large");
        assert_eq!((status, error.as_str(), kind.as_str()), expected, "{path}");
        let (status, error, kind) = refusal(send(http().get(call_url(&harness, path))).await).await;
        let expected = (405, "invalid_request", "/problems/method_not_allowed");
        assert_eq!((status, error.as_str(), kind.as_str()), expected, "{path}");
        let (status, error, kind) = refusal(send(call().json(&1)).await).await;
        let expected = (415, "invalid_request", "/problems/unsupported_media_type");
        assert_eq!((status, error.as_str(), kind.as_str()), expected, "{path}");
    }
    let wrong = [
        ("grant_type", "client_credentials"),
        ("client_id", "cli_x"),
        ("client_secret", "y"),
    ];
    let call = || {
        send(
            http()
                .post(format!("{}/oauth/token", harness.api))
                .form(&wrong),
        )
    };
    let mut answer = call().await;
    for _ in 0..20 {
        if answer.status() == 429 {
            break;
        }
        answer = call().await;
    }
    assert!(answer.headers().contains_key("retry-after"));
    let policy = answer.headers()["ratelimit-policy"].to_str().expect("text");
    assert_eq!(policy, r#""address";q=10;w=10"#);
    let (status, error, kind) = refusal(answer).await;
    let expected = (429, "temporarily_unavailable", "/problems/rate_limited");
    assert_eq!((status, error.as_str(), kind.as_str()), expected);
}

fn call_url(harness: &Harness, path: &str) -> String {
    format!("{}{path}", harness.api)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_does_not_arrive_in_time_is_an_error_of_oauth() {
    let mut options = Options::default();
    options.api.request_timeout = Duration::from_secs(1);
    let (harness, _) = Harness::small(options).await;
    for path in ENDPOINTS {
        let address = harness.api.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let half = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 1000\r\n\r\ngrant_type="
        );
        stream.write_all(half.as_bytes()).await.expect("written");
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let read = tokio::time::timeout(Duration::from_secs(20), read).await;
        read.expect("in time").expect("it is read");
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a response");
        assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
        let body = serde_json::from_str(body).expect("json");
        let (status, error, kind) = describe(408, &body);
        let expected = (408, "invalid_request", "/problems/request_timeout");
        assert_eq!((status, error.as_str(), kind.as_str()), expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_become_free_is_an_error_of_oauth() {
    let options = Options {
        database_patience: Duration::from_millis(300),
        ..Options::default()
    };
    let (harness, tenant) = Harness::small(options).await;
    let store = harness.store().await;
    let writer = store.begin(&store.system_scope()).await;
    let writer = writer.expect("the writer is free");
    let answer = send_form(&harness, &tenant, "/oauth/revoke", &tenant.bearer).await;
    assert!(answer.headers().contains_key("retry-after"));
    let (status, error, kind) = refusal(answer).await;
    let expected = (503, "temporarily_unavailable", "/problems/database_busy");
    assert_eq!((status, error.as_str(), kind.as_str()), expected);
    drop(writer);
    assert_eq!(
        tenant.status("/v1/assets").await,
        200,
        "nothing was changed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_this_installation_is_an_error_of_oauth_without_its_cause() {
    let (harness, tenant) = Harness::small(Options::default()).await;
    let rename = "ALTER TABLE clients RENAME TO no_clients";
    harness.database.run_as_superuser(rename).await;
    for path in ENDPOINTS {
        let call = http()
            .post(call_url(&harness, path))
            .basic_auth(&tenant.client_id, Some(&tenant.client_secret))
            .form(&[("grant_type", "client_credentials"), ("token", "x")]);
        let answer = send(call).await;
        assert!(!answer.headers().contains_key("www-authenticate"), "{path}");
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.expect("json");
        let (status, error, kind) = describe(status, &body);
        let expected = (500, "server_error", "/problems/internal");
        assert_eq!((status, error.as_str(), kind.as_str()), expected, "{path}");
        assert!(!body.to_string().contains("clients"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_scope_is_answered_with_the_list_of_scopes() {
    let (harness, tenant) = start(TestDatabase::create_sqlite().await).await;
    let call = http()
        .post(format!("{}/oauth/token", harness.api))
        .basic_auth(&tenant.client_id, Some(&tenant.client_secret))
        .form(&[("grant_type", "client_credentials"), ("scope", "assets")]);
    let body: Value = send(call).await.json().await.expect("json");
    assert_eq!(body["error"], "invalid_scope");
    let description = body["error_description"].as_str().unwrap_or_default();
    for scope in regrant_domain::Permission::ALL {
        assert!(description.contains(scope.as_str()), "{description}");
    }
}
