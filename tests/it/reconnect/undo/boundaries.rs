//! What an undo refuses, how it is repeated, followed and cancelled.

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Stage, id_of, undo};
use crate::harness::{Fleet, Options, on_both, problem_code};

on_both!(
    a_reconnect_of_another_tenant_looks_like_an_unknown_one,
    a_reconnect_that_runs_cannot_be_undone,
    assets_that_the_reconnect_did_not_change_have_nothing_to_undo,
    a_repeated_call_gets_the_same_undo,
    a_cancelled_undo_restores_nothing_more_and_can_be_started_again,
    an_undo_is_streamed_and_audited,
    a_malformed_request_changes_nothing,
    each_item_says_until_when_it_can_be_undone,
    a_previous_token_that_does_not_open_fails_alone,
);

async fn a_reconnect_of_another_tenant_looks_like_an_unknown_one(database: TestDatabase) {
    let stage = Stage::small(database).await;
    let other = stage.harness.tenant("Two").await;
    let unknown = "rcn_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6";
    let mut answers = Vec::new();
    for id in [stage.id(), unknown] {
        let path = format!("/v1/reconnects/{id}/undo");
        let call = other
            .call(Method::POST, &path)
            .header("X-Request-Id", "the-same");
        let answer = call.json(&json!({})).send().await.expect("an answer");
        let status = answer.status().as_u16();
        answers.push((status, answer.bytes().await.expect("a body")));
    }
    assert_eq!(answers[0].0, 404);
    assert_eq!(answers[0], answers[1]);
}

async fn a_reconnect_that_runs_cannot_be_undone(database: TestDatabase) {
    let stage = Stage::small(database).await;
    stage.harness.sandbox.latency(500).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "asset_ids": stage.fleet.ids(), "wait_seconds": 0 });
    let (_, running) = stage.tenant.post("/v1/reconnects", &order).await;
    let path = format!("/v1/reconnects/{}/undo", id_of(&running));
    let (status, problem) = stage.tenant.post(&path, &json!({})).await;
    assert_eq!((status, problem_code(&problem)), (409, "reconnect_running"));
    stage.tenant.ended(id_of(&running)).await;
}

async fn assets_that_the_reconnect_did_not_change_have_nothing_to_undo(database: TestDatabase) {
    let stage = Stage::small(database).await;
    let order = json!({ "asset_ids": [stage.fleet.ids()[0], "999999"], "wait_seconds": 60 });
    let undone = undo(&stage.tenant, stage.id(), &order).await;
    let found: Vec<_> = undone["items"].as_array().expect("items").iter().collect();
    assert_eq!(found[0]["outcome"], "restored", "{undone}");
    assert_eq!(found[1]["outcome"], "nothing_to_undo", "{undone}");
    assert_eq!(found[1]["reason"]["code"], "unknown_asset", "{undone}");

    let same = stage.harness.sandbox.token(Fleet::MANAGED).await;
    let ids = &stage.fleet.ids()[1..3];
    stage.tenant.reconnect(&same, ids).await;
    let unchanged = stage.tenant.reconnect(&same, ids).await;
    assert_eq!(unchanged["counts"], json!({ "unchanged": 2 }));
    let undone = undo(&stage.tenant, id_of(&unchanged), &json!({})).await;
    assert_eq!(
        undone["counts"],
        json!({ "nothing_to_undo": 2 }),
        "{undone}"
    );
    assert_eq!(undone["items"][0]["reason"]["code"], "not_changed");
}

async fn a_repeated_call_gets_the_same_undo(database: TestDatabase) {
    let stage = Stage::small(database).await;
    let path = format!("/v1/reconnects/{}/undo", stage.id());
    let call = async |order: Value| {
        let call = stage.tenant.call(Method::POST, &path);
        let call = call.header("Idempotency-Key", "undo-1").json(&order);
        let answer = call.send().await.expect("an answer");
        answer.json::<Value>().await.expect("json")
    };
    let ids = stage.fleet.ids();
    let first = call(json!({ "asset_ids": &ids[..1] })).await;
    assert_eq!(
        call(json!({ "asset_ids": &ids[..1] })).await["id"],
        first["id"]
    );
    let other = call(json!({ "asset_ids": &ids[1..2] })).await;
    assert_eq!(problem_code(&other), "idempotency_key_reused", "{other}");
}

async fn a_cancelled_undo_restores_nothing_more_and_can_be_started_again(database: TestDatabase) {
    let stage = Stage::small(database).await;
    stage.harness.sandbox.latency(700).await;
    let path = format!("/v1/reconnects/{}/undo", stage.id());
    let (_, running) = stage
        .tenant
        .post(&path, &json!({ "wait_seconds": 0 }))
        .await;
    let cancel = format!("/v1/reconnects/{}/cancel", id_of(&running));
    let (status, cancelled) = stage.tenant.post(&cancel, &json!({})).await;
    assert_eq!((status, &cancelled["status"]), (200, &json!("cancelled")));
    assert_eq!(cancelled["counts"], json!({ "failed": 7 }), "{cancelled}");
    stage.harness.sandbox.latency(0).await;
    let again = stage.undo().await;
    assert_ne!(again["id"], running["id"]);
    assert_eq!(again["counts"], json!({ "restored": 7 }), "{again}");
}

async fn an_undo_is_streamed_and_audited(database: TestDatabase) {
    let stage = Stage::small(database).await;
    let undone = stage.undo().await;
    let path = format!("/v1/reconnects/{}/events", id_of(&undone));
    let answer = stage.tenant.call(Method::GET, &path).send().await;
    let text = answer.expect("an answer").text().await.expect("a stream");
    assert_eq!(text.matches("event: item").count(), 7, "{text}");
    assert_eq!(
        text.matches("\"outcome\":\"restored\"").count(),
        7,
        "{text}"
    );
    assert_eq!(text.matches("event: reconnect").count(), 1, "{text}");
    let audit = stage.tenant.get("/v1/audit-events?limit=200").await;
    let count = |action: &str| {
        let rows = audit["data"].as_array().expect("rows").iter();
        rows.filter(|it| it["action"] == action).count()
    };
    assert_eq!(count("reconnect.undo_accepted"), 1);
    assert_eq!(count("credential.restored"), 7);
}

async fn a_malformed_request_changes_nothing(database: TestDatabase) {
    let stage = Stage::small(database).await;
    let path = format!("/v1/reconnects/{}/undo", stage.id());
    for (order, field) in [
        (json!({ "asset_ids": [] }), "asset_ids"),
        (json!({ "asset_ids": ["x y"] }), "asset_ids[0]"),
        (json!({ "wait_seconds": 61 }), "wait_seconds"),
        (json!({ "access_token": "E" }), "access_token"),
    ] {
        let (status, problem) = stage.tenant.post(&path, &order).await;
        let found = &problem["errors"][0]["field"];
        assert_eq!((status, found), (422, &json!(field)), "{problem}");
    }
    let list = stage.tenant.get("/v1/reconnects").await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2), "{list}");
}

async fn each_item_says_until_when_it_can_be_undone(database: TestDatabase) {
    let stage = Stage::small(database).await;
    let items = stage.reconnect["items"].as_array().expect("items");
    assert!(
        items.iter().all(|it| it["undo_until"].is_string()),
        "{items:?}"
    );
    let undone = stage.undo().await;
    let after = stage
        .tenant
        .get(&format!("/v1/reconnects/{}", stage.id()))
        .await;
    let items = after["items"].as_array().expect("items");
    assert!(items.iter().all(|it| it["undo_until"].is_null()), "{after}");
    let items = undone["items"].as_array().expect("items");
    assert!(
        items.iter().all(|it| it["undo_until"].is_string()),
        "{undone}"
    );
}

async fn a_previous_token_that_does_not_open_fails_alone(database: TestDatabase) {
    let mut options = Options::default();
    options.vault.reconnect.item_attempts = 2;
    let stage = Stage::on(database, Fleet::new(1, 6, 1), options).await;
    let broken = &stage.fleet.ids()[1];
    // The bytes of the token that serves another row do not open for this one.
    let swap = format!(
        "UPDATE credentials SET sealed = (SELECT sealed FROM credentials
             WHERE slot = 'active' AND asset_id = '{broken}')
         WHERE slot = 'previous' AND asset_id = '{broken}'"
    );
    stage.harness.database.run_as_superuser(&swap).await;
    let undone = stage.undo().await;
    let counts = json!({ "restored": 6, "failed": 1 });
    assert_eq!(undone["counts"], counts, "{undone}");
    let item = &undone["items"][1];
    assert_eq!(item["reason"]["code"], "unreadable", "{item}");
}
