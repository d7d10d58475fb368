//! Submitted and imported tokens: what Graph says of them counts, and what it leaves out is unknown.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::Case;
use crate::harness::{APP, Fleet, Harness, leap, on_both, problem_code, watch};

on_both!(
    a_page_token_that_ends_soon_is_expiring_after_one_look,
    a_token_of_another_product_is_refused_and_defers_nothing,
    an_exchange_that_graph_refuses_is_not_a_dead_token_while_it_is_called_valid,
    a_fact_that_debug_token_leaves_out_is_unknown_and_not_wrong,
    an_object_that_is_disabled_is_reached_and_shown_as_such,
);

/// A page token that ends with the short-lived login that it was minted from.
async fn short_page_token(harness: &Harness, page: &str) -> String {
    let wanted = json!({ "person": Fleet::PERSON, "app": APP, "short_lived": true });
    let token = harness.sandbox.token_of(wanted).await;
    let proof = crate::harness::appsecret_proof(&token);
    let url = format!(
        "{}/v26.0/{page}?fields=access_token&appsecret_proof={proof}",
        harness.sandbox.url
    );
    let call = crate::harness::http().get(url).bearer_auth(&token);
    let answer: Value = call
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("json");
    answer["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

async fn a_page_token_that_ends_soon_is_expiring_after_one_look(database: TestDatabase) {
    let case = Case::start(database).await;
    let page = case.asset("page");
    let token = short_page_token(&case.harness, &page).await;
    let import = json!({ "id": page, "kind": "page", "token": token });
    case.tenant.register(&[import]).await;
    watch(&case.harness).await;
    let asset = case.state(&page).await;
    assert_eq!(asset["state"], "expiring", "{asset}");
    assert_eq!(asset["person_id"], Fleet::PERSON);
    assert_eq!(asset["ending"]["cause"], "token_expiry");
    let impact = case
        .tenant
        .get(&format!("/v1/persons/{}/impact", Fleet::PERSON))
        .await;
    assert_eq!(impact["counts"]["ends"], 1, "{impact}");
    let forecast = case.tenant.get("/v1/forecast").await;
    let covers = [
        &forecast["data"][0]["covered_by"],
        &forecast["days"][0]["covered"],
    ];
    assert_eq!(
        covers,
        [&Value::Null, &json!(0)],
        "a page's token is not refreshed: {forecast}"
    );
}

async fn a_token_of_another_product_is_refused_and_defers_nothing(database: TestDatabase) {
    let case = Case::start(database).await;
    let message =
        "Error validating application. Cannot get application info due to a system error.";
    let rule = json!({
        "match": { "path": "debug_token", "input_person": Fleet::STRANGER },
        "effect": { "error": { "code": 190, "message": message, "http": 400 } },
    });
    case.harness.sandbox.fault(rule).await;
    let token = case.harness.sandbox.token(Fleet::STRANGER).await;
    let order = json!({ "access_token": token, "asset_ids": case.ids, "wait_seconds": 10 });
    let (status, problem) = case.tenant.post("/v1/reconnects", &order).await;
    assert_eq!(status, 422, "{problem}");
    assert!(
        ["token_undecipherable", "token_of_another_app"].contains(&problem_code(&problem)),
        "{problem}"
    );
    let good = case.harness.sandbox.token(Fleet::PERSON).await;
    let ended = case.tenant.reconnect(&good, &case.ids).await;
    assert_eq!(
        ended["counts"],
        json!({ "replaced": 14 }),
        "the app is well: {ended}"
    );
}

async fn an_exchange_that_graph_refuses_is_not_a_dead_token_while_it_is_called_valid(
    database: TestDatabase,
) {
    let case = Case::start(database).await;
    let message = "Cannot call API for app 1 on behalf of user 2";
    let rule = json!({
        "match": { "path": "oauth/access_token" },
        "effect": { "error": { "code": 200, "message": message, "type": "OAuthException", "http": 400 } },
    });
    case.harness.sandbox.fault(rule).await;
    let wanted = json!({ "person": Fleet::PERSON, "app": APP, "short_lived": true });
    let token = case.harness.sandbox.token_of(wanted).await;
    let item = case.item(&token, &case.asset("page")).await;
    assert_eq!(item["outcome"], "failed", "{item}");
    assert_ne!(item["reason"]["code"], "token_dead", "{item}");
    let detail = item["reason"]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(message), "what Graph said: {item}");
}

async fn a_fact_that_debug_token_leaves_out_is_unknown_and_not_wrong(database: TestDatabase) {
    let case = Case::start(database).await;
    for member in [
        "type",
        "app_id",
        "scopes",
        "granular_scopes",
        "is_valid",
        "expires_at",
    ] {
        let rule = json!({
            "match": { "input_person": Fleet::PERSON }, "effect": { "debug": { member: null } },
        });
        case.harness.sandbox.fault(rule).await;
        let token = case.harness.sandbox.token(Fleet::PERSON).await;
        let ended = case.tenant.reconnect(&token, &case.ids).await;
        assert_eq!(
            ended["counts"],
            json!({ "replaced": 14 }),
            "{member}: {ended}"
        );
        case.harness.sandbox.clear_faults().await;
    }
}

async fn an_object_that_is_disabled_is_reached_and_shown_as_such(database: TestDatabase) {
    let mut case = Case::connected(database).await;
    let (account, page) = (case.asset("ad_account"), case.asset("page"));
    let disabled = json!({ "account_status": 2, "disable_reason": 1 });
    case.harness
        .sandbox
        .post(&format!("assets/{account}"), disabled)
        .await;
    let unpublished = json!({ "is_published": false });
    case.harness
        .sandbox
        .post(&format!("assets/{page}"), unpublished)
        .await;
    case.tenant = leap(&case.harness, &case.tenant, Duration::hours(25)).await;
    watch(&case.harness).await;
    for (id, code) in [(&account, "account_disabled"), (&page, "page_unpublished")] {
        let asset = case.state(id).await;
        assert_eq!(asset["state"], "healthy", "{asset}");
        assert_eq!(asset["condition"]["code"], code, "{asset}");
    }
}
