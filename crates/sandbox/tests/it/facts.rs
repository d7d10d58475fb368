//! Facts that rules change in the answers of the sandbox, and facts about objects.

use serde_json::{Value, json};

use crate::bench::{AD_ACCOUNT, APP, Bench, PAGE, PERSON, STRICT_APP, error_codes, item_body};

const INSTAGRAM: &str = "17841400000010001";

async fn add_fault(bench: &Bench, rule: Value) {
    let (status, body) = bench.post_control("faults", rule).await;
    assert_eq!(status, 200, "{body}");
}

fn exchange_of(token: &str) -> String {
    format!(
        "oauth/access_token?grant_type=fb_exchange_token&client_id={}&client_secret={}&fb_exchange_token={token}",
        APP.0, APP.1
    )
}

#[tokio::test]
async fn facts_of_an_inspection_are_overridden_and_removed() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let error = json!({"code": 190, "message": "Mismatch", "subcode": 452});
    let debug = json!({"is_valid": false, "type": "PAGE", "app_id": null, "user_id": null, "expires_at": 0, "error": error});
    add_fault(
        &bench,
        json!({"match": {"input_person": PERSON}, "effect": {"debug": debug}}),
    )
    .await;
    let data = bench.debug_token(&token).await;
    assert_eq!(
        (
            &data["is_valid"],
            &data["type"],
            &data["expires_at"],
            &data["error"]
        ),
        (&json!(false), &json!("PAGE"), &json!(0), &error)
    );
    assert!(data.get("app_id").is_none() && data.get("user_id").is_none());
    assert!(
        data["scopes"].as_array().unwrap().len() > 1,
        "the others stay"
    );
    assert_eq!(
        bench.read(&token, "me").await.0,
        200,
        "the token itself is as it was"
    );
}

#[tokio::test]
async fn an_inspection_in_a_batch_is_changed_too() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    add_fault(
        &bench,
        json!({"effect": {"debug": {"scopes": ["email"], "granular_scopes": null}}}),
    )
    .await;
    let items =
        json!([{"method": "GET", "relative_url": format!("debug_token?input_token={token}")}]);
    let (_, batch) = bench.batch(&format!("{}|{}", APP.0, APP.1), &items).await;
    let data = item_body(&batch[0])["data"].clone();
    assert_eq!(data["scopes"], json!(["email"]));
    assert!(data.get("granular_scopes").is_none());
}

#[tokio::test]
async fn fields_of_a_node_are_overridden_and_removed_where_they_are_asked() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let end = "2030-01-02T03:04:05+00:00";
    let fields =
        json!({"user_access_expire_time": end, "access_token": null, "is_published": false});
    add_fault(
        &bench,
        json!({"match": {"asset": PAGE}, "effect": {"fields": fields}}),
    )
    .await;
    let asked = format!("{PAGE}?fields=id,user_access_expire_time,access_token,tasks");
    let (_, page) = bench.read(&token, &asked).await;
    assert_eq!(page["user_access_expire_time"], end);
    assert!(page.get("access_token").is_none(), "{page}");
    assert!(
        page.get("is_published").is_none(),
        "the call did not ask for it: {page}"
    );
    assert!(page["tasks"].is_array(), "{page}");
}

#[tokio::test]
async fn a_field_that_its_type_lacks_stays_an_error() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let fields = json!({"user_access_expire_time": "2030-01-02T03:04:05+00:00"});
    add_fault(&bench, json!({"effect": {"fields": fields}})).await;
    let (_, body) = bench
        .read(
            &token,
            &format!("{INSTAGRAM}?fields=user_access_expire_time"),
        )
        .await;
    assert_eq!(error_codes(&body), (100, None));
}

#[tokio::test]
async fn fields_of_me_are_overridden() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    add_fault(
        &bench,
        json!({"match": {"path": "me"}, "effect": {"fields": {"is_work_account": true}}}),
    )
    .await;
    let (_, me) = bench.read(&token, "me?fields=id,is_work_account").await;
    assert_eq!(me, json!({"id": PERSON, "is_work_account": true}));
}

#[tokio::test]
async fn an_exchange_can_answer_with_the_same_token() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    bench.post_control("clock", json!({"advance": "51d"})).await;
    add_fault(
        &bench,
        json!({"match": {"path": "oauth/access_token"}, "effect": {"exchange": "same_token"}}),
    )
    .await;
    let (_, answer) = bench.get(&exchange_of(&token)).await;
    assert_eq!(answer["access_token"], token.as_str());
    let left = answer["expires_in"].as_i64().unwrap();
    assert!((left - 9 * 86_400).abs() <= 60, "{left}");
}

#[tokio::test]
async fn an_exchange_can_answer_with_another_token_of_the_same_end() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    bench.post_control("clock", json!({"advance": "50d"})).await;
    add_fault(
        &bench,
        json!({"effect": {"exchange": "same_end"}, "times": 1}),
    )
    .await;
    let (_, answer) = bench.get(&exchange_of(&token)).await;
    let other = answer["access_token"].as_str().unwrap();
    assert_ne!(other, token);
    let end = bench.debug_token(&token).await["expires_at"].clone();
    assert_eq!(bench.debug_token(other).await["expires_at"], end);
    let (_, usual) = bench.get(&exchange_of(&token)).await;
    assert_eq!(usual["expires_in"], 5_184_000, "the rule is used up");
}

#[tokio::test]
async fn the_status_of_an_ad_account_is_the_same_for_persons_and_system_users() {
    let bench = Bench::start().await;
    let person = bench.person_token().await;
    let system_user = bench
        .issue_token(json!({"system_user": "110000000000001", "app": APP.0}))
        .await;
    let change = json!({"account_status": 2, "disable_reason": 1});
    let (status, answer) = bench
        .post_control(&format!("assets/{AD_ACCOUNT}"), change)
        .await;
    assert_eq!((status, &answer["account_status"]), (200, &json!(2)));
    for token in [&person, &system_user] {
        let (_, node) = bench
            .read(
                token,
                &format!("{AD_ACCOUNT}?fields=account_status,disable_reason"),
            )
            .await;
        assert_eq!(
            node,
            json!({"id": AD_ACCOUNT, "account_status": 2, "disable_reason": 1})
        );
    }
}

#[tokio::test]
async fn the_publication_of_a_page_is_the_same_for_every_kind_of_token() {
    let bench = Bench::start().await;
    let person = bench.person_token().await;
    let page = bench.page_token(&person).await;
    let system_user = bench
        .issue_token(json!({"system_user": "110000000000001", "app": APP.0}))
        .await;
    for published in [false, true] {
        bench
            .post_control(
                &format!("assets/{PAGE}"),
                json!({"is_published": published}),
            )
            .await;
        for token in [&person, &page, &system_user] {
            let (_, node) = bench
                .read(token, &format!("{PAGE}?fields=is_published"))
                .await;
            assert_eq!(node["is_published"], published, "{node}");
        }
    }
}

#[tokio::test]
async fn an_asset_has_the_facts_of_its_kind_only() {
    let bench = Bench::start().await;
    for (asset, change, field) in [
        (PAGE, json!({"account_status": 2}), "account_status"),
        (AD_ACCOUNT, json!({"is_published": false}), "is_published"),
        (PAGE, json!({}), "account_status"),
    ] {
        let (status, body) = bench.post_control(&format!("assets/{asset}"), change).await;
        assert_eq!((status, &body["error"]["field"]), (400, &json!(field)));
    }
    assert_eq!(
        bench
            .post_control("assets/7", json!({"is_published": true}))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn a_token_is_inspected_inside_a_batch() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let strict = bench
        .issue_token(json!({"person": PERSON, "app": STRICT_APP.0}))
        .await;
    let app = format!("{}|{}", APP.0, APP.1);
    let inspect = |token: &str| format!("debug_token?input_token={token}");
    let own = |token: &str| format!("{}&access_token={}%7C{}", inspect(token), APP.0, APP.1);
    let items = json!([
        {"method": "GET", "relative_url": own(&token)},
        {"method": "GET", "relative_url": inspect(&token)},
        {"method": "GET", "relative_url": own(&strict)},
        {"method": "GET", "relative_url": own("nonsense")},
    ]);
    let (_, batch) = bench.batch(&app, &items).await;
    let data = |at: usize| item_body(&batch[at])["data"].clone();
    assert_eq!(
        (&data(0)["user_id"], &data(0)["is_valid"]),
        (&json!(PERSON), &json!(true))
    );
    assert_eq!(data(1), data(0), "the token of the batch inspects as well");
    assert_eq!(error_codes(&item_body(&batch[2])), (100, None));
    assert_eq!(data(3)["is_valid"], false);
}
