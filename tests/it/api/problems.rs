//! Bad input: the response is the documented problem, and nothing changes.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options, Tenant};

async fn problem(call: RequestBuilder) -> (u16, Value) {
    let answer = call.send().await.expect("the server answers");
    let (status, kind) = (
        answer.status().as_u16(),
        answer.headers()["content-type"].clone(),
    );
    assert_eq!(kind, "application/problem+json");
    let problem: Value = answer.json().await.expect("json");
    assert_eq!(problem["status"], status);
    assert!(problem["request_id"].is_string(), "{problem}");
    (status, problem)
}

fn reconnect(tenant: &Tenant) -> RequestBuilder {
    tenant.call(Method::POST, "/v1/reconnects")
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_json_is_400_and_is_not_echoed() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let call = reconnect(&tenant).header("content-type", "application/json");
    let (status, problem) = problem(call.body("{\"access_token\": \"EAAB-canary\", ")).await;
    assert_eq!(
        (status, &problem["type"]),
        (400, &json!("/problems/malformed_json"))
    );
    assert!(!problem.to_string().contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_json_without_a_credential_is_401() {
    let (harness, _) = Harness::small(Options::default()).await;
    let call = crate::harness::http().post(format!("{}/v1/reconnects", harness.api));
    let (status, _) = problem(call.header("content-type", "application/json").body("{")).await;
    assert_eq!(status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_content_type_is_415() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let (status, _) = problem(
        reconnect(&tenant)
            .header("content-type", "text/plain")
            .body("{}"),
    )
    .await;
    assert_eq!(status, 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_422_and_named() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let order = json!({ "access_token": "t", "asset_ids": ["1"], "forse": true });
    let (status, problem) = problem(reconnect(&tenant).json(&order)).await;
    assert_eq!(status, 422);
    assert!(problem.to_string().contains("forse"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_ids_are_422_with_their_indexes() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let order = json!({ "access_token": "t", "asset_ids": ["1", "1/../me", "2", "3?fields=id"] });
    let (status, problem) = problem(reconnect(&tenant).json(&order)).await;
    assert_eq!(status, 422);
    let fields: Vec<_> = problem["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|it| it["field"].clone())
        .collect();
    assert_eq!(fields, [json!("asset_ids[1]"), json!("asset_ids[3]")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_assets_are_taken_and_one_more_is_422() {
    let (harness, tenant) = Harness::small(Options::default()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let order = |n: u32| {
        let ids: Vec<_> = (1..=n).map(|it| format!("9{it:08}")).collect();
        json!({ "access_token": token, "asset_ids": ids })
    };
    let (status, problem) = problem(reconnect(&tenant).json(&order(10_001))).await;
    assert_eq!(
        (status, &problem["type"]),
        (422, &json!("/problems/too_many_items")),
        "{problem}"
    );
    let (status, answer) = tenant.post("/v1/reconnects", &order(10_000)).await;
    assert_eq!(
        (status, &answer["counts"]),
        (200, &json!({ "unknown_asset": 10_000 }))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_a_mebibyte_is_413() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let order = json!({ "access_token": "t".repeat(1 << 20), "asset_ids": ["1"] });
    let (status, _) = problem(reconnect(&tenant).json(&order)).await;
    assert_eq!(status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_is_422() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let order = json!({ "access_token": "t", "asset_ids": [] });
    assert_eq!(problem(reconnect(&tenant).json(&order)).await.0, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_route_is_404_and_a_wrong_method_405() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    assert_eq!(
        problem(tenant.call(Method::GET, "/v1/nothing")).await.0,
        404
    );
    assert_eq!(
        problem(tenant.call(Method::PUT, "/v1/reconnects")).await.0,
        405
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_the_scope_is_403_and_the_scope_is_named() {
    let (harness, _) = Harness::small(Options::default()).await;
    let reader = harness
        .tenant_with("Two", "assets:read".parse().expect("a scope"))
        .await;
    let (status, problem) =
        problem(reconnect(&reader).json(&json!({ "access_token": "t", "asset_ids": ["1"] }))).await;
    assert_eq!(status, 403);
    assert!(
        problem.to_string().contains("reconnects:write"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_id_of_the_caller_is_returned() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let answer = tenant
        .call(Method::GET, "/v1/assets/1")
        .header("X-Request-Id", "trace-1")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.headers()["x-request-id"], "trace-1");
    assert_eq!(
        answer.json::<Value>().await.expect("json")["request_id"],
        "trace-1"
    );
}
