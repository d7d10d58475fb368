//! Reading tokens: one asset, and lookups of many; beside other work in `beside_work.rs`. `inspection.rs` inspects
//! submitted ones, `discovery.rs` lists their assets.

mod beside_work;
mod discovery;
mod inspection;

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Fleet, Harness, Options, watch};

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
    let served = tenant.get("/v1/assets/200000000000001/token").await;
    assert_eq!(served["access_token"], "first-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_no_proof_until_a_probe_proved_it() {
    let fleet = Fleet::new(1, 0, 0);
    let harness = Harness::start(TestDatabase::create_sqlite().await, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    let (business, token) = (&fleet.ids()[0], harness.sandbox.token(Fleet::PERSON).await);
    let import = |id: &str, token: &str| json!({ "id": id, "kind": "business", "token": token });
    let assets = [
        import(business, &token),
        import("999", "chosen-by-the-caller"),
    ];
    let (status, _) = tenant
        .post("/v1/assets", &json!({ "assets": assets }))
        .await;
    assert_eq!(status, 200);
    let proofs = async || {
        let ids = json!({ "asset_ids": [business, "999"] });
        let (_, found) = tenant.post("/v1/tokens/lookup", &ids).await;
        let read = tenant.get(&format!("/v1/assets/{business}/token")).await;
        [&found["data"][0], &found["data"][1], &read].map(|it| {
            assert_eq!(
                it["appsecret_proof"].is_null(),
                it["appsecret_time"].is_null(),
                "{it}"
            );
            it["appsecret_proof"].is_string()
        })
    };
    let chosen = tenant.get("/v1/assets/999/token").await;
    assert_eq!(chosen["access_token"], "chosen-by-the-caller");
    assert_eq!(proofs().await, [false, false, false]);
    // The probe proves the one that Graph accepts, and refuses the other.
    watch(&harness).await;
    assert_eq!(proofs().await, [true, false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_a_bar_is_refused_wherever_one_is_submitted() {
    let (_harness, tenant) = Harness::small(Options::default()).await;
    let asset = json!({ "id": "1", "kind": "business", "token": "EAABcanary|1" });
    let order = json!({ "access_token": "EAABcanary|1", "asset_ids": ["1"] });
    for (path, body, field) in [
        (
            "/v1/assets",
            json!({ "assets": [asset] }),
            "assets[0].token",
        ),
        ("/v1/reconnects", order.clone(), "access_token"),
        ("/v1/reconnect-previews", order, "access_token"),
    ] {
        let (status, problem) = tenant.post(path, &body).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
        let text = problem.to_string();
        assert!(
            text.contains("without `|`") && !text.contains("canary"),
            "{text}"
        );
    }
    assert_eq!(tenant.status("/v1/assets/1").await, 404, "nothing changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_read_by_an_encoded_path_is_not_cached() {
    let fleet = Fleet::new(1, 0, 0);
    let harness = Harness::start(TestDatabase::create_sqlite().await, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let id = &fleet.ids()[0];
    for version in ["v1", "%761", "v%31"] {
        let path = format!("/{version}/assets/{id}/token");
        let read = tenant
            .call(Method::GET, &path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(read.status().as_u16(), 200, "{path}");
        let cached = read.headers().get("cache-control").expect("the header");
        assert_eq!(cached, "no-store", "{path}");
        // Reading is audited, so HEAD is no way to do it, however the path is written.
        let head = tenant
            .call(Method::HEAD, &path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(head.status().as_u16(), 405, "{path}");
    }
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
