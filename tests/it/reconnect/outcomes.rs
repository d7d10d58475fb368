//! Outcomes of reconnects, as a caller sees them.

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, OTHER_APP, Tenant};

/// A tenant with two businesses; the managed account reaches the first.
async fn small() -> (Harness, Fleet, Tenant) {
    let fleet = Fleet::new(2, 6, 1);
    let harness = Harness::start(TestDatabase::create_sqlite().await, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    (harness, fleet, tenant)
}

async fn refused(tenant: &Tenant, order: &Value) -> (u16, String) {
    let (status, answer) = tenant.post("/v1/reconnects", order).await;
    let kind = answer["type"].as_str().unwrap_or_default().to_owned();
    let list = tenant.get("/v1/reconnects").await;
    assert_eq!(list["data"], json!([]), "a refused call changes nothing");
    (status, kind)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_list_is_answered_in_the_same_response() {
    let (harness, fleet, tenant) = small().await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids() });
    let (status, answer) = tenant.post("/v1/reconnects", &order).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["status"], "completed");
    assert_eq!(answer["counts"], json!({ "replaced": 14 }));
    assert_eq!(answer["person"]["id"], Fleet::PERSON);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_does_not_wait_gets_a_resource_to_read() {
    let (harness, fleet, tenant) = small().await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    harness.sandbox.latency(100).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let (status, answer) = tenant.post("/v1/reconnects", &order).await;
    assert_eq!(status, 202, "{answer}");
    let ended = tenant.ended(answer["id"].as_str().expect("an id")).await;
    assert_eq!(ended["counts"], json!({ "replaced": 14 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_item_keeps_the_candidate_and_serves_the_old_token() {
    let (harness, fleet, tenant) = small().await;
    tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    let ended = tenant
        .reconnect(&harness.sandbox.token(Fleet::MANAGED).await, &fleet.ids())
        .await;
    assert_eq!(ended["counts"], json!({ "replaced": 7, "parked": 7 }));
    let parked = ended["items"]
        .as_array()
        .and_then(|it| it.iter().find(|it| it["outcome"] == "parked"))
        .expect("one");
    assert_eq!(
        (&parked["serving"], &parked["reason"]["code"]),
        (&json!("old"), &json!("not_reached_yet"))
    );
    let asset = tenant
        .get(&format!(
            "/v1/assets/{}",
            parked["asset_id"].as_str().expect("an id")
        ))
        .await;
    assert_eq!(asset["slots"]["active"]["person_id"], Fleet::PERSON);
    assert_eq!(asset["slots"]["candidate"]["person_id"], Fleet::MANAGED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asset_that_the_token_does_not_reach_ends_as_no_access() {
    let (harness, fleet, tenant) = small().await;
    let ended = tenant
        .reconnect(&harness.sandbox.token(Fleet::STRANGER).await, &fleet.ids())
        .await;
    assert_eq!(ended["counts"], json!({ "no_access": 14 }), "{ended}");
    assert!(
        ended["items"]
            .as_array()
            .expect("items")
            .iter()
            .all(|it| it["serving"] == "none")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_token_again_is_unchanged() {
    let (harness, fleet, tenant) = small().await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let again = tenant.reconnect(&token, &fleet.ids()).await;
    assert_eq!(again["counts"], json!({ "unchanged": 14 }), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_lived_token_is_exchanged_before_it_is_stored() {
    let (harness, fleet, tenant) = small().await;
    let wanted =
        json!({ "person": Fleet::PERSON, "app": crate::harness::APP, "short_lived": true });
    let token = harness.sandbox.token_of(wanted).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let business = fleet.ids().first().cloned().expect("an asset");
    let served = tenant.get(&format!("/v1/assets/{business}/token")).await;
    assert_ne!(served["access_token"], token.as_str());
    assert_eq!(harness.sandbox.calls().await["exchanges"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ad_account_is_one_item_however_it_is_written() {
    let (harness, fleet, tenant) = small().await;
    let account = fleet
        .ids()
        .into_iter()
        .find(|it| it.starts_with("act_"))
        .expect("an ad account");
    let bare = account.trim_start_matches("act_").to_owned();
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let ended = tenant
        .reconnect(&token, &[bare.clone(), account.clone(), bare])
        .await;
    assert_eq!(ended["counts"], json!({ "replaced": 1 }));
    assert_eq!(ended["items"][0]["asset_id"], account.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_picks_assets_by_kind() {
    let (harness, _, tenant) = small().await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "select": { "kind": "page" } });
    let (status, answer) = tenant.post("/v1/reconnects", &order).await;
    assert_eq!(
        (status, &answer["counts"]),
        (200, &json!({ "replaced": 2 })),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_refuses_the_call() {
    let (harness, fleet, tenant) = small().await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    harness
        .sandbox
        .post("tokens/revoke", json!({ "token": token }))
        .await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids() });
    assert_eq!(
        refused(&tenant, &order).await,
        (422, "/problems/token_dead".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_apps_token_refuses_the_call() {
    let (harness, fleet, tenant) = small().await;
    let token = harness
        .sandbox
        .token_of(json!({ "person": Fleet::PERSON, "app": OTHER_APP }))
        .await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids() });
    assert_eq!(
        refused(&tenant, &order).await,
        (422, "/problems/token_of_another_app".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undecipherable_token_refuses_the_call() {
    let (_bench, fleet, tenant) = small().await;
    let order = json!({ "access_token": "not-a-token-of-anybody", "asset_ids": fleet.ids() });
    assert_eq!(
        refused(&tenant, &order).await,
        (422, "/problems/token_undecipherable".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_an_unexpected_person_refuses_the_call() {
    let (harness, fleet, tenant) = small().await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let order =
        json!({ "access_token": token, "asset_ids": fleet.ids(), "expect_person": Fleet::MANAGED });
    assert_eq!(
        refused(&tenant, &order).await,
        (422, "/problems/token_of_another_person".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_reconnect_ends_its_open_items_and_changes_no_more() {
    let (harness, fleet, tenant) = small().await;
    tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    let before = tenant.tokens(&fleet.ids()).await;
    let token = harness.sandbox.token(Fleet::MANAGED).await;
    harness.sandbox.latency(400).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let (_, started) = tenant.post("/v1/reconnects", &order).await;
    let id = started["id"].as_str().expect("an id");
    let (status, cancelled) = tenant
        .post(&format!("/v1/reconnects/{id}/cancel"), &json!({}))
        .await;
    assert_eq!(
        (status, &cancelled["status"]),
        (200, &json!("cancelled")),
        "{cancelled}"
    );
    assert_eq!(cancelled["counts"], json!({ "failed": 14 }));
    harness.sandbox.latency(0).await;
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    let after = tenant.tokens(&fleet.ids()).await;
    assert!(
        fleet
            .ids()
            .iter()
            .all(|id| before[id]["access_token"] == after[id]["access_token"])
    );
    let (again, _) = tenant
        .post(&format!("/v1/reconnects/{id}/cancel"), &json!({}))
        .await;
    assert_eq!(again, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graph_outage_defers_items_and_the_reconnect_resumes_by_itself() {
    let (harness, fleet, tenant) = small().await;
    harness.sandbox.fault(json!({ "match": { "path": "batch" }, "effect": { "status": 503, "body": "<html>down</html>" }, "times": 6 })).await;
    let ended = tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    assert_eq!(ended["counts"], json!({ "replaced": 14 }), "{ended}");
}
