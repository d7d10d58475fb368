//! Errors of Graph on items of a reconnect: who must act, and whether the new token waits.

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{Case, verdict};
use crate::harness::{Fleet, on_both};

on_both!(
    an_error_of_graph_shows_its_meaning_and_its_party,
    a_page_that_was_not_ticked_parks_the_new_token,
    the_graph_decides_and_not_the_name_of_a_scope,
    a_wrong_kind_of_token_is_not_a_dead_token,
);

/// An asset kind, the error of its batch item, and outcome, code and party of the item.
type Row = (&'static str, Value, [&'static str; 3]);

fn rows() -> Vec<Row> {
    let error = |code: i64, subcode: Option<i64>, message: &str| json!({ "code": code, "subcode": subcode, "message": message, "type": "OAuthException", "http": 400 });
    let checkpoint = json!({
        "code": 190, "subcode": 490, "http": 400, "type": "OAuthException", "error_data": "{\"blame\":[\"user\"]}",
        "message": "Error validating access token: The user is enrolled in a blocking, logged-in checkpoint",
    });
    let region = "Cannot call API on behalf of this user";
    let inactive = "(#200) Access to this data is temporarily disabled for non-active apps";
    let own_page = "(#190) This method must be called with a Page Access Token";
    vec![
        (
            "ad_account",
            checkpoint,
            ["user_action_required", "checkpoint", "person"],
        ),
        (
            "ad_account",
            error(200, None, region),
            ["failed", "app_restricted", "provider"],
        ),
        (
            "pixel",
            error(200, None, inactive),
            ["failed", "app_restricted", "provider"],
        ),
        (
            "page",
            error(190, None, own_page),
            ["failed", "request_fault", "provider"],
        ),
        (
            "page",
            error(999_123, None, "an error from the future"),
            ["failed", "unclassified", "provider"],
        ),
        (
            "page",
            error(190, Some(999), "a subcode from the future"),
            ["failed", "contradiction", "provider"],
        ),
    ]
}

async fn an_error_of_graph_shows_its_meaning_and_its_party(database: TestDatabase) {
    let case = Case::start(database).await;
    let token = case.harness.sandbox.token(Fleet::PERSON).await;
    for (kind, error, expected) in rows() {
        let asset = case.asset(kind);
        case.refuse(&asset, error.clone()).await;
        let item = case.item(&token, &asset).await;
        assert_eq!(verdict(&item), expected, "{error}: {item}");
        case.harness.sandbox.clear_faults().await;
    }
    let transient = [
        (
            "whatsapp_business_account",
            80_007,
            None,
            "(#80007) Rate limit issues",
        ),
        ("page", -2, Some(1_504_018), "timed out"),
        ("page", -1, None, "unexpected, retry later"),
    ];
    for (kind, code, subcode, message) in transient {
        let asset = case.asset(kind);
        let error = json!({ "code": code, "subcode": subcode, "message": message, "http": 400 });
        case.refuse(&asset, error).await;
        let order = json!({ "access_token": token, "asset_ids": [asset], "wait_seconds": 1 });
        let (_, running) = case.tenant.post("/v1/reconnects", &order).await;
        let id = running["id"].as_str().expect("an id");
        let item = loop {
            let read = case.tenant.get(&format!("/v1/reconnects/{id}")).await;
            if read["items"][0]["outcome"].is_string() {
                break read["items"][0].clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        };
        assert_eq!(item["outcome"], "deferred", "{code}: {item}");
        let path = format!("/v1/reconnects/{id}/cancel");
        case.tenant.post(&path, &json!({})).await;
        case.harness.sandbox.clear_faults().await;
    }
}

async fn a_page_that_was_not_ticked_parks_the_new_token(database: TestDatabase) {
    let case = Case::connected(database).await;
    let page = case.asset("page");
    let message = "(#10) This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content \
                   Access' feature. Refer to https://developers.facebook.com/docs/apps/review/login-permissions and \
                   https://developers.facebook.com/docs/apps/review/feature#reference-PAGES_ACCESS for details.";
    let error = json!({ "code": 10, "message": message, "type": "OAuthException", "http": 400 });
    case.refuse(&page, error).await;
    let token = case.harness.sandbox.token(Fleet::MANAGED).await;
    let item = case.item(&token, &page).await;
    assert_eq!(
        verdict(&item),
        ["parked", "not_reached_yet", "business_admin"],
        "{item}"
    );
    let asset = case.state(&page).await;
    assert!(asset["slots"]["candidate"].is_object(), "{asset}");
}

async fn the_graph_decides_and_not_the_name_of_a_scope(database: TestDatabase) {
    let case = Case::start(database).await;
    let account = case.asset("whatsapp_business_account");
    let scopes = [
        "whatsapp_business_messaging",
        "whatsapp_business_manage_events",
        "business_management",
    ];
    let token = case
        .harness
        .sandbox
        .token_of(json!({ "person": Fleet::PERSON, "app": crate::harness::APP, "scopes": scopes }))
        .await;
    let item = case.item(&token, &account).await;
    assert_eq!(item["outcome"], "replaced", "{item}");
    assert_eq!(case.state(&account).await["state"], "healthy");
}

async fn a_wrong_kind_of_token_is_not_a_dead_token(database: TestDatabase) {
    let case = Case::start(database).await;
    let page = case.asset("page");
    let error = json!({ "code": 190, "message": "An unknown refusal of this token", "http": 400 });
    case.refuse(&page, error).await;
    let token = case.harness.sandbox.token(Fleet::PERSON).await;
    let item = case.item(&token, &page).await;
    assert_eq!(
        verdict(&item),
        ["failed", "contradiction", "provider"],
        "debug_token calls it valid: {item}"
    );
}
