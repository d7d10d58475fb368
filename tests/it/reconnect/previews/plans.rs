//! The plan of a preview: a reconnect that names it runs only while the preview still holds.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use serde_json::json;

use super::Stage;
use crate::harness::{Fleet, answer, on_both, problem_code};

on_both!(
    a_plan_holds_only_while_nothing_changes,
    a_plan_holds_only_for_its_tenant_and_until_it_expires,
    a_plan_that_was_tampered_with_does_not_hold,
    a_plan_does_not_hold_while_another_reconnect_runs,
    a_plan_does_not_hold_for_assets_that_were_registered_again_or_stopped_working,
    an_asset_registered_again_during_a_preview_is_unknown_and_in_no_plan,
    a_repeated_call_returns_its_first_result_although_its_plan_is_outdated,
);

async fn a_plan_holds_only_while_nothing_changes(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    let plan = stage.preview(&token, &ids).await["plan_id"].clone();
    let outdated = (409, "plan_outdated".to_owned());
    let other = stage.managed().await;
    assert_eq!(
        stage.by_plan(&other, &ids, &plan).await,
        outdated,
        "another token"
    );
    assert_eq!(
        stage.by_plan(&token, &ids[1..], &plan).await,
        outdated,
        "other assets"
    );
    assert_eq!(stage.reconnects().await, 1, "nothing was accepted");
    let (first, rest) = ids.split_at(1);
    let turned = [rest, first].concat();
    assert_eq!(
        stage.by_plan(&token, &turned, &plan).await,
        (200, String::new()),
        "the order of assets does not matter"
    );
    assert_eq!(
        stage.by_plan(&token, &ids, &plan).await,
        outdated,
        "assets were replaced since"
    );
    for plan in [
        json!("pln_1"),
        json!(7),
        json!("rcn_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6"),
    ] {
        let refused = stage.by_plan(&token, &ids, &plan).await;
        assert_eq!(refused, (422, "invalid_request".to_owned()), "{plan}");
    }
}

async fn a_plan_holds_only_for_its_tenant_and_until_it_expires(database: TestDatabase) {
    let mut stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    let plan = stage.preview(&token, &ids).await["plan_id"].clone();
    let other = stage.harness.tenant("Two").await;
    other.register(&stage.fleet.assets()).await;
    other
        .reconnect(&stage.harness.sandbox.token(Fleet::PERSON).await, &ids)
        .await;
    let order =
        json!({ "access_token": token, "asset_ids": ids, "plan_id": plan, "wait_seconds": 60 });
    let (status, problem) = other.post("/v1/reconnects", &order).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (409, "plan_outdated"),
        "another tenant's"
    );
    stage
        .harness
        .clock
        .advance_by(chrono::Duration::minutes(16));
    stage.tenant = stage.tenant.log_in_again().await;
    assert_eq!(
        stage.by_plan(&token, &ids, &plan).await,
        (409, "plan_outdated".to_owned())
    );
}

async fn a_plan_that_was_tampered_with_does_not_hold(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    let plan = stage.preview(&token, &ids).await["plan_id"]
        .as_str()
        .expect("a plan")
        .to_owned();
    // One digit of the key version, of the expiry and of the digest.
    for index in [11, 20, 40] {
        let mut bytes = plan.clone().into_bytes();
        bytes[index] = if bytes[index] == b'7' { b'8' } else { b'7' };
        let other = String::from_utf8(bytes).expect("digits");
        let refused = stage.by_plan(&token, &ids, &json!(other)).await;
        assert_eq!(refused, (409, "plan_outdated".to_owned()), "{plan} {other}");
    }
    assert_eq!(stage.by_plan(&token, &ids, &json!(plan)).await.0, 200);
}

async fn a_plan_does_not_hold_while_another_reconnect_runs(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    let plan = stage.preview(&token, &ids).await["plan_id"].clone();
    stage.harness.sandbox.latency(1_000).await;
    let order =
        json!({ "access_token": stage.managed().await, "asset_ids": [ids[1]], "wait_seconds": 0 });
    let (status, other) = stage.tenant.post("/v1/reconnects", &order).await;
    assert_eq!(status, 202, "{other}");
    assert_eq!(
        stage.by_plan(&token, &ids, &plan).await,
        (409, "plan_outdated".to_owned())
    );
    stage.harness.sandbox.latency(0).await;
    stage
        .tenant
        .ended(other["id"].as_str().expect("an id"))
        .await;
    assert_eq!(
        stage.reconnects().await,
        2,
        "the refused reconnect left nothing"
    );
}

async fn a_plan_does_not_hold_for_assets_that_were_registered_again_or_stopped_working(
    database: TestDatabase,
) {
    let stage = Stage::on(database).await;
    let (fresh, token) = (stage.harness.tenant("Two").await, stage.managed().await);
    let ids = stage.fleet.ids()[..2].to_vec();
    fresh.register(&stage.fleet.assets()[..2]).await;
    let look = json!({ "access_token": token, "asset_ids": ids });
    let plan = fresh.post("/v1/reconnect-previews", &look).await.1["plan_id"].clone();
    let path = format!("/v1/assets/{}", ids[1]);
    let gone = fresh
        .call(reqwest::Method::DELETE, &path)
        .send()
        .await
        .expect("an answer");
    assert_eq!(gone.status(), 204);
    fresh.register(&stage.fleet.assets()[1..2]).await;
    let order = json!({ "access_token": token, "asset_ids": ids, "plan_id": plan });
    let (status, problem) = fresh.post("/v1/reconnects", &order).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (409, "plan_outdated"),
        "it is another asset of the same id"
    );

    let ids = stage.fleet.ids();
    let plan = stage.preview(&token, &ids).await["plan_id"].clone();
    let stop = "UPDATE assets SET definitive = (0 = 0), failures = 2, failing_since = 1, failing_reason = ";
    let reason = r#"'{"code":"revoked","detail":"It was.","who":"person","next_step":"Log in."}'"#;
    stage
        .harness
        .database
        .run_as_superuser(&format!("{stop}{reason}"))
        .await;
    assert_eq!(
        stage.by_plan(&token, &ids, &plan).await,
        (409, "plan_outdated".to_owned())
    );
}

async fn an_asset_registered_again_during_a_preview_is_unknown_and_in_no_plan(
    database: TestDatabase,
) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids()[..2].to_vec(), stage.managed().await);
    let slow = json!({ "match": { "batch_item": true }, "effect": { "latency_ms": 3_000 } });
    stage.harness.sandbox.fault(slow).await;
    let register_again = async {
        // By now the preview waits for Graph.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let path = format!("/v1/assets/{}", ids[1]);
        let gone = stage
            .tenant
            .call(reqwest::Method::DELETE, &path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(gone.status(), 204);
        stage.tenant.register(&stage.fleet.assets()[1..2]).await;
    };
    let (preview, ()) = tokio::join!(stage.preview(&token, &ids), register_again);
    assert_eq!(
        preview["counts"],
        json!({ "will_replace": 1, "unknown": 1 }),
        "{preview}"
    );
    stage.harness.sandbox.clear_faults().await;
    let held = stage.by_plan(&token, &ids, &preview["plan_id"]).await;
    assert_eq!(
        held,
        (409, "plan_outdated".to_owned()),
        "the asset that exists now was not probed"
    );
}

async fn a_repeated_call_returns_its_first_result_although_its_plan_is_outdated(
    database: TestDatabase,
) {
    let mut stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    let plan = stage.preview(&token, &ids).await["plan_id"].clone();
    let order =
        json!({ "access_token": token, "asset_ids": ids, "plan_id": plan, "wait_seconds": 60 });
    let mut answers = Vec::new();
    for minutes in [0, 0, 16] {
        stage
            .harness
            .clock
            .advance_by(chrono::Duration::minutes(minutes));
        stage.tenant = stage.tenant.log_in_again().await;
        let call = stage
            .tenant
            .call(reqwest::Method::POST, "/v1/reconnects")
            .header("Idempotency-Key", "once");
        answers.push(answer(call.json(&order)).await);
    }
    for again in &answers[1..] {
        assert_eq!(
            (answers[0].0, &answers[0].1["id"]),
            (200, &again.1["id"]),
            "{answers:?}"
        );
    }
}
