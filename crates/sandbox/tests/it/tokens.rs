//! Tokens: exchange, expiry, revocation and `debug_token`.

use chrono::Duration;
use reqwest::Method;
use serde_json::json;

use crate::bench::{APP, BUSINESS, Bench, MANAGED, PAGE, PERSON, STRICT_APP, error_codes};

const SYSTEM_USER: &str = "110000000000001";

fn exchange(token: &str, more: &str) -> String {
    let (id, secret) = APP;
    format!(
        "v26.0/oauth/access_token?grant_type=fb_exchange_token&client_id={id}&client_secret={secret}\
         &fb_exchange_token={token}{more}"
    )
}

#[tokio::test]
async fn a_short_lived_token_is_exchanged_while_it_is_valid() {
    let bench = Bench::start().await;
    let short = bench
        .issue_token(json!({"person": PERSON, "app": APP.0, "short_lived": true}))
        .await;
    assert!(bench.debug_token(&short).await.get("issued_at").is_none());
    let (_, long) = bench.get(&exchange(&short, "")).await;
    assert_eq!(
        (long["token_type"].as_str(), long["expires_in"].as_i64()),
        (Some("bearer"), Some(5_184_000))
    );
    assert_ne!(long["access_token"], short.as_str());
    bench.clock.advance(Duration::hours(2));
    assert_eq!(
        error_codes(&bench.get(&exchange(&short, "")).await.1),
        (190, Some(463))
    );
    assert_eq!(
        bench
            .read(long["access_token"].as_str().unwrap(), "me")
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_wrong_secret_and_a_foreign_token_are_not_exchanged() {
    let bench = Bench::start().await;
    let foreign = bench
        .issue_token(json!({"person": PERSON, "app": STRICT_APP.0}))
        .await;
    assert_eq!(
        error_codes(&bench.get(&exchange(&foreign, "")).await.1),
        (100, None)
    );
    let wrong = exchange(&foreign, "").replace(APP.1, STRICT_APP.1);
    assert_eq!(
        bench.get(&wrong).await.1["error"]["message"],
        "Error validating client secret."
    );
}

#[tokio::test]
async fn a_page_token_outlives_the_date_of_a_long_token_only() {
    let bench = Bench::start().await;
    let long = bench.person_token().await;
    let short = bench
        .issue_token(json!({"person": PERSON, "app": APP.0, "short_lived": true}))
        .await;
    let (lasting, passing) = (
        bench.page_token(&long).await,
        bench.page_token(&short).await,
    );
    assert_eq!(bench.debug_token(&lasting).await["expires_at"], 0);
    bench.clock.advance(Duration::days(61));
    assert_eq!(
        bench.read(&lasting, "me?fields=id,name").await.1["id"],
        PAGE
    );
    assert_eq!(
        error_codes(&bench.read(&passing, "me").await.1),
        (190, Some(463))
    );
    bench.clock.advance(Duration::days(30));
    assert_eq!(
        error_codes(&bench.read(&lasting, "me").await.1),
        (190, Some(493))
    );
    assert_eq!(bench.debug_token(&lasting).await["is_valid"], true);
}

#[tokio::test]
async fn acts_of_a_person_end_user_and_page_tokens() {
    let bench = Bench::start().await;
    for (control, body, subcode) in [
        ("password-change", json!({}), 460),
        ("deauthorize", json!({"app": APP.0}), 458),
    ] {
        let user = bench.person_token().await;
        let page = bench.page_token(&user).await;
        assert_eq!(
            bench
                .post_control(&format!("persons/{PERSON}/{control}"), body)
                .await
                .0,
            200
        );
        for token in [&user, &page] {
            assert_eq!(
                error_codes(&bench.read(token, "me").await.1),
                (190, Some(subcode))
            );
            let facts = bench.debug_token(token).await;
            assert_eq!(
                (&facts["is_valid"], &facts["error"]["subcode"]),
                (&json!(false), &json!(subcode))
            );
            assert!(facts["error"].get("type").is_none());
        }
    }
}

#[tokio::test]
async fn a_person_removes_the_app_through_graph() {
    let bench = Bench::start().await;
    let user = bench.person_token().await;
    let scopes = bench.read(&user, "me/permissions").await.1;
    assert_eq!(
        scopes["data"][0],
        json!({"permission": "public_profile", "status": "granted"})
    );
    let target = format!("v26.0/{PERSON}/permissions");
    let form = [("access_token", user.as_str())];
    let one = bench
        .send(Method::DELETE, &format!("{target}/email"), &form)
        .await;
    assert_eq!(one.1, json!({"success": true}));
    assert_eq!(
        bench.send(Method::DELETE, &target, &form).await.1,
        json!({"success": true})
    );
    assert_eq!(
        error_codes(&bench.read(&user, "me").await.1),
        (190, Some(458))
    );
}

#[tokio::test]
async fn debug_token_checks_the_caller_and_handles_unreadable_tokens() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let (status, body) = bench
        .read(&token, &format!("debug_token?input_token={token}"))
        .await;
    assert_eq!((status, error_codes(&body)), (400, (100, None)));
    let unread = bench.debug_token("nonsense").await;
    assert_eq!(
        (&unread["is_valid"], &unread["scopes"]),
        (&json!(false), &json!([]))
    );
    assert!(unread.get("app_id").is_none() && unread["error"]["code"] == 190);
    let strict = format!(
        "debug_token?input_token={token}&access_token={}|{}",
        STRICT_APP.0, STRICT_APP.1
    );
    let (status, body) = bench.get(&strict).await;
    assert_eq!((status, error_codes(&body)), (400, (100, None)));
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("did not match the Viewing App")
    );
    let post = [
        ("input_token", token.as_str()),
        ("access_token", token.as_str()),
    ];
    assert_ne!(bench.send(Method::POST, "debug_token", &post).await.0, 200);
}

#[tokio::test]
async fn system_user_tokens_are_minted_refreshed_and_revoked() {
    let bench = Bench::start().await;
    let control = json!({"system_user": SYSTEM_USER, "app": APP.0, "expires_in_60_days": true});
    let dated = bench.issue_token(control).await;
    let facts = bench.debug_token(&dated).await;
    assert_eq!(
        (
            facts["type"].as_str(),
            facts["data_access_expires_at"].as_i64()
        ),
        (Some("SYSTEM_USER"), Some(0))
    );
    bench.clock.advance(Duration::days(50));
    let (_, fresh) = bench
        .get(&exchange(&dated, "&set_token_expires_in_60_days=true"))
        .await;
    let fresh = fresh["access_token"].as_str().unwrap().to_owned();
    bench.clock.advance(Duration::days(11));
    assert_eq!(
        error_codes(&bench.read(&dated, BUSINESS).await.1),
        (190, Some(463))
    );
    assert_eq!(bench.read(&fresh, BUSINESS).await.0, 200);
    let (id, secret) = APP;
    let target = format!(
        "v26.0/oauth/revoke?client_id={id}&client_secret={secret}&revoke_token={fresh}&access_token={id}|{secret}"
    );
    assert_eq!(bench.get(&target).await.1, json!({"success": true}));
    assert_eq!(
        error_codes(&bench.read(&fresh, BUSINESS).await.1),
        (190, Some(466))
    );
}

#[tokio::test]
async fn leaving_a_business_loses_its_pages_but_not_the_token() {
    let bench = Bench::start().await;
    let user = bench.person_token().await;
    let page = bench.page_token(&user).await;
    assert_eq!(
        bench
            .post_control(
                &format!("persons/{PERSON}/leave"),
                json!({"business": BUSINESS})
            )
            .await
            .0,
        200
    );
    assert_eq!(
        error_codes(&bench.read(&page, &format!("{PAGE}?fields=tasks")).await.1),
        (190, Some(492))
    );
    assert_eq!(bench.read(&user, "me").await.0, 200);
}

#[tokio::test]
async fn without_a_token_the_error_depends_on_the_call() {
    let bench = Bench::start().await;
    assert_eq!(error_codes(&bench.get("v26.0/me").await.1), (2500, None));
    assert_eq!(
        error_codes(&bench.get(&format!("v26.0/{PAGE}")).await.1),
        (104, None)
    );
}

#[tokio::test]
async fn a_managed_account_grants_no_permission_of_a_user() {
    let bench = Bench::start().await;
    let asked = json!(["user_friends", "user_posts", "ads_read"]);
    for (person, granted) in [(PERSON, 3), (MANAGED, 1)] {
        let login = json!({"person": person, "app": APP.0, "scopes": asked});
        let token = bench.issue_token(login).await;
        let (_, permissions) = bench.read(&token, "me/permissions").await;
        assert_eq!(
            permissions["data"].as_array().unwrap().len(),
            granted,
            "{permissions}"
        );
    }
}
