//! The inspector: what a token is and what it reaches, and nothing of it stays.

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, OTHER_APP, SECRET, Tenant, on_both, problem_code};

on_both!(
    an_inspection_names_person_scopes_targets_and_ends,
    an_inspection_says_on_which_assets_the_token_works,
    a_token_that_can_serve_nothing_gets_a_problem_and_an_audit_event,
    a_token_whose_person_must_act_is_reported_with_the_reason,
    an_inspection_stores_nothing_of_the_token,
    an_inspection_is_bounded_and_its_key_serves_no_other_call,
);

struct Stage {
    harness: Harness,
    fleet: Fleet,
    tenant: Tenant,
}

impl Stage {
    /// Two businesses; the managed account has a role in the first. The assets have no tokens.
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(2, 6, 1);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        Self {
            harness,
            fleet,
            tenant,
        }
    }

    async fn inspect(&self, order: &Value) -> (u16, Value) {
        self.tenant.post("/v1/tokens/inspect", order).await
    }

    async fn report(&self, order: &Value) -> Value {
        let (status, report) = self.inspect(order).await;
        assert_eq!(status, 200, "{report}");
        report
    }

    async fn audited(&self) -> Vec<Value> {
        let path = "/v1/audit-events?action=token.inspected";
        let page = self.tenant.get(path).await;
        page["data"].as_array().expect("a list").clone()
    }
}

async fn an_inspection_names_person_scopes_targets_and_ends(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = &stage.fleet.ids()[1];
    let wanted = json!({ "person": Fleet::PERSON, "app": APP, "assets": [page],
        "scopes": ["pages_show_list", "user_posts"] });
    let token = stage.harness.sandbox.token_of(wanted).await;
    let report = stage.report(&json!({ "access_token": token })).await;
    assert_eq!(report["person"]["id"], Fleet::PERSON, "{report}");
    assert_eq!(report["person"]["is_work_account"], false, "{report}");
    assert_eq!(
        (&report["kind"], &report["app_id"], &report["reason"]),
        (&json!("user"), &json!(APP), &Value::Null),
        "{report}"
    );
    assert_eq!(
        report["scopes"],
        json!([
            { "scope": "pages_show_list", "target_ids": [page], "is_ignored": false },
            { "scope": "user_posts", "target_ids": null, "is_ignored": false },
        ])
    );
    let ends = chrono::DateTime::parse_from_rfc3339(report["expires_at"].as_str().expect("a date"));
    let days = (ends.expect("a date").to_utc() - stage.harness.clock.now()).num_days();
    assert!((59..=60).contains(&days), "{report}");
    assert_eq!(report["is_short_lived"], false);
    assert_eq!(report["assets"], json!([]));

    let managed = stage.harness.sandbox.token(Fleet::MANAGED).await;
    let report = stage.report(&json!({ "access_token": managed })).await;
    assert_eq!(report["person"]["is_work_account"], true, "{report}");
    let [event] = &stage.audited().await[..1] else {
        panic!("no event")
    };
    assert_eq!(event["detail"]["person"], Fleet::MANAGED, "{event}");
}

async fn an_inspection_says_on_which_assets_the_token_works(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let account = ids[2].trim_start_matches("act_").to_owned();
    let asked = json!([ids[1], account, ids[8], "999", ids[1]]);
    let managed = stage.harness.sandbox.token(Fleet::MANAGED).await;
    let report = stage
        .report(&json!({ "access_token": managed, "asset_ids": asked }))
        .await;
    let assets = report["assets"].as_array().expect("a list");
    let got: Vec<_> = assets
        .iter()
        .map(|it| json!([it["asset_id"], it["status"], it["reason"]["code"]]))
        .collect();
    let expected = [
        json!([ids[1], "works", null]),
        json!([ids[2], "works", null]),
        json!([ids[8], "refused", "not_reached"]),
        json!(["999", "unknown_asset", null]),
    ];
    assert_eq!(got, expected, "{report}");
    assert_eq!(assets[0]["user_access_expire_time"], Value::Null);

    let migration = json!({ "person": Fleet::PERSON, "business": crate::harness::business(1),
        "new_person": Fleet::MANAGED });
    stage.harness.sandbox.post("migrations", migration).await;
    let old = stage.harness.sandbox.token(Fleet::PERSON).await;
    let report = stage
        .report(&json!({ "access_token": old, "asset_ids": [ids[1]] }))
        .await;
    let page = &report["assets"][0];
    assert!(page["user_access_expire_time"].is_string(), "{report}");
    assert!(
        page["tasks"].as_array().is_some_and(|it| !it.is_empty()),
        "{report}"
    );
}

async fn a_token_that_can_serve_nothing_gets_a_problem_and_an_audit_event(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let dead = stage.harness.sandbox.token(Fleet::PERSON).await;
    stage.harness.sandbox.revoke(&dead).await;
    let foreign = json!({ "person": Fleet::PERSON, "app": OTHER_APP });
    let foreign = stage.harness.sandbox.token_of(foreign).await;
    for (token, code) in [
        (dead, "token_dead"),
        (foreign, "token_of_another_app"),
        ("nonsense".to_owned(), "token_undecipherable"),
        (format!("{APP}|{SECRET}"), "invalid_request"),
    ] {
        let (status, problem) = stage.inspect(&json!({ "access_token": token })).await;
        assert_eq!((status, problem_code(&problem)), (422, code), "{problem}");
        assert_eq!(problem["errors"][0]["field"], "access_token", "{problem}");
        assert!(!problem.to_string().contains(&token), "{problem}");
    }
    let audited = stage.audited().await;
    assert_eq!(audited.len(), 3, "{audited:?}");
    assert!(
        audited.iter().all(|it| it["detail"]["refused"].is_string()),
        "{audited:?}"
    );
}

async fn a_token_whose_person_must_act_is_reported_with_the_reason(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let message =
        "Error validating access token: The user is enrolled in a blocking, logged-in checkpoint";
    let error = json!({ "code": 190, "subcode": 459, "message": message });
    let fault = json!({ "match": { "path": "me" }, "effect": { "error": error } });
    stage.harness.sandbox.fault(fault).await;
    let page = &stage.fleet.ids()[1];
    let report = stage
        .report(&json!({ "access_token": token, "asset_ids": [page] }))
        .await;
    assert_eq!(report["reason"]["code"], "checkpoint", "{report}");
    assert_eq!(report["reason"]["who"], "person", "{report}");
    assert_eq!(report["person"]["id"], Fleet::PERSON, "{report}");
    assert_eq!(report["assets"][0]["reason"]["code"], "checkpoint");
}

async fn an_inspection_stores_nothing_of_the_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "asset_ids": stage.fleet.ids() });
    stage.report(&order).await;
    let persons = stage.tenant.get("/v1/persons").await;
    assert_eq!(persons["data"], json!([]), "no grant was stored");
    let asset = stage
        .tenant
        .get(&format!("/v1/assets/{}", stage.fleet.ids()[1]))
        .await;
    assert_eq!(asset["state"], "disconnected", "{asset}");
    let audited = stage.audited().await;
    assert_eq!(audited[0]["detail"]["assets"], 14, "{audited:?}");
    assert!(!audited[0].to_string().contains(&token));
}

async fn an_inspection_is_bounded_and_its_key_serves_no_other_call(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let many: Vec<_> = (0..501).map(|n| (1_000 + n).to_string()).collect();
    let order = json!({ "access_token": token, "asset_ids": many });
    let (status, problem) = stage.inspect(&order).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (422, "too_many_items"),
        "{problem}"
    );
    let keyed = async |order: Value| {
        let call = stage
            .tenant
            .call(reqwest::Method::POST, "/v1/tokens/inspect");
        let call = call.header("Idempotency-Key", "one").json(&order);
        call.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(keyed(json!({ "access_token": token })).await, 200);
    assert_eq!(keyed(json!({ "access_token": token })).await, 200);
    assert_eq!(
        keyed(json!({ "access_token": token, "asset_ids": ["1"] })).await,
        422
    );
}
