//! From a log-in to replaced tokens.

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::json;

use super::{OF_CLIENT, OF_SESSION, Stage, answer, by_code, by_token};
use crate::harness::{APP, Fleet, on_both, problem_code};

on_both!(
    a_page_previews_and_reconnects_with_a_code_and_holds_no_token,
    a_preview_does_not_use_a_consent_up_and_a_reconnect_does,
    a_client_reconnects_with_a_consent_of_a_token,
    a_consent_of_another_person_than_expected_stays,
    a_plan_of_a_consent_holds_for_its_reconnect,
    a_consent_says_which_permissions_were_declined,
    a_repeated_reconnect_on_a_consent_is_the_same_reconnect,
);

async fn a_page_previews_and_reconnects_with_a_code_and_holds_no_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (page, ids) = (stage.page().await, stage.fleet.ids());
    let (status, given) = page
        .post(OF_SESSION, &by_code(&stage.code(Fleet::MANAGED).await))
        .await;
    assert_eq!(status, 201, "{given}");
    assert_eq!(
        given["person"],
        json!({ "id": Fleet::MANAGED, "name": "Managed" })
    );
    assert_eq!(
        (&given["kind"], &given["is_work_account"]),
        (&json!("user"), &json!(true))
    );
    assert!(
        given["expires_at"].is_string(),
        "the token was made long-lived: {given}"
    );
    assert_eq!(page.get(OF_SESSION).await, (200, given.clone()));
    let consent = given["consent_id"].as_str().expect("an id");
    let (status, preview) = page.preview(consent, &ids).await;
    assert_eq!(
        (status, &preview["counts"]["will_replace"]),
        (200, &json!(ids.len())),
        "{preview}"
    );
    let (status, ended) = page.reconnect(consent, &ids).await;
    assert_eq!(
        (status, &ended["counts"]["replaced"]),
        (200, &json!(ids.len())),
        "{ended}"
    );
    assert_eq!(stage.exchanges().await, 1);
}

async fn a_preview_does_not_use_a_consent_up_and_a_reconnect_does(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (page, ids) = (stage.page().await, stage.fleet.ids());
    let consent = page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    for _ in 0..2 {
        assert_eq!(page.preview(&consent, &ids).await.0, 200);
    }
    assert_eq!(page.reconnect(&consent, &ids).await.0, 200);
    let unknown = "cns_00000000000070008000000000000000";
    for (used, other) in [
        (
            page.reconnect(&consent, &ids).await,
            page.reconnect(unknown, &ids).await,
        ),
        (
            page.preview(&consent, &ids).await,
            page.preview(unknown, &ids).await,
        ),
    ] {
        assert_eq!((used.0, problem_code(&used.1)), (404, "not_found"));
        assert_eq!(without_request_id(used.1), without_request_id(other.1));
    }
    assert_eq!(page.get(OF_SESSION).await.0, 404);
}

fn without_request_id(mut problem: serde_json::Value) -> serde_json::Value {
    problem["request_id"] = json!(null);
    problem
}

async fn a_client_reconnects_with_a_consent_of_a_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let (status, given) = stage.tenant.post(OF_CLIENT, &by_token(&token)).await;
    assert_eq!(status, 201, "{given}");
    assert!(!given.to_string().contains(&token));
    let list = stage.tenant.get(OF_CLIENT).await;
    assert_eq!(list["data"], json!([given]), "{list}");
    let order = json!({
        "consent_id": given["consent_id"], "asset_ids": stage.fleet.ids(), "wait_seconds": 60,
    });
    let (status, ended) = stage.tenant.post("/v1/reconnects", &order).await;
    assert_eq!(
        (status, &ended["person"]["id"]),
        (200, &json!(Fleet::PERSON))
    );
    assert_eq!(stage.tenant.get(OF_CLIENT).await["data"], json!([]));
}

async fn a_consent_of_another_person_than_expected_stays(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let (_, given) = stage.tenant.post(OF_CLIENT, &by_token(&token)).await;
    let mut order = json!({
        "consent_id": given["consent_id"], "asset_ids": stage.fleet.ids(), "wait_seconds": 60,
        "expect_person": Fleet::MANAGED,
    });
    let (status, problem) = stage.tenant.post("/v1/reconnects", &order).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (422, "token_of_another_person"),
        "{problem}"
    );
    assert_eq!(stage.tenant.get(OF_CLIENT).await["data"], json!([given]));
    order["expect_person"] = json!(Fleet::PERSON);
    let (status, ended) = stage.tenant.post("/v1/reconnects", &order).await;
    assert_eq!(
        (status, &ended["person"]["id"]),
        (200, &json!(Fleet::PERSON)),
        "{ended}"
    );
}

async fn a_plan_of_a_consent_holds_for_its_reconnect(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (page, ids) = (stage.page().await, stage.fleet.ids());
    let consent = page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    let (_, preview) = page.preview(&consent, &ids).await;
    let order = |consent: &str| {
        json!({
            "consent_id": consent, "plan_id": preview["plan_id"], "asset_ids": ids,
            "wait_seconds": 60,
        })
    };
    let other = page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    let (status, problem) = page.post("/v1/reconnects", &order(&other)).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (409, "plan_outdated"),
        "another log-in has another token"
    );
    assert_eq!(
        page.get(OF_SESSION).await.1["consent_id"],
        json!(other),
        "a reconnect that is not accepted uses nothing up"
    );
    let (_, preview) = page.preview(&other, &ids).await;
    let order = json!({
        "consent_id": other, "plan_id": preview["plan_id"], "asset_ids": ids, "wait_seconds": 60,
    });
    assert_eq!(page.post("/v1/reconnects", &order).await.0, 200);
}

async fn a_consent_says_which_permissions_were_declined(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let settings = json!({ "login_scopes": ["pages_manage_posts", "user_photos", "ads_read"] });
    let (status, app) = stage.owner.patch(&format!("/apps/{APP}"), &settings).await;
    assert_eq!(
        (status, &app["login_scopes"]),
        (
            200,
            &json!(["ads_read", "pages_manage_posts", "user_photos"])
        )
    );
    let login = json!({
        "person": Fleet::MANAGED, "app": APP, "redirect_uri": PAGE_URL, "scopes": ["ads_read", "email"],
    });
    let (_, given) = stage
        .page()
        .await
        .post(OF_SESSION, &by_code(&stage.code_of(login).await))
        .await;
    assert_eq!(
        given["missing_scopes"],
        json!([
            "business_management",
            "catalog_management",
            "pages_manage_posts",
            "pages_show_list"
        ]),
        "what the assets need and the app asks for; a managed account has no `user_` permission: {given}"
    );
}

const PAGE_URL: &str = super::PAGE;

async fn a_repeated_reconnect_on_a_consent_is_the_same_reconnect(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let consent = page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    let order = json!({
        "consent_id": consent, "asset_ids": stage.fleet.ids(), "wait_seconds": 60,
    });
    let send = async || {
        let call = page.call(Method::POST, "/v1/reconnects").json(&order);
        answer(call.header("Idempotency-Key", "confirm-1")).await
    };
    let (first, second) = (send().await, send().await);
    assert_eq!((first.0, second.0), (200, 200), "{}", second.1);
    assert_eq!(first.1["id"], second.1["id"]);
}
