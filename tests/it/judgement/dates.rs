//! Dates that Meta moves: a proof on the asset outranks them, and they are read again before they declare anything.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use serde_json::json;

use super::Case;
use crate::harness::{APP, Fleet, leap, on_both, watch};

on_both!(
    data_access_that_rolled_on_disconnects_nothing,
    a_date_that_passed_while_the_token_works_is_disproved_by_the_proof,
    a_date_that_still_holds_when_it_arrives_disconnects,
    an_outage_at_the_date_declares_nothing,
    a_passed_date_is_read_with_one_call_a_grant,
);

/// Connects everything with a user token that never expires, whose data access ends in 60 days.
async fn with_data_access(database: TestDatabase) -> Case {
    let case = Case::start(database).await;
    let token = case.harness.sandbox.token(Fleet::PERSON).await;
    let dates = json!({ "token": token, "expires_at": null, "data_access_expires_at": "+60d" });
    case.harness.sandbox.post("tokens/dates", dates).await;
    let ended = case.tenant.reconnect(&token, &case.ids).await;
    assert_eq!(ended["counts"], json!({ "replaced": 14 }), "{ended}");
    case
}

async fn data_access_that_rolled_on_disconnects_nothing(database: TestDatabase) {
    let mut case = with_data_access(database).await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::days(50)).await;
    watch(&case.harness).await;
    assert_eq!(case.state(&case.asset("page")).await["state"], "expiring");
    // The person logs in to the app again; the token of this login is thrown away.
    case.harness.sandbox.token(Fleet::PERSON).await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::days(12)).await;
    watch(&case.harness).await;
    for id in &case.ids {
        let asset = case.state(id).await;
        assert_ne!(asset["state"], "disconnected", "{asset}");
        let path = format!("/v1/assets/{id}/token");
        let status = case.tenant.status(&path).await;
        assert_eq!(status, 200);
        assert!(
            asset["ending"]["at"].as_str() > asset["checked_at"].as_str(),
            "{asset}"
        );
    }
}

async fn a_date_that_passed_while_the_token_works_is_disproved_by_the_proof(
    database: TestDatabase,
) {
    let mut case = with_data_access(database).await;
    let past = (case.harness.clock.now() + Duration::days(60)).timestamp();
    let rule = json!({
        "match": { "input_person": Fleet::PERSON },
        "effect": { "debug": { "data_access_expires_at": past } },
    });
    case.harness.sandbox.fault(rule).await;
    let dates = json!({ "person": Fleet::PERSON, "app": APP, "data_access_expires_at": "+300d" });
    case.harness.sandbox.post("tokens/dates", dates).await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::days(61)).await;
    watch(&case.harness).await;
    for id in &case.ids {
        let asset = case.state(id).await;
        assert_eq!(
            asset["state"], "healthy",
            "it works, whatever debug_token says: {asset}"
        );
        assert!(asset["ending"].is_null(), "{asset}");
    }
    let (_, forecast) = (0, case.tenant.get("/v1/forecast").await);
    assert_eq!(forecast["passed"], 0, "{forecast}");
}

async fn a_date_that_still_holds_when_it_arrives_disconnects(database: TestDatabase) {
    let mut case = with_data_access(database).await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::days(61)).await;
    watch(&case.harness).await;
    // The sandbox lets page tokens read on, and a proof outranks the date.
    let assets = case.ids.iter().filter(|it| !it.starts_with("3001"));
    for id in assets {
        let asset = case.state(id).await;
        let seen = (&asset["state"], &asset["reason"]["code"]);
        let expected = (&json!("disconnected"), &json!("data_access_expired"));
        assert_eq!(seen, expected, "{asset}");
    }
}

async fn an_outage_at_the_date_declares_nothing(database: TestDatabase) {
    let mut case = with_data_access(database).await;
    let down = json!({ "effect": { "status": 503, "body": "" } });
    case.harness.sandbox.fault(down).await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::days(61)).await;
    for _ in 0..3 {
        watch(&case.harness).await;
        case.tenant = leap(&case.harness, &case.tenant, Duration::hours(1)).await;
    }
    let asset = case.state(&case.asset("page")).await;
    let seen = (&asset["state"], &asset["reason"]["code"], &asset["who"]);
    assert_eq!(
        seen,
        (
            &json!("suspect"),
            &json!("end_not_confirmed"),
            &json!("nobody")
        ),
        "{asset}"
    );
}

async fn a_passed_date_is_read_with_one_call_a_grant(database: TestDatabase) {
    let mut case = with_data_access(database).await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::days(31)).await;
    case.harness.sandbox.forget_calls().await;
    watch(&case.harness).await;
    let calls = case.harness.sandbox.calls().await;
    assert_eq!(calls["by_path"]["/debug_token"], 1, "{calls}");
    case.harness.sandbox.forget_calls().await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::days(2)).await;
    watch(&case.harness).await;
    let calls = case.harness.sandbox.calls().await;
    assert_eq!(
        calls["by_path"]["/debug_token"],
        serde_json::Value::Null,
        "{calls}"
    );
}
