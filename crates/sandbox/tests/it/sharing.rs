//! Business-to-business sharing and system users.

use chrono::Duration;
use regrant_sandbox::World;
use reqwest::Method;
use serde_json::json;

use crate::bench::{AD_ACCOUNT, APP, BUSINESS, Bench, MANAGED, PAGE, PERSON, error_codes};

const NINE: (&str, &str) = ("100000000000009", "200000000000009");
const SYSTEM_USER: &str = "110000000000001";

#[tokio::test]
async fn a_share_outlives_the_migration_of_its_creator() {
    let bench = Bench::start().await;
    let owner = bench.person_token().await;
    let partner = bench
        .issue_token(json!({"person": NINE.0, "app": APP.0}))
        .await;
    let form = [
        ("access_token", owner.as_str()),
        ("business", NINE.1),
        ("permitted_tasks", r#"["ANALYZE"]"#),
    ];
    let (_, made) = bench
        .send(Method::POST, &format!("v26.0/{AD_ACCOUNT}/agencies"), &form)
        .await;
    assert_eq!(made, json!({"success": true}));
    let control = json!({"person": PERSON, "business": BUSINESS, "new_person": MANAGED});
    bench.post_control("migrations", control).await;
    bench.clock.advance(Duration::days(40));
    assert_ne!(bench.read(&owner, AD_ACCOUNT).await.0, 200);
    assert_eq!(
        bench
            .read(&partner, &format!("{AD_ACCOUNT}?fields=user_tasks"))
            .await
            .1["user_tasks"],
        json!(["ANALYZE"])
    );
    let (_, clients) = bench.read(&partner, &format!("{}/clients", NINE.1)).await;
    assert_eq!(
        clients["data"][0]["ad_account_permissions"][0]["access_status"],
        "CONFIRMED"
    );
    let (_, listed) = bench
        .read(&partner, &format!("{}/client_ad_accounts", NINE.1))
        .await;
    assert_eq!(listed["data"][0]["id"], AD_ACCOUNT);
    let (_, listed) = bench
        .read(
            &partner,
            &format!("{}/client_ad_accounts?fields=permitted_tasks", NINE.1),
        )
        .await;
    assert_eq!(listed["data"][0]["permitted_tasks"], json!(["ANALYZE"]));
}

#[tokio::test]
async fn pages_are_shared_with_page_tokens() {
    let bench = Bench::start().await;
    let owner = bench.person_token().await;
    let page = bench.page_token(&owner).await;
    let target = format!("v26.0/{PAGE}/agencies");
    let form = |token| [("access_token", token), ("business", NINE.1)];
    assert_eq!(
        error_codes(&bench.send(Method::POST, &target, &form(&owner)).await.1),
        (190, Some(2_069_032))
    );
    assert_eq!(bench.send(Method::POST, &target, &form(&page)).await.0, 200);
    let (_, agencies) = bench.read(&owner, &format!("{PAGE}/agencies")).await;
    assert_eq!(agencies["data"][0]["id"], NINE.1);
    assert_eq!(
        bench.send(Method::DELETE, &target, &form(&page)).await.1,
        json!({"success": true})
    );
    assert_eq!(
        bench.read(&owner, &format!("{PAGE}/agencies")).await.1["data"],
        json!([])
    );
}

#[tokio::test]
async fn a_partner_shares_no_page_that_it_does_not_own() {
    let bench = Bench::start().await;
    let page = bench.page_token(&bench.person_token().await).await;
    let partner = bench
        .issue_token(json!({"person": NINE.0, "app": APP.0}))
        .await;
    let target = format!("v26.0/{PAGE}/agencies");
    let share = [("access_token", page.as_str()), ("business", NINE.1)];
    assert_eq!(bench.send(Method::POST, &target, &share).await.0, 200);
    let partners = bench.page_token(&partner).await;
    let on = [
        ("access_token", partners.as_str()),
        ("business", "200000000000002"),
    ];
    for method in [Method::POST, Method::DELETE] {
        let (_, refused) = bench.send(method, &target, &on).await;
        assert_eq!(error_codes(&refused), (200, None));
    }
    let (_, agencies) = bench.read(&page, &format!("{PAGE}/agencies")).await;
    assert_eq!(agencies["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_page_tokens_of_assigned_pages_work() {
    let bench = Bench::start().await;
    let own = bench
        .issue_token(json!({"system_user": SYSTEM_USER, "app": APP.0}))
        .await;
    for token in [own, bench.person_token().await] {
        let edge = format!("{SYSTEM_USER}/assigned_pages?fields=id,access_token");
        let (_, listed) = bench.read(&token, &edge).await;
        let first = &listed["data"][0];
        let (page, minted) = (first["id"].as_str(), first["access_token"].as_str());
        let (status, node) = bench.read(minted.unwrap(), page.unwrap()).await;
        assert_eq!((status, node["id"].as_str()), (200, page), "{node}");
    }
}

#[tokio::test]
async fn an_admin_mints_tokens_for_a_system_user() {
    let bench = Bench::start().await;
    let admin = bench.person_token().await;
    let target = format!("v26.0/{SYSTEM_USER}/access_tokens");
    let bare = [
        ("access_token", admin.as_str()),
        ("business_app", APP.0),
        ("scope", "ads_read,business_management"),
    ];
    let (_, refused) = bench.send(Method::POST, &target, &bare).await;
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("appsecret_proof")
    );
    assert_eq!(
        bench
            .read(&admin, &format!("{SYSTEM_USER}/assigned_ad_accounts"))
            .await
            .1["data"]
            .as_array()
            .unwrap()
            .len(),
        8
    );
    let stranger = bench
        .issue_token(json!({"person": NINE.0, "app": APP.0}))
        .await;
    assert_eq!(
        error_codes(
            &bench
                .read(&stranger, &format!("{SYSTEM_USER}/assigned_pages"))
                .await
                .1
        ),
        (100, Some(33))
    );
}

#[tokio::test]
async fn requests_to_act_on_behalf_are_read_and_cancelled_by_their_parties() {
    let world = World::from_yaml(
        r#"
apps: [{id: "400100200300499", secret: fedcba9876543210fedcba9876543210, name: App}]
businesses: [{id: "2", name: Two}, {id: "3", name: Three}, {id: "4", name: Four}]
persons:
  - {id: "100000000000001", name: One, roles: [{business: "2"}]}
  - {id: "100000000000009", name: Nine, roles: [{business: "4"}]}
assets: [{id: act_21, kind: ad_account, business: "2", name: Account}]
onbehalf_requests: [{id: "77", receiving_business: "2", requesting_business: "3", asset: act_21}]
"#,
    );
    let bench = Bench::start_with(world.unwrap()).await;
    let (party, stranger) = (
        bench.person_token().await,
        bench
            .issue_token(json!({"person": NINE.0, "app": APP.0}))
            .await,
    );
    assert_eq!(
        error_codes(&bench.read(&stranger, "77").await.1),
        (100, Some(33))
    );
    assert_eq!(
        bench.read(&party, "77?fields=status").await.1,
        json!({"id": "77", "status": "IN_PROGRESS"})
    );
    for edge in [
        "act_21/onbehalf_requests?status=IN_PROGRESS",
        "2/received_inprogress_onbehalf_requests",
    ] {
        assert_eq!(
            bench.read(&party, edge).await.1["data"][0]["id"],
            "77",
            "{edge}"
        );
    }
    let form = [("access_token", party.as_str())];
    assert_eq!(
        bench.send(Method::DELETE, "v26.0/77", &form).await.1,
        json!({"success": "true"})
    );
    assert_eq!(
        error_codes(&bench.read(&party, "77").await.1),
        (100, Some(33))
    );
}

#[tokio::test]
async fn a_request_for_an_asset_stays_pending() {
    let bench = Bench::start().await;
    let partner = bench
        .issue_token(json!({"person": NINE.0, "app": APP.0}))
        .await;
    let form = [
        ("access_token", partner.as_str()),
        ("page_id", PAGE),
        ("permitted_tasks", r#"["ANALYZE"]"#),
    ];
    let (_, asked) = bench
        .send(
            Method::POST,
            &format!("v26.0/{}/client_pages", NINE.1),
            &form,
        )
        .await;
    assert_eq!(asked, json!({"access_status": "CLIENT_RESPONSE_PENDING"}));
    let (_, clients) = bench.read(&partner, &format!("{}/clients", NINE.1)).await;
    assert_eq!(
        clients["data"][0]["page_permissions"][0]["access_status"],
        "CLIENT_RESPONSE_PENDING"
    );
    assert_eq!(
        bench
            .read(&partner, &format!("{}/client_pages", NINE.1))
            .await
            .1["data"],
        json!([])
    );
    assert_ne!(
        bench
            .read(&partner, &format!("{PAGE}?fields=tasks"))
            .await
            .0,
        200
    );
}
