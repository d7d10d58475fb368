//! Reading tokens: one asset, and lookups of many.

use regrant_testdb::TestDatabase;
use serde_json::json;

use crate::harness::{Fleet, Harness};

#[tokio::test(flavor = "multi_thread")]
async fn a_served_token_works_at_graph_with_its_proof() {
    let fleet = Fleet::new(1, 6, 0);
    let harness = Harness::start(TestDatabase::create_sqlite().await, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    for id in fleet.ids() {
        let served = tenant.get(&format!("/v1/assets/{id}/token")).await;
        let token = served["access_token"].as_str().expect("a token");
        let proof = served["appsecret_proof"].as_str().expect("a proof");
        let time = served["appsecret_time"].as_i64().expect("a time");
        assert_eq!(
            harness.sandbox.reads(&id, token, proof, time).await,
            200,
            "{id}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asset_without_a_working_token_answers_with_the_reason() {
    let fleet = Fleet::new(1, 1, 0);
    let harness = Harness::start(TestDatabase::create_sqlite().await, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let id = &fleet.ids()[0];
    let never = tenant.get(&format!("/v1/assets/{id}/token")).await;
    assert_eq!(
        (&never["status"], &never["type"]),
        (&json!(409), &json!("/problems/no_token")),
        "{never}"
    );

    tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    assert_eq!(tenant.status(&format!("/v1/assets/{id}/token")).await, 200);
    harness.clock.advance_by(chrono::Duration::days(61));
    let tenant = tenant.log_in_again().await;
    let dead = tenant.get(&format!("/v1/assets/{id}/token")).await;
    assert_eq!(
        (&dead["status"], &dead["reason"]["code"]),
        (&json!(409), &json!("token_expired")),
        "{dead}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_token_serves_unproven_and_never_replaces_an_existing_one() {
    let fleet = Fleet::new(1, 1, 0);
    let harness = Harness::start(TestDatabase::create_sqlite().await, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    let import = |token: &str| json!({ "assets": [{ "id": "200000000000001", "kind": "business", "token": token }] });
    let (_, first) = tenant.post("/v1/assets", &import("first-token")).await;
    assert_eq!(
        (&first["data"][0]["status"], &first["data"][0]["slot"]),
        (&json!("created"), &json!("active")),
        "{first}"
    );
    assert_eq!(
        tenant.get("/v1/assets/200000000000001").await["state"],
        "unproven"
    );
    let (_, second) = tenant.post("/v1/assets", &import("second-token")).await;
    assert_eq!(
        (&second["data"][0]["status"], &second["data"][0]["slot"]),
        (&json!("exists"), &json!("candidate")),
        "{second}"
    );
    assert_eq!(
        tenant.get("/v1/assets/200000000000001/token").await["access_token"],
        "first-token"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_answers_each_id_in_order_and_unknown_ones_as_unknown() {
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(TestDatabase::create_sqlite().await, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    tenant
        .reconnect(
            &harness.sandbox.token(Fleet::PERSON).await,
            &fleet.ids()[..2],
        )
        .await;
    let asked = [
        fleet.ids()[1].clone(),
        "999".to_owned(),
        fleet.ids()[2].clone(),
        fleet.ids()[0].clone(),
    ];
    let (status, answer) = tenant
        .post("/v1/tokens/lookup", &json!({ "asset_ids": asked }))
        .await;
    assert_eq!(status, 200, "{answer}");
    let got: Vec<_> = answer["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["status"].clone())
        .collect();
    assert_eq!(
        got,
        [
            json!("served"),
            json!("unknown_asset"),
            json!("no_token"),
            json!("served")
        ],
        "{answer}"
    );
}
