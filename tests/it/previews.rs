//! Previews: what a reconnect would do is told before it does it, and nothing is written.

use std::time::Duration;

use futures_util::future::join_all;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::bench::{APP, Bench, Fleet, OTHER_APP, Options, Tenant, answer, on_both};

on_both!(
    a_preview_tells_what_the_reconnect_then_does,
    a_preview_changes_nothing,
    a_plan_holds_only_while_everything_is_as_it_was,
    a_plan_holds_for_its_tenant_and_its_time,
    a_plan_that_was_tampered_with_does_not_hold,
    a_plan_does_not_hold_while_another_reconnect_is_under_way,
    a_plan_does_not_hold_for_assets_that_were_registered_anew_or_stopped_working,
    what_is_registered_anew_during_a_preview_is_unknown_and_in_no_plan,
    a_repeated_call_is_told_what_it_did_though_its_plan_is_outdated,
    graph_is_asked_so_long_and_no_longer,
    a_token_that_can_serve_nothing_is_refused,
    a_login_that_leaves_assets_out_is_told_of,
    what_graph_does_not_tell_is_unknown,
    previews_at_once_are_bounded,
);

/// Two businesses of one person, whose managed account has finished in the first.
struct Stage {
    bench: Bench,
    fleet: Fleet,
    tenant: Tenant,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(2, 6, 1);
        let mut options = Options::default();
        options.vault.reconnect.preview_patience = Duration::from_secs(6);
        let bench = Bench::with(database, &fleet.world(), options).await;
        let tenant = bench.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        tenant
            .reconnect(&bench.sandbox.token(Fleet::PERSON).await, &fleet.ids())
            .await;
        Self {
            bench,
            fleet,
            tenant,
        }
    }

    async fn managed(&self) -> String {
        self.bench.sandbox.token(Fleet::MANAGED).await
    }

    async fn preview(&self, token: &str, ids: &[String]) -> Value {
        let (status, preview) = self
            .post(&json!({ "access_token": token, "asset_ids": ids }))
            .await;
        assert_eq!(status, 200, "{preview}");
        preview
    }

    async fn post(&self, order: &Value) -> (u16, Value) {
        self.tenant.post("/v1/reconnect-previews", order).await
    }

    /// A reconnect that demands a plan: its status, and its problem's code if it has one.
    async fn by_plan(&self, token: &str, ids: &[String], plan: &Value) -> (u16, String) {
        let order =
            json!({ "access_token": token, "asset_ids": ids, "plan_id": plan, "wait_seconds": 60 });
        let (status, answer) = self.tenant.post("/v1/reconnects", &order).await;
        (status, kind(&answer).to_owned())
    }

    async fn reconnects(&self) -> usize {
        self.tenant.get("/v1/reconnects").await["data"]
            .as_array()
            .map_or(0, Vec::len)
    }
}

fn kind(answer: &Value) -> &str {
    answer["type"]
        .as_str()
        .unwrap_or_default()
        .trim_start_matches("/problems/")
}

fn items(answer: &Value) -> &Vec<Value> {
    answer["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no items: {answer}"))
}

async fn a_preview_tells_what_the_reconnect_then_does(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let mut ids = stage.fleet.ids();
    ids.push("999".to_owned());
    let token = stage.managed().await;
    let preview = stage.preview(&token, &ids).await;
    assert_eq!(
        preview["counts"],
        json!({ "will_replace": 7, "would_park": 7, "unknown": 1 }),
        "{preview}"
    );
    assert_eq!(
        (&preview["person"]["id"], &preview["siblings"]),
        (&json!(Fleet::MANAGED), &json!([]))
    );
    let order = json!({ "access_token": token, "asset_ids": ids, "plan_id": preview["plan_id"], "wait_seconds": 60 });
    let (status, ended) = stage.tenant.post("/v1/reconnects", &order).await;
    assert_eq!(status, 200, "{ended}");
    for (told, became) in items(&preview).iter().zip(items(&ended)) {
        let expected = match told["coverage"].as_str() {
            Some("will_replace") => "replaced",
            Some("would_park") => "parked",
            _ => "unknown_asset",
        };
        assert_eq!(
            (&told["asset_id"], &json!(expected)),
            (&became["asset_id"], &became["outcome"]),
            "{told}"
        );
        assert_eq!(
            told["reason"], became["reason"],
            "the reasons are the same words"
        );
    }
    let again = stage.preview(&token, &ids).await;
    assert_eq!(
        again["counts"],
        json!({ "unchanged": 7, "would_park": 7, "unknown": 1 }),
        "{again}"
    );
}

async fn a_preview_changes_nothing(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (assets, events) = ("/v1/assets?limit=200", "/v1/audit-events?limit=200");
    let (before, acts) = (
        stage.tenant.get(assets).await,
        stage.tenant.get(events).await,
    );
    let token = stage.managed().await;
    stage.preview(&token, &stage.fleet.ids()).await;
    assert_eq!(stage.tenant.get(assets).await, before);
    assert_eq!(stage.reconnects().await, 1, "the one that connected them");
    let after = stage.tenant.get(events).await;
    let count = |it: &Value| it["data"].as_array().map_or(0, Vec::len);
    assert_eq!(count(&after), count(&acts) + 1);
    let told = after["data"]
        .as_array()
        .and_then(|it| it.iter().find(|it| it["action"] == "reconnect.previewed"));
    let told = told.expect("that somebody looked is told");
    assert_eq!(told["actor"], format!("client:{}", stage.tenant.client_id));
    assert_eq!(told["detail"], json!({ "items": 14 }));
    assert!(!after.to_string().contains(&token));
}

async fn a_plan_holds_only_while_everything_is_as_it_was(database: TestDatabase) {
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
        "the order is free"
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

async fn a_plan_holds_for_its_tenant_and_its_time(database: TestDatabase) {
    let mut stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    let plan = stage.preview(&token, &ids).await["plan_id"].clone();
    let other = stage.bench.tenant("Two").await;
    other.register(&stage.fleet.assets()).await;
    other
        .reconnect(&stage.bench.sandbox.token(Fleet::PERSON).await, &ids)
        .await;
    let order =
        json!({ "access_token": token, "asset_ids": ids, "plan_id": plan, "wait_seconds": 60 });
    let (status, problem) = other.post("/v1/reconnects", &order).await;
    assert_eq!(
        (status, kind(&problem)),
        (409, "plan_outdated"),
        "another tenant's"
    );
    stage.bench.clock.advance(chrono::Duration::minutes(16));
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
    // The version of its key, its end, its digest: one digit of each.
    for place in [11, 20, 40] {
        let mut bytes = plan.clone().into_bytes();
        bytes[place] = if bytes[place] == b'7' { b'8' } else { b'7' };
        let other = String::from_utf8(bytes).expect("digits");
        let refused = stage.by_plan(&token, &ids, &json!(other)).await;
        assert_eq!(refused, (409, "plan_outdated".to_owned()), "{plan} {other}");
    }
    assert_eq!(stage.by_plan(&token, &ids, &json!(plan)).await.0, 200);
}

async fn a_plan_does_not_hold_while_another_reconnect_is_under_way(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    let plan = stage.preview(&token, &ids).await["plan_id"].clone();
    stage.bench.sandbox.latency(1_000).await;
    let order =
        json!({ "access_token": stage.managed().await, "asset_ids": [ids[1]], "wait_seconds": 0 });
    let (status, other) = stage.tenant.post("/v1/reconnects", &order).await;
    assert_eq!(status, 202, "{other}");
    assert_eq!(
        stage.by_plan(&token, &ids, &plan).await,
        (409, "plan_outdated".to_owned())
    );
    stage.bench.sandbox.latency(0).await;
    stage
        .tenant
        .ended(other["id"].as_str().expect("an id"))
        .await;
    assert_eq!(
        stage.reconnects().await,
        2,
        "the one that was refused left nothing"
    );
}

async fn a_plan_does_not_hold_for_assets_that_were_registered_anew_or_stopped_working(
    database: TestDatabase,
) {
    let stage = Stage::on(database).await;
    let (fresh, token) = (stage.bench.tenant("Two").await, stage.managed().await);
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
        (status, kind(&problem)),
        (409, "plan_outdated"),
        "it is another asset of the same id"
    );

    let ids = stage.fleet.ids();
    let plan = stage.preview(&token, &ids).await["plan_id"].clone();
    let stop = "UPDATE assets SET definitive = (0 = 0), failures = 2, failing_since = 1, failing_reason = ";
    let reason = r#"'{"code":"revoked","detail":"It was.","who":"person","next_step":"Log in."}'"#;
    stage
        .bench
        .database
        .intrude(&format!("{stop}{reason}"))
        .await;
    assert_eq!(
        stage.by_plan(&token, &ids, &plan).await,
        (409, "plan_outdated".to_owned())
    );
}

async fn what_is_registered_anew_during_a_preview_is_unknown_and_in_no_plan(
    database: TestDatabase,
) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids()[..2].to_vec(), stage.managed().await);
    let slow = json!({ "match": { "batch_item": true }, "effect": { "latency_ms": 3_000 } });
    stage.bench.sandbox.fault(slow).await;
    let anew = async {
        // Graph is being asked by now.
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
    let (preview, ()) = tokio::join!(stage.preview(&token, &ids), anew);
    assert_eq!(
        preview["counts"],
        json!({ "will_replace": 1, "unknown": 1 }),
        "{preview}"
    );
    stage.bench.sandbox.clear_faults().await;
    let held = stage.by_plan(&token, &ids, &preview["plan_id"]).await;
    assert_eq!(
        held,
        (409, "plan_outdated".to_owned()),
        "nobody proved what is there now"
    );
}

async fn a_repeated_call_is_told_what_it_did_though_its_plan_is_outdated(database: TestDatabase) {
    let mut stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    let plan = stage.preview(&token, &ids).await["plan_id"].clone();
    let order =
        json!({ "access_token": token, "asset_ids": ids, "plan_id": plan, "wait_seconds": 60 });
    let mut told = Vec::new();
    for minutes in [0, 0, 16] {
        stage
            .bench
            .clock
            .advance(chrono::Duration::minutes(minutes));
        stage.tenant = stage.tenant.log_in_again().await;
        let call = stage
            .tenant
            .call(reqwest::Method::POST, "/v1/reconnects")
            .header("Idempotency-Key", "once");
        told.push(answer(call.json(&order)).await);
    }
    for again in &told[1..] {
        assert_eq!(
            (told[0].0, &told[0].1["id"]),
            (200, &again.1["id"]),
            "{told:?}"
        );
    }
}

async fn graph_is_asked_so_long_and_no_longer(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    for hangs in [json!({ "match": { "batch_item": true } }), json!({})] {
        let mut fault = hangs.clone();
        fault["effect"] = json!({ "latency_ms": 60_000 });
        stage.bench.sandbox.fault(fault).await;
        let began = tokio::time::Instant::now();
        let preview = stage.preview(&token, &ids).await;
        assert!(
            began.elapsed() < Duration::from_secs(40),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(
            preview["counts"],
            json!({ "unknown": 14 }),
            "{hangs}: {preview}"
        );
        let next = &items(&preview)[0]["reason"]["next_step"];
        assert_eq!(next, "Preview again later.");
        stage.bench.sandbox.clear_faults().await;
    }
}

async fn a_token_that_can_serve_nothing_is_refused(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let dead = stage.managed().await;
    stage.bench.sandbox.revoke(&dead).await;
    let foreign = stage
        .bench
        .sandbox
        .token_of(json!({ "person": Fleet::MANAGED, "app": OTHER_APP }))
        .await;
    for (token, code) in [
        (dead.as_str(), "token_dead"),
        (foreign.as_str(), "token_of_another_app"),
        ("EAAB-cut-off", "token_undecipherable"),
    ] {
        let (status, problem) = stage
            .post(&json!({ "access_token": token, "asset_ids": ids }))
            .await;
        assert_eq!((status, kind(&problem)), (422, code), "{problem}");
    }
    let token = stage.managed().await;
    let order = json!({ "access_token": token, "asset_ids": ids, "expect_person": Fleet::PERSON });
    assert_eq!(kind(&stage.post(&order).await.1), "token_of_another_person");
    let order = json!({ "access_token": token, "asset_ids": ids, "select": {} });
    assert_eq!(kind(&stage.post(&order).await.1), "invalid_request");
}

async fn a_login_that_leaves_assets_out_is_told_of(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let (ticked, page) = (&ids[..1], &ids[1]);
    let order = json!({ "person": Fleet::PERSON, "app": APP, "assets": ticked });
    let narrow = stage.bench.sandbox.token_of(order).await;
    let preview = stage.preview(&narrow, ticked).await;
    assert_eq!(preview["counts"], json!({ "will_replace": 1 }), "{preview}");
    let siblings = preview["siblings"].as_array().expect("siblings");
    let lost = siblings
        .iter()
        .find(|it| it["asset_id"] == *page)
        .expect("the page is not ticked");
    assert_eq!(lost["kind"], "page");
    let scopes = lost["lost_scopes"].as_array().expect("scopes");
    assert!(scopes.contains(&json!("pages_show_list")), "{lost}");
    assert!(
        siblings.iter().all(|it| it["asset_id"] != ids[0]),
        "what is named is no sibling"
    );
    let whole = stage
        .preview(&stage.bench.sandbox.token(Fleet::PERSON).await, ticked)
        .await;
    assert_eq!(
        whole["siblings"],
        json!([]),
        "a login for everything takes nothing away"
    );
    let managed = stage.preview(&stage.managed().await, ticked).await;
    assert_eq!(
        managed["siblings"],
        json!([]),
        "another person's login takes nothing away"
    );
}

async fn what_graph_does_not_tell_is_unknown(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    let fault = json!({ "match": { "batch_item": true },
        "effect": { "error": { "code": 2, "message": "Service temporarily unavailable" } } });
    stage.bench.sandbox.fault(fault).await;
    let preview = stage.preview(&token, &ids).await;
    assert_eq!(preview["counts"], json!({ "unknown": 14 }), "{preview}");
    assert!(
        items(&preview)
            .iter()
            .all(|it| it["reason"]["code"] == "graph_unavailable")
    );
    stage.bench.sandbox.clear_faults().await;
    stage
        .bench
        .sandbox
        .fault(json!({ "effect": { "status": 500, "body": "" } }))
        .await;
    let preview = stage.preview(&token, &ids).await;
    assert_eq!(
        (&preview["person"], &preview["counts"]),
        (&Value::Null, &json!({ "unknown": 14 }))
    );
    assert_eq!(
        preview["plan_id"],
        Value::Null,
        "nothing was seen that a plan could hold to"
    );
}

async fn previews_at_once_are_bounded(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    stage.bench.sandbox.latency(1_000).await;
    let order = json!({ "access_token": token, "asset_ids": ids });
    let answers = join_all((0..12).map(|_| stage.post(&order))).await;
    let (told, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|(status, _)| *status == 200);
    assert!(told.len() >= 4 && !refused.is_empty(), "{answers:?}");
    assert!(
        refused
            .iter()
            .all(|(status, it)| (*status, kind(it)) == (429, "too_many_previews"))
    );
    stage.bench.sandbox.latency(0).await;
    assert_eq!(
        stage.preview(&token, &ids).await["counts"]["will_replace"],
        7,
        "their places are free again"
    );
}
