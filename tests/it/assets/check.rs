//! Checks: assets are probed now, and a check disconnects nothing that the worker would not.

use std::time::Duration;

use chrono::TimeDelta;
use regrant_domain::Clock;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, on_both, problem_code};

on_both!(
    a_check_shows_the_state_before_and_after_the_probe,
    checks_in_a_row_are_one_refusal_and_spaced_ones_disconnect,
    a_check_answers_each_asset_once_in_the_order_of_the_call,
    a_check_without_an_answer_of_graph_continues_by_itself,
    a_check_waits_for_the_process_that_holds_the_probe,
    a_repeated_call_is_the_same_check,
);

struct Stage {
    harness: Harness,
    tenant: Tenant,
    ids: Vec<String>,
}

impl Stage {
    /// A page, an ad account and their business, served by a token that works.
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 2, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let token = harness.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&token, &fleet.ids()).await;
        Self {
            harness,
            tenant,
            ids: fleet.ids(),
        }
    }

    fn page(&self) -> &str {
        &self.ids[1]
    }

    /// From now on Graph answers that it has no such object.
    async fn lose(&self, asset: &str) {
        let lost = json!({ "error": { "code": 100, "subcode": 33, "message": "Unsupported get request." } });
        let fault = json!({ "match": { "asset": asset, "batch_item": true }, "effect": lost });
        self.harness.sandbox.fault(fault).await;
    }

    async fn check(&self, asset: &str) -> Value {
        let path = format!("/v1/assets/{asset}/check");
        let (status, answer) = self
            .tenant
            .post(&path, &json!({ "wait_seconds": 60 }))
            .await;
        assert_eq!(
            (status, &answer["status"]),
            (200, &json!("checked")),
            "{answer}"
        );
        answer
    }

    async fn count_audited(&self) -> usize {
        let page = self
            .tenant
            .get("/v1/audit-events?action=asset.checked")
            .await;
        page["data"].as_array().map_or(0, Vec::len)
    }
}

async fn a_check_shows_the_state_before_and_after_the_probe(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page();
    let asset = stage.tenant.get(&format!("/v1/assets/{page}")).await;
    stage.lose(page).await;
    let refused = stage.check(page).await;
    assert_eq!(refused["asset_id"], page);
    assert_eq!(refused["before"]["state"], asset["state"], "{refused}");
    let after = &refused["after"];
    assert_eq!(
        (&after["state"], &after["fact"]),
        (&json!("suspect"), &json!("refusal")),
        "{after}"
    );
    assert_eq!(after["reason"]["code"], "not_reached", "{after}");
    assert!(
        refused["checked_at"].as_str() > asset["checked_at"].as_str(),
        "{refused}"
    );

    stage.harness.sandbox.clear_faults().await;
    let works = stage.check(page).await;
    assert_eq!(works["before"]["state"], "suspect", "{works}");
    assert_eq!(works["after"]["state"], asset["state"], "{works}");
    assert_eq!(stage.count_audited().await, 2);
}

async fn checks_in_a_row_are_one_refusal_and_spaced_ones_disconnect(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page();
    stage.lose(page).await;
    for _ in 0..3 {
        assert_eq!(stage.check(page).await["after"]["state"], "suspect");
    }
    let token = format!("/v1/assets/{page}/token");
    assert_eq!(stage.tenant.status(&token).await, 200);
    stage.harness.clock.advance_by(TimeDelta::minutes(11));
    assert_eq!(stage.check(page).await["after"]["state"], "disconnected");
    assert_eq!(stage.tenant.status(&token).await, 409);
}

async fn a_check_answers_each_asset_once_in_the_order_of_the_call(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (_, made) = stage
        .tenant
        .post(
            "/v1/assets",
            &json!({ "assets": [{ "id": "300999", "kind": "page" }] }),
        )
        .await;
    assert_eq!(made["data"][0]["status"], "created", "{made}");
    let account = stage.ids[2].clone();
    let digits = account.trim_start_matches("act_");
    let asked =
        json!({ "asset_ids": [digits, "999", stage.page(), account, "300999", stage.page()] });
    let (status, answer) = stage.tenant.post("/v1/assets/check", &asked).await;
    assert_eq!(status, 200, "{answer}");
    let data = answer["data"].as_array().expect("a list");
    let got: Vec<_> = data
        .iter()
        .map(|it| json!([it["asset_id"], it["status"]]))
        .collect();
    let expected = [
        json!([account, "checked"]),
        json!(["999", "unknown_asset"]),
        json!([stage.page(), "checked"]),
        json!(["300999", "checked"]),
    ];
    assert_eq!(got, expected, "{answer}");
    let idle = &data[3];
    assert_eq!(
        idle["before"], idle["after"],
        "an asset without a token is not probed"
    );
    let none = stage.tenant.post("/v1/assets/999/check", &json!({})).await;
    assert_eq!((none.0, problem_code(&none.1)), (404, "not_found"));
}

async fn a_check_without_an_answer_of_graph_continues_by_itself(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let down = json!({ "effect": { "status": 503, "body": "" } });
    stage.harness.sandbox.fault(down).await;
    let path = format!("/v1/assets/{}/check", stage.page());
    let call = stage.tenant.call(Method::POST, &path);
    let answer = call
        .json(&json!({ "wait_seconds": 1 }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 202);
    assert!(answer.headers().contains_key("retry-after"));
    let answer: Value = answer.json().await.expect("json");
    assert_eq!(
        (&answer["status"], &answer["after"]),
        (&json!("running"), &Value::Null),
        "{answer}"
    );

    stage.harness.sandbox.clear_faults().await;
    let works = stage.check(stage.page()).await;
    assert_eq!(
        works["after"]["state"], works["before"]["state"],
        "an outage changes no state"
    );
}

async fn a_check_waits_for_the_process_that_holds_the_probe(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let until = (Clock::system_time() + Duration::from_secs(3)).timestamp_micros();
    let lease = format!(
        "UPDATE probe_due SET owner = 'another process', leased_until = {until}, fencing = fencing + 1"
    );
    stage.harness.database.run_as_superuser(&lease).await;
    let path = format!("/v1/assets/{}/check", stage.page());
    let (status, held) = stage
        .tenant
        .post(&path, &json!({ "wait_seconds": 0 }))
        .await;
    assert_eq!(
        (status, &held["status"]),
        (202, &json!("running")),
        "{held}"
    );
    assert_eq!(
        stage.check(stage.page()).await["status"],
        "checked",
        "that process is gone"
    );
}

async fn a_repeated_call_is_the_same_check(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let path = format!("/v1/assets/{}/check", stage.page());
    let check = async || {
        let call = stage.tenant.call(Method::POST, &path);
        let answer = call
            .header("Idempotency-Key", "same")
            .send()
            .await
            .expect("an answer");
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.expect("json"),
        )
    };
    let first = check().await;
    assert_eq!(first.0, 200, "{first:?}");
    stage.harness.sandbox.forget_calls().await;
    assert_eq!(check().await, first);
    assert_eq!(
        stage.harness.sandbox.calls().await["total"],
        0,
        "Graph is not asked again"
    );
    assert_eq!(stage.count_audited().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_runs_four_checks_at_once() {
    let stage = Stage::on(TestDatabase::create_sqlite().await).await;
    stage.harness.sandbox.latency(3_000).await;
    let path = format!("/v1/assets/{}/check", stage.page());
    for _ in 0..4 {
        let (status, answer) = stage
            .tenant
            .post(&path, &json!({ "wait_seconds": 0 }))
            .await;
        assert_eq!(status, 202, "{answer}");
    }
    let (status, refused) = stage
        .tenant
        .post(&path, &json!({ "wait_seconds": 0 }))
        .await;
    assert_eq!(
        (status, problem_code(&refused)),
        (429, "too_many_checks"),
        "{refused}"
    );
    stage.harness.sandbox.latency(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_one_to_five_hundred_assets() {
    let stage = Stage::on(TestDatabase::create_sqlite().await).await;
    for (ids, code) in [
        (Vec::new(), "invalid_request"),
        (vec!["1".to_owned(); 501], "too_many_items"),
    ] {
        let (status, refused) = stage
            .tenant
            .post("/v1/assets/check", &json!({ "asset_ids": ids }))
            .await;
        assert_eq!((status, problem_code(&refused)), (422, code), "{refused}");
    }
}
