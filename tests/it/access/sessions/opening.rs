//! Opening a session: for which assets, with which limits, and what a repeated call returns.

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Stage, answer};
use crate::harness::{on_both, problem_code};

on_both!(
    a_session_opens_for_known_assets_only,
    a_repeated_opening_shows_no_token,
);

async fn a_session_opens_for_known_assets_only(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let other = stage.harness.tenant("Two").await;
    other
        .register(&[json!({ "id": "4242", "kind": "page" })])
        .await;
    let own = &stage.fleet.ids()[0];
    let open = async |body: Value| stage.tenant.post("/v1/reconnect-sessions", &body).await;
    let refused = async |foreign: &str| {
        let (status, mut problem) =
            open(json!({ "asset_ids": [own, foreign, own, foreign] })).await;
        problem
            .as_object_mut()
            .expect("a problem")
            .remove("request_id");
        let fields: Vec<_> = problem["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|it| it["field"].clone())
            .collect();
        assert_eq!(
            (status, fields),
            (422, vec![json!("asset_ids[1]"), json!("asset_ids[3]")])
        );
        problem
    };
    assert_eq!(
        refused("4242").await,
        refused("4243").await,
        "another tenant's looks like an unknown one"
    );
    for (body, field) in [
        (json!({ "asset_ids": [] }), "asset_ids"),
        (json!({ "asset_ids": [own], "minutes": 0 }), "minutes"),
        (json!({ "asset_ids": [own], "minutes": 61 }), "minutes"),
        (json!({ "asset_ids": [own], "uses": 0 }), "uses"),
        (json!({ "asset_ids": [own], "uses": 21 }), "uses"),
        (
            json!({ "asset_ids": [own], "require_person": true }),
            "require_person",
        ),
        (json!({ "asset_ids": [own], "tenant": "ten_1" }), "tenant"),
    ] {
        let (status, problem) = open(body).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    let many: Vec<_> = (0..10_001).map(|n| format!("9{n:08}")).collect();
    let (status, problem) = open(json!({ "asset_ids": many })).await;
    assert_eq!((status, problem_code(&problem)), (422, "too_many_items"));
    assert_eq!(
        stage.tenant.get("/v1/reconnect-sessions").await["data"],
        json!([]),
        "nothing was opened"
    );
}

async fn a_repeated_opening_shows_no_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let body = json!({ "asset_ids": &stage.fleet.ids()[..2] });
    let open = || {
        let call = stage.tenant.call(Method::POST, "/v1/reconnect-sessions");
        answer(call.header("Idempotency-Key", "open-1").json(&body))
    };
    let answers = futures_util::future::join_all((0..5).map(|_| open())).await;
    let ids: std::collections::BTreeSet<_> =
        answers.iter().map(|(_, it)| it["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|(status, _)| *status == 201));
    let shown = answers
        .iter()
        .filter(|(_, it)| it["token"].is_string())
        .count();
    assert!(shown <= 1, "a token is shown once: {shown}");
    let list = stage.tenant.get("/v1/reconnect-sessions").await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    assert!(!list.to_string().contains("token"));
}
