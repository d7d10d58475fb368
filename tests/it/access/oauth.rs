//! Log-in as programs for OAuth expect it: metadata, claims, errors, revocation and introspection.

mod metadata;
mod programs;
mod refusals;
mod tokens;

use regrant_testdb::TestDatabase;
use reqwest::Response;
use serde_json::Value;

use crate::harness::{Fleet, Harness, Options, Tenant, http};

/// A harness that its tokens name as their issuer.
async fn start(database: TestDatabase) -> (Harness, Tenant) {
    let options = Options {
        is_issuer: true,
        ..Options::default()
    };
    let harness = Harness::with(database, &Fleet::new(1, 2, 0).world(), options).await;
    let tenant = harness.tenant("One").await;
    (harness, tenant)
}

async fn get(harness: &Harness, path: &str) -> Value {
    let answer = http().get(format!("{}{path}", harness.api)).send().await;
    let answer = answer.expect("the server answers");
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.expect("json")
}

/// A call under `/oauth` of this client, about this token.
async fn send(harness: &Harness, client: &Tenant, path: &str, token: &str) -> Response {
    let call = http()
        .post(format!("{}{path}", harness.api))
        .basic_auth(&client.client_id, Some(&client.client_secret))
        .form(&[("token", token)]);
    call.send().await.expect("the server answers")
}

async fn revoke(harness: &Harness, client: &Tenant, token: &str) {
    let answer = send(harness, client, "/oauth/revoke", token).await;
    let (status, body) = (answer.status(), answer.text().await.expect("a body"));
    assert_eq!((status.as_u16(), body.as_str()), (200, ""));
}

async fn introspect(harness: &Harness, client: &Tenant, token: &str) -> Value {
    let answer = send(harness, client, "/oauth/introspect", token).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("json")
}
