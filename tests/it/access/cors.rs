//! Cross-origin calls: pages of listed origins may call the open routes; no other page may call any route.

use regrant_testdb::TestDatabase;
use reqwest::{Method, Response, header::HeaderMap};
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options, Tenant, http, on_both};

on_both!(
    a_listed_page_may_call_and_read,
    a_page_of_another_tenant_changes_nothing
);

const LISTED: &str = "https://app.example.com";
const OTHERS: &str = "https://other.example.com";

/// Origins that look like the listed one and are not.
const FOREIGN: [&str; 40] = [
    "null",
    "*",
    "",
    "https://",
    "app.example.com",
    "//app.example.com",
    "http://app.example.com",
    "ftp://app.example.com",
    "file://",
    "https://app.example.com.evil.example",
    "https://evil.example/app.example.com",
    "https://evilapp.example.com",
    "https://app.example.company",
    "https://app.example.co",
    "https://example.com",
    "https://sub.app.example.com",
    "https://app.example.com.",
    "https://app.example.com/",
    "https://app.example.com/path",
    "https://app.example.com?x",
    "https://app.example.com#x",
    "https://app.example.com:443",
    "https://app.example.com:8443",
    "https://app.example.com:80",
    "https://app.example.com:",
    "https://app.example.com:0443",
    "HTTPS://app.example.com",
    "https://App.example.com",
    "https://APP.EXAMPLE.COM",
    "https://user@app.example.com",
    "https://app.example.com@evil.example",
    "https://app%2eexample.com",
    "https://app_example.com",
    "https://xn--pp-xla.example.com",
    "https://\u{e4}pp.example.com",
    "https://app.example.com https://evil.example",
    "https://evil.example, https://app.example.com",
    "https://app.example.com,https://app.example.com",
    "https://[::1]",
    "https://127.0.0.1",
];

struct Stage {
    harness: Harness,
    tenant: Tenant,
    fleet: Fleet,
    session: String,
    http: reqwest::Client,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 2, 0);
        let harness = Harness::with(database, &fleet.world(), roomy()).await;
        let tenant = harness.tenant("One").await;
        harness.tenant("Two").await;
        harness.list_origin("One", LISTED).await;
        harness.list_origin("Two", OTHERS).await;
        tenant.register(&fleet.assets()).await;
        let (status, opened) = tenant
            .post(
                "/v1/reconnect-sessions",
                &json!({ "asset_ids": fleet.ids(), "uses": 20 }),
            )
            .await;
        assert_eq!(status, 201, "{opened}");
        let session = opened["token"].as_str().expect("a token").to_owned();
        Self {
            harness,
            tenant,
            fleet,
            session,
            http: http(),
        }
    }

    async fn preflight(&self, origin: &str, method: &str, path: &str) -> Response {
        let call = self
            .http
            .request(Method::OPTIONS, format!("{}{path}", self.harness.api));
        let call = call
            .header("Origin", origin.as_bytes())
            .header("Access-Control-Request-Method", method);
        let call = call.header(
            "Access-Control-Request-Headers",
            "authorization,content-type",
        );
        call.send().await.expect("the server answers")
    }

    async fn call(&self, bearer: &str, origin: &str, method: Method, path: &str) -> Response {
        let call = self
            .http
            .request(method, format!("{}{path}", self.harness.api))
            .bearer_auth(bearer);
        call.header("Origin", origin.as_bytes())
            .send()
            .await
            .expect("the server answers")
    }
}

/// A session may call often enough for all these tests.
fn roomy() -> Options {
    let mut options = Options::default();
    options.api.rates.session = 1_000;
    options
}

fn routes() -> Vec<(String, String)> {
    let document: Value = yaml_serde::from_str(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../openapi.yaml"
    )))
    .expect("yaml");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            if item.get(method).is_some() {
                routes.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    routes
}

const OPEN: [(&str, &str); 17] = [
    ("POST", "/v1/reconnect-previews"),
    ("GET", "/v1/reconnect-previews"),
    ("GET", "/v1/reconnect-previews/{id}"),
    ("DELETE", "/v1/reconnect-previews/{id}"),
    ("GET", "/v1/reconnect-previews/{id}/events"),
    ("POST", "/v1/reconnect-previews/{id}/events/tickets"),
    ("POST", "/v1/reconnects"),
    ("GET", "/v1/reconnects"),
    ("GET", "/v1/reconnects/{id}"),
    ("GET", "/v1/reconnects/{id}/events"),
    ("POST", "/v1/reconnects/{id}/events/tickets"),
    ("POST", "/v1/reconnects/{id}/cancel"),
    ("POST", "/v1/reconnects/{id}/undo"),
    ("GET", "/v1/reconnect-sessions/current"),
    ("POST", "/v1/reconnect-sessions/current/consent"),
    ("GET", "/v1/reconnect-sessions/current/consent"),
    ("DELETE", "/v1/reconnect-sessions/current/consent"),
];

fn grants_nothing(headers: &HeaderMap) -> bool {
    !headers
        .keys()
        .any(|it| it.as_str().starts_with("access-control-"))
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer
        .headers()
        .get(name)
        .map_or("", |it| it.to_str().expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_passes_for_listed_origins_on_open_routes_alone() {
    let stage = Stage::on(TestDatabase::create_sqlite().await).await;
    for (method, path) in routes() {
        let open = OPEN.contains(&(method.as_str(), path.as_str()));
        for origin in [LISTED, OTHERS] {
            let answer = stage.preflight(origin, &method, &path).await;
            if open {
                assert_eq!(answer.status(), 204, "{method} {path}");
                assert_eq!(header(&answer, "access-control-allow-origin"), origin);
                assert_eq!(header(&answer, "access-control-allow-methods"), method);
                assert_eq!(header(&answer, "access-control-max-age"), "600");
                let allowed = header(&answer, "access-control-allow-headers");
                for name in [
                    "authorization",
                    "content-type",
                    "idempotency-key",
                    "last-event-id",
                ] {
                    assert!(allowed.contains(name), "{allowed}");
                }
                assert!(
                    !answer
                        .headers()
                        .contains_key("access-control-allow-credentials")
                );
            } else {
                assert!(!answer.status().is_success(), "{method} {path}");
                assert!(grants_nothing(answer.headers()), "{method} {path}");
            }
            if path.starts_with("/v1") {
                let vary = header(&answer, "vary").to_owned();
                assert!(
                    vary.starts_with("Origin, Access-Control-Request-Method"),
                    "{vary}"
                );
                assert!(!header(&answer, "ratelimit-remaining").is_empty());
            }
        }
    }
    let answer = stage
        .preflight(LISTED, "DELETE", "/v1/reconnects/rcn_1")
        .await;
    assert_eq!(
        (answer.status().as_u16(), grants_nothing(answer.headers())),
        (403, true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_origin_passes_a_preflight_of_any_route() {
    let stage = Stage::on(TestDatabase::create_sqlite().await).await;
    for (method, path) in routes() {
        for origin in FOREIGN {
            let answer = stage.preflight(origin, &method, &path).await;
            assert!(
                grants_nothing(answer.headers()),
                "{origin}: {method} {path}"
            );
            assert!(!answer.status().is_success(), "{origin}: {method} {path}");
            if path.starts_with("/v1") {
                assert_eq!(answer.status(), 403, "{origin}: {method} {path}");
                let problem: Value = answer.json().await.expect("json");
                assert_eq!(problem["type"], "/problems/origin_not_allowed");
                assert!(problem["request_id"].is_string());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_origin_calls_with_a_session() {
    let stage = Stage::on(TestDatabase::create_sqlite().await).await;
    for (method, path) in OPEN {
        let path = path.replace("{id}", "rcn_00000000000070008000000000000000");
        for origin in FOREIGN.into_iter().chain([OTHERS]) {
            let method: Method = method.parse().expect("a method");
            let answer = stage
                .call(&stage.session, origin, method.clone(), &path)
                .await;
            assert_eq!(answer.status(), 403, "{origin}: {method} {path}");
            assert!(
                grants_nothing(answer.headers()),
                "{origin}: {method} {path}"
            );
        }
    }
    let twice = http().get(format!(
        "{}/v1/reconnect-sessions/current",
        stage.harness.api
    ));
    let twice = twice
        .bearer_auth(&stage.session)
        .header("Origin", LISTED)
        .header("Origin", LISTED);
    assert_eq!(
        twice.send().await.expect("an answer").status(),
        403,
        "two contradicting values are refused"
    );
}

async fn a_listed_page_may_call_and_read(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let body = json!({ "access_token": token, "asset_ids": stage.fleet.ids(), "wait_seconds": 0 });
    let call = http()
        .post(format!("{}/v1/reconnects", stage.harness.api))
        .bearer_auth(&stage.session);
    let started = call
        .header("Origin", LISTED)
        .json(&body)
        .send()
        .await
        .expect("an answer");
    assert!(started.status().is_success());
    let readable = |answer: &Response| {
        assert_eq!(header(answer, "access-control-allow-origin"), LISTED);
        assert!(header(answer, "access-control-expose-headers").contains("location"));
        assert_eq!(header(answer, "vary"), "Origin");
        assert!(
            !answer
                .headers()
                .contains_key("access-control-allow-credentials")
        );
    };
    readable(&started);
    let started: Value = started.json().await.expect("json");
    let path = format!(
        "/v1/reconnects/{}/events",
        started["id"].as_str().expect("an id")
    );
    let stream = stage.call(&stage.session, LISTED, Method::GET, &path).await;
    readable(&stream);
    assert!(
        stream
            .text()
            .await
            .expect("events")
            .contains("event: reconnect")
    );

    let closed = stage
        .call(&stage.session, LISTED, Method::GET, "/v1/assets")
        .await;
    assert_eq!(closed.status(), 403);
    readable(&closed);
    let machine = stage
        .call(&stage.tenant.bearer, LISTED, Method::GET, "/v1/reconnects")
        .await;
    assert_eq!(
        (machine.status().as_u16(), grants_nothing(machine.headers())),
        (200, true)
    );
    let unauthenticated = stage
        .call(
            "a.b.c",
            LISTED,
            Method::GET,
            "/v1/reconnect-sessions/current",
        )
        .await;
    assert_eq!(
        unauthenticated.status(),
        401,
        "a page learns that its session has ended"
    );
    readable(&unauthenticated);
    let unauthenticated = stage.call("a.b.c", LISTED, Method::GET, "/v1/assets").await;
    assert_eq!(
        (
            unauthenticated.status().as_u16(),
            grants_nothing(unauthenticated.headers())
        ),
        (401, true)
    );
}

async fn a_page_of_another_tenant_changes_nothing(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let body = json!({ "access_token": token, "asset_ids": stage.fleet.ids() });
    let call = http()
        .post(format!("{}/v1/reconnects", stage.harness.api))
        .bearer_auth(&stage.session);
    let refused = call
        .header("Origin", OTHERS)
        .json(&body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (refused.status().as_u16(), grants_nothing(refused.headers())),
        (403, true)
    );
    let problem: Value = refused.json().await.expect("json");
    assert_eq!(problem["type"], "/problems/origin_not_allowed");
    assert_eq!(stage.tenant.get("/v1/reconnects").await["data"], json!([]));
    let current = http().get(format!(
        "{}/v1/reconnect-sessions/current",
        stage.harness.api
    ));
    let current: Value = current
        .bearer_auth(&stage.session)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("json");
    assert_eq!(current["uses_left"], 20);

    stage
        .harness
        .set_tenant("Two", "status = 'suspended'")
        .await;
    let store = stage.harness.store().await;
    assert!(
        !store.is_origin_listed(OTHERS).await.expect("an answer"),
        "the list of a suspended tenant is ignored"
    );
    assert!(store.is_origin_listed(LISTED).await.expect("an answer"));
}
