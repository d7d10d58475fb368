//! A migration from its start to its completion.

use chrono::Duration;
use regrant_sandbox::World;
use serde_json::json;

use crate::bench::{AD_ACCOUNT, APP, BUSINESS, Bench, CATALOG, MANAGED, PAGE, PERSON, error_codes};

const FIELDS: &str = "fields=id,tasks,access_token,user_access_expire_time";

async fn begin(bench: &Bench) -> (String, String) {
    let control = json!({"person": PERSON, "business": BUSINESS, "new_person": MANAGED});
    let (status, migration) = bench.post_control("migrations", control).await;
    assert_eq!(status, 200, "{migration}");
    let text = |name: &str| migration[name].as_str().unwrap().to_owned();
    (text("id"), text("cut_off"))
}

#[tokio::test]
async fn the_old_account_sees_its_cut_off_and_loses_access_then() {
    let bench = Bench::start().await;
    let (old, new) = (
        bench.person_token().await,
        bench
            .issue_token(json!({"person": MANAGED, "app": APP.0}))
            .await,
    );
    let page_token = bench.page_token(&old).await;
    let (_, cut_off) = begin(&bench).await;
    for asset in [PAGE, AD_ACCOUNT, CATALOG, BUSINESS] {
        let (_, node) = bench
            .read(&old, &format!("{asset}?fields=user_access_expire_time"))
            .await;
        assert_eq!(node["user_access_expire_time"], cut_off.as_str());
        assert_ne!(
            bench
                .read(&new, &format!("{asset}?fields=user_access_expire_time"))
                .await
                .0,
            200
        );
    }
    let (_, elsewhere) = bench.read(&old, &format!("300000000020001?{FIELDS}")).await;
    assert!(
        elsewhere["access_token"].is_string() && elsewhere.get("user_access_expire_time").is_none()
    );
    bench.clock.advance(Duration::days(30));
    for token in [&old, &page_token] {
        let (status, body) = bench.read(token, &format!("{PAGE}?{FIELDS}")).await;
        assert_eq!((status, error_codes(&body)), (400, (100, None)));
        let text = body["error"]["message"].as_str().unwrap();
        assert!(text.starts_with(
            "(#100) Object does not exist, cannot be loaded due to missing permission"
        ));
    }
    assert_eq!(
        bench
            .read(&old, &format!("300000000020001?{FIELDS}"))
            .await
            .0,
        200
    );
    assert_eq!(bench.read(&old, "me").await.0, 200);
}

#[tokio::test]
async fn the_managed_account_has_access_from_completion_on() {
    let bench = Bench::start().await;
    let new = bench
        .issue_token(json!({"person": MANAGED, "app": APP.0}))
        .await;
    let (id, _) = begin(&bench).await;
    assert_eq!(
        bench.read(&new, "me?fields=is_work_account").await.1["is_work_account"],
        true
    );
    assert_eq!(bench.read(&new, "me/accounts").await.1["data"], json!([]));
    let (_, done) = bench
        .post_control(&format!("migrations/{id}/complete"), json!({}))
        .await;
    assert_eq!(done["status"], "completed");
    let (_, page) = bench.read(&new, &format!("{PAGE}?{FIELDS}")).await;
    assert!(page["access_token"].is_string() && page.get("user_access_expire_time").is_none());
    assert_ne!(
        bench
            .read(&new, &format!("300000000020001?{FIELDS}"))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn an_extension_moves_the_cut_off() {
    let bench = Bench::start().await;
    let old = bench.person_token().await;
    let (id, _) = begin(&bench).await;
    bench.clock.advance(Duration::days(31));
    assert_ne!(bench.read(&old, AD_ACCOUNT).await.0, 200);
    let later = (bench.clock.now() + Duration::days(10))
        .format("%Y-%m-%dT%H:%M:%S+00:00")
        .to_string();
    let (_, extended) = bench
        .post_control(
            &format!("migrations/{id}/extend"),
            json!({"cut_off": later}),
        )
        .await;
    assert_eq!(extended["status"], "running");
    let (_, node) = bench
        .read(
            &old,
            &format!("{AD_ACCOUNT}?fields=user_access_expire_time"),
        )
        .await;
    assert_eq!(node["user_access_expire_time"], later);
}

#[tokio::test]
async fn an_unassigned_asset_shows_no_cut_off_and_still_ends() {
    let world = World::from_yaml(
        r#"
apps: [{id: "400100200300499", secret: fedcba9876543210fedcba9876543210, name: App}]
businesses: [{id: "200000000000001", name: One}]
persons:
  - {id: "100000000000001", name: Old, roles: [{business: "200000000000001", explicit: false}]}
  - {id: "100000000000002", name: New, is_work_account: true}
assets: [{id: "300000000010001", kind: page, business: "200000000000001", name: Page}]
"#,
    );
    let bench = Bench::start_with(world.unwrap()).await;
    let old = bench.person_token().await;
    begin(&bench).await;
    let (_, page) = bench
        .read(&old, &format!("{PAGE}?fields=user_access_expire_time"))
        .await;
    assert_eq!(page, json!({"id": PAGE}));
    bench.clock.advance(Duration::days(30));
    assert_eq!(error_codes(&bench.read(&old, PAGE).await.1), (100, None));
}
