//! A refresh counts only if the end moved.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::Case;
use crate::harness::{Fleet, leap, on_both, watch};

on_both!(
    an_exchange_that_answers_with_the_same_token_and_end_is_no_refresh,
    an_exchange_whose_new_token_ends_at_the_same_time_is_no_refresh,
    an_end_of_the_same_token_that_moved_is_a_refresh,
    a_refusal_that_graph_contradicts_is_tried_again,
);

async fn an_exchange_that_answers_with_the_same_token_and_end_is_no_refresh(
    database: TestDatabase,
) {
    Box::pin(report_failed_refresh_once(database, "same_token")).await;
}

async fn an_exchange_whose_new_token_ends_at_the_same_time_is_no_refresh(database: TestDatabase) {
    Box::pin(report_failed_refresh_once(database, "same_end")).await;
}

/// Nine days before the end: the exchange moves nothing. It is reported once, covers nothing, and is not repeated.
async fn report_failed_refresh_once(database: TestDatabase, effect: &str) {
    let mut case = Case::connected(database).await;
    let rule = json!({
        "match": { "path": "oauth/access_token", "input_person": Fleet::PERSON }, "effect": { "exchange": effect },
    });
    case.harness.sandbox.fault(rule).await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::days(51)).await;
    for _ in 0..4 {
        watch(&case.harness).await;
        let refreshed = case.harness.vault.refresh_due_tokens(8).await;
        assert_eq!(refreshed.expect("the database answers"), 0, "{effect}");
        case.tenant = leap(&case.harness, &case.tenant, Duration::hours(7)).await;
    }
    let calls = case.harness.sandbox.calls().await;
    assert_eq!(
        calls["by_path"]["/oauth/access_token"], 1,
        "{effect}: {calls}"
    );
    assert_eq!(count_audited(&case, "grant.refreshed").await, 0, "{effect}");
    assert_eq!(
        count_audited(&case, "grant.refresh_failed").await,
        1,
        "{effect}"
    );
    let forecast = case.tenant.get("/v1/forecast").await;
    let expiring = forecast["data"].as_array().expect("a list");
    let covers: Vec<_> = expiring
        .iter()
        .filter(|it| it["ending"]["cause"] == "token_expiry" || it["cause"] == "token_expiry")
        .map(|it| &it["covered_by"])
        .collect();
    assert!(covers.iter().all(|it| it.is_null()), "{effect}: {forecast}");
    let account = case.state(&case.asset("ad_account")).await;
    let seen = (&account["state"], &account["who"]);
    assert_eq!(
        seen,
        (&json!("expiring"), &json!("person")),
        "{effect}: {account}"
    );
}

async fn an_end_of_the_same_token_that_moved_is_a_refresh(database: TestDatabase) {
    let mut case = Case::connected(database).await;
    let rule = json!({
        "match": { "path": "oauth/access_token", "input_person": Fleet::PERSON }, "effect": { "exchange": "same_token" },
    });
    case.harness.sandbox.fault(rule).await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::days(51)).await;
    watch(&case.harness).await;
    let dates =
        json!({ "person": Fleet::PERSON, "app": crate::harness::APP, "expires_at": "+60d" });
    case.harness.sandbox.post("tokens/dates", dates).await;
    let refreshed = case.harness.vault.refresh_due_tokens(8).await;
    assert_eq!(refreshed.expect("the database answers"), 1);
    watch(&case.harness).await;
    let account = case.state(&case.asset("ad_account")).await;
    assert_eq!(account["state"], "healthy", "{account}");
    assert_eq!(count_audited(&case, "grant.refreshed").await, 1);
}

/// The exchange is refused once under an unknown error, and `debug_token` calls the token valid.
async fn a_refusal_that_graph_contradicts_is_tried_again(database: TestDatabase) {
    let mut case = Case::connected(database).await;
    let rule = json!({
        "match": { "path": "oauth/access_token", "input_person": Fleet::PERSON }, "times": 1,
        "effect": { "error": { "code": 190, "subcode": 4711, "message": "Some new text." } },
    });
    case.harness.sandbox.fault(rule).await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::days(51)).await;
    let mut refreshed = Vec::new();
    for _ in 0..2 {
        watch(&case.harness).await;
        let done = case.harness.vault.refresh_due_tokens(8).await;
        refreshed.push(done.expect("the database answers"));
        // The queue follows the time of the machine, which the test does not move.
        let database = &case.harness.database;
        let due = "UPDATE due SET due_at = 0 WHERE kind = 'refresh'";
        database.run_as_superuser(due).await;
        case.tenant = leap(&case.harness, &case.tenant, Duration::hours(7)).await;
    }
    assert_eq!(refreshed, [0, 1]);
    assert_eq!(count_audited(&case, "grant.refresh_failed").await, 0);
}

/// How many audit events of the tenant have this action.
async fn count_audited(case: &Case, action: &str) -> usize {
    let list: Value = case
        .tenant
        .get(&format!("/v1/audit-events?action={action}&limit=200"))
        .await;
    list["data"]
        .as_array()
        .unwrap_or_else(|| panic!("{list}"))
        .len()
}
