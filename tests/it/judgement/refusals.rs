//! Refusals of the serving token: each is counted, and only spaced ones disconnect.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use serde_json::json;

use super::Case;
use crate::harness::{Fleet, Harness, Tenant, ids, leap, on_both, watch};

on_both!(
    the_same_press_twice_is_one_proof,
    a_token_that_is_refused_without_a_class_becomes_suspect,
    a_known_checkpoint_disconnects_and_recovers,
    a_standing_contradiction_becomes_suspect,
    refusals_of_many_persons_at_once_are_held_at_suspect,
    a_press_in_an_incident_is_held_at_suspect,
);

async fn the_same_press_twice_is_one_proof(database: TestDatabase) {
    let case = Case::connected(database).await;
    let account = case.asset("instagram_account");
    let token = case.harness.sandbox.token(Fleet::PERSON).await;
    let item = case.item(&token, &account).await;
    assert_eq!(item["outcome"], "replaced");
    let gone = json!({
        "code": 100, "subcode": 33, "message": "Authorization Error", "type": "GraphMethodException", "http": 400,
    });
    case.refuse(&account, gone).await;
    for press in 1..=3 {
        let item = case.item(&token, &account).await;
        let seen = (&item["outcome"], &item["serving"]);
        assert_eq!(seen, (&json!("no_access"), &json!("old")), "press {press}");
        let asset = case.state(&account).await;
        assert_eq!(asset["state"], "suspect", "press {press}: {asset}");
        let path = format!("/v1/assets/{account}/token");
        let status = case.tenant.status(&path).await;
        assert_eq!(status, 200);
    }
    case.harness.sandbox.clear_faults().await;
    let tenant = leap(&case.harness, &case.tenant, Duration::minutes(11)).await;
    watch(&case.harness).await;
    let asset = tenant.get(&format!("/v1/assets/{account}")).await;
    assert_eq!(asset["state"], "healthy");
}

async fn a_token_that_is_refused_without_a_class_becomes_suspect(database: TestDatabase) {
    let mut case = Case::connected(database).await;
    let rule = json!({
        "match": { "person": Fleet::PERSON, "batch_item": true },
        "effect": { "error": { "code": 190, "subcode": 99_490, "message": "a subcode from the future" } },
    });
    case.harness.sandbox.fault(rule).await;
    for _ in 0..3 {
        case.tenant = leap(&case.harness, &case.tenant, Duration::hours(25)).await;
        watch(&case.harness).await;
    }
    for id in &case.ids {
        let asset = case.state(id).await;
        assert_eq!(asset["state"], "suspect", "{asset}");
        assert_eq!(asset["who"], "provider", "{asset}");
        let path = format!("/v1/assets/{id}/token");
        let status = case.tenant.status(&path).await;
        assert_eq!(status, 200, "an unclassified refusal disconnects nothing");
    }
    case.harness.sandbox.clear_faults().await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::minutes(20)).await;
    watch(&case.harness).await;
    let account = case.asset("ad_account");
    assert_eq!(case.state(&account).await["state"], "healthy");
}

async fn a_known_checkpoint_disconnects_and_recovers(database: TestDatabase) {
    let mut case = Case::connected(database).await;
    let message =
        "Error validating access token: The user is enrolled in a blocking, logged-in checkpoint";
    let rule = json!({
        "match": { "person": Fleet::PERSON, "batch_item": true },
        "effect": { "error": { "code": 190, "subcode": 490, "message": message } },
    });
    case.harness.sandbox.fault(rule).await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::hours(25)).await;
    watch(&case.harness).await;
    for id in &case.ids {
        let asset = case.state(id).await;
        let seen = (&asset["state"], &asset["reason"]["code"], &asset["who"]);
        assert_eq!(
            seen,
            (
                &json!("disconnected"),
                &json!("checkpoint"),
                &json!("person")
            )
        );
    }
    case.harness.sandbox.clear_faults().await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::hours(2)).await;
    watch(&case.harness).await;
    for id in &case.ids {
        assert_eq!(case.state(id).await["state"], "healthy", "{id}");
    }
}

async fn a_standing_contradiction_becomes_suspect(database: TestDatabase) {
    let mut case = Case::connected(database).await;
    let account = case.asset("ad_account");
    let error =
        json!({ "code": 190, "message": "(#190) some new text about this token", "http": 400 });
    case.refuse(&account, error).await;
    for _ in 0..3 {
        case.tenant = leap(&case.harness, &case.tenant, Duration::hours(25)).await;
        watch(&case.harness).await;
    }
    let asset = case.state(&account).await;
    let seen = (&asset["state"], &asset["reason"]["code"], &asset["who"]);
    assert_eq!(
        seen,
        (
            &json!("suspect"),
            &json!("contradiction"),
            &json!("provider")
        ),
        "{asset}"
    );
}

async fn refusals_of_many_persons_at_once_are_held_at_suspect(database: TestDatabase) {
    let incident = incident_of_ad_accounts(database).await;
    let (harness, mut tenant) = (&incident.harness, incident.tenant);
    for _ in 0..3 {
        tenant = leap(harness, &tenant, Duration::hours(25)).await;
        watch(harness).await;
    }
    let list = tenant.get("/v1/assets?kind=ad_account&limit=200").await;
    for it in list["data"].as_array().expect("a list") {
        let seen = (&it["state"], &it["reason"]["code"]);
        assert_eq!(seen, (&json!("suspect"), &json!("mass_refusal")), "{it}");
    }
    harness.sandbox.clear_faults().await;
    tenant = leap(harness, &tenant, Duration::minutes(20)).await;
    watch(harness).await;
    let list = tenant
        .get("/v1/assets?state=healthy&kind=ad_account&limit=200")
        .await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(8), "{list}");
}

async fn a_press_in_an_incident_is_held_at_suspect(database: TestDatabase) {
    let incident = incident_of_ad_accounts(database).await;
    let (harness, mut tenant) = (&incident.harness, incident.tenant);
    for _ in 0..3 {
        tenant = leap(harness, &tenant, Duration::minutes(11)).await;
        for (token, assets) in &incident.pressed {
            tenant.reconnect(token, assets).await;
        }
    }
    let list = tenant.get("/v1/assets?kind=ad_account&limit=200").await;
    let states: Vec<_> = list["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["state"])
        .collect();
    assert_eq!(states, vec!["suspect"; 8], "{list}");
}

/// Eight persons whose tokens serve, and a Graph that denies every ad account.
struct Incident {
    harness: Harness,
    tenant: Tenant,
    /// What was pressed before: each person's token and assets.
    pressed: Vec<(String, Vec<String>)>,
}

async fn incident_of_ad_accounts(database: TestDatabase) -> Incident {
    let fleet = Fleet::new(8, 2, 0);
    let harness = Harness::start(database, &fleet.world_of_many()).await;
    let tenant = harness.tenant("One").await;
    let mut pressed = Vec::new();
    for n in 1..=8 {
        let assets = fleet.assets_of(n);
        tenant.register(&assets).await;
        let token = harness.sandbox.token(&Fleet::person_of(n)).await;
        let assets = ids(&assets);
        let ended = tenant.reconnect(&token, &assets).await;
        assert_eq!(ended["counts"], json!({ "replaced": 3 }), "{ended}");
        pressed.push((token, assets));
    }
    let rule = json!({
        "match": { "kind": "ad_account", "batch_item": true },
        "effect": { "error": { "code": 100, "subcode": 33, "message": "does not exist", "type": "GraphMethodException" } },
    });
    harness.sandbox.fault(rule).await;
    Incident {
        harness,
        tenant,
        pressed,
    }
}
