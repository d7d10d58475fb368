//! What a preview shows, and when it is refused.

use std::time::Duration;

use futures_util::future::join_all;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{Stage, items};
use crate::harness::{APP, Fleet, OTHER_APP, on_both, problem_code};

on_both!(
    a_preview_matches_the_reconnect_that_follows,
    a_preview_changes_nothing,
    a_preview_waits_for_graph_for_a_limited_time,
    an_unusable_token_is_refused,
    a_preview_lists_the_assets_that_a_login_leaves_out,
    an_asset_without_an_answer_from_graph_is_unknown,
    concurrent_previews_are_limited,
);

async fn a_preview_matches_the_reconnect_that_follows(database: TestDatabase) {
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
    for (expected, ended) in items(&preview).iter().zip(items(&ended)) {
        let outcome = match expected["coverage"].as_str() {
            Some("will_replace") => "replaced",
            Some("would_park") => "parked",
            _ => "unknown_asset",
        };
        assert_eq!(
            (&expected["asset_id"], &json!(outcome)),
            (&ended["asset_id"], &ended["outcome"]),
            "{expected}"
        );
        assert_eq!(
            expected["reason"], ended["reason"],
            "the reasons are the same"
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
    let previewed = after["data"]
        .as_array()
        .and_then(|it| it.iter().find(|it| it["action"] == "reconnect.previewed"));
    let previewed = previewed.expect("the preview is in the audit");
    assert_eq!(
        previewed["actor"],
        format!("client:{}", stage.tenant.client_id)
    );
    assert_eq!(previewed["detail"], json!({ "items": 14 }));
    assert!(!after.to_string().contains(&token));
}

async fn a_preview_waits_for_graph_for_a_limited_time(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    for hangs in [json!({ "match": { "batch_item": true } }), json!({})] {
        let mut fault = hangs.clone();
        fault["effect"] = json!({ "latency_ms": 60_000 });
        stage.harness.sandbox.fault(fault).await;
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
        stage.harness.sandbox.clear_faults().await;
    }
}

async fn an_unusable_token_is_refused(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let dead = stage.managed().await;
    stage.harness.sandbox.revoke(&dead).await;
    let foreign = stage
        .harness
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
        assert_eq!((status, problem_code(&problem)), (422, code), "{problem}");
    }
    let token = stage.managed().await;
    let order = json!({ "access_token": token, "asset_ids": ids, "expect_person": Fleet::PERSON });
    assert_eq!(
        problem_code(&stage.post(&order).await.1),
        "token_of_another_person"
    );
    let order = json!({ "access_token": token, "asset_ids": ids, "select": {} });
    assert_eq!(problem_code(&stage.post(&order).await.1), "invalid_request");
}

async fn a_preview_lists_the_assets_that_a_login_leaves_out(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let (ticked, page) = (&ids[..1], &ids[1]);
    let order = json!({ "person": Fleet::PERSON, "app": APP, "assets": ticked });
    let narrow = stage.harness.sandbox.token_of(order).await;
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
        "a requested asset is no sibling"
    );
    let whole = stage
        .preview(&stage.harness.sandbox.token(Fleet::PERSON).await, ticked)
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

async fn an_asset_without_an_answer_from_graph_is_unknown(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    let fault = json!({ "match": { "batch_item": true },
        "effect": { "error": { "code": 2, "message": "Service temporarily unavailable" } } });
    stage.harness.sandbox.fault(fault).await;
    let preview = stage.preview(&token, &ids).await;
    assert_eq!(preview["counts"], json!({ "unknown": 14 }), "{preview}");
    assert!(
        items(&preview)
            .iter()
            .all(|it| it["reason"]["code"] == "graph_unavailable")
    );
    stage.harness.sandbox.clear_faults().await;
    stage
        .harness
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
        "a preview that saw nothing has no plan"
    );
}

async fn concurrent_previews_are_limited(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (stage.fleet.ids(), stage.managed().await);
    stage.harness.sandbox.latency(1_000).await;
    let order = json!({ "access_token": token, "asset_ids": ids });
    let answers = join_all((0..12).map(|_| stage.post(&order))).await;
    let (admitted, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|(status, _)| *status == 200);
    assert!(admitted.len() >= 4 && !refused.is_empty(), "{answers:?}");
    assert!(
        refused
            .iter()
            .all(|(status, it)| (*status, problem_code(it)) == (429, "too_many_previews"))
    );
    stage.harness.sandbox.latency(0).await;
    assert_eq!(
        stage.preview(&token, &ids).await["counts"]["will_replace"],
        7,
        "a new preview is admitted again"
    );
}
