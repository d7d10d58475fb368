//! Errors under `/oauth`: each is one of OAuth and a problem, whatever refused the call.

use regrant_testdb::TestDatabase;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::start;
use crate::harness::{Fleet, Harness, Options, http};

const ENDPOINTS: [&str; 3] = ["/oauth/token", "/oauth/revoke", "/oauth/introspect"];

async fn send(call: RequestBuilder) -> Response {
    call.send().await.expect("the server answers")
}

/// The status, the error of OAuth and the code of the problem.
async fn refusal(answer: Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/json");
    let body: Value = answer.json().await.expect("json");
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
