//! The responses of nodes to different tokens.

use regrant_sandbox::World;
use serde_json::json;

use crate::bench::{AD_ACCOUNT, APP, BUSINESS, Bench, CATALOG, MANAGED, PAGE, PERSON, error_codes};

#[tokio::test]
async fn every_kind_responds_to_its_cheapest_probe() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let probes = [
        (PAGE, "id,user_access_expire_time,tasks,access_token"),
        (
            AD_ACCOUNT,
            "id,account_status,user_tasks,user_access_expire_time",
        ),
        (BUSINESS, "id,user_access_expire_time"),
        (CATALOG, "id,user_access_expire_time"),
        ("700000000010001", "id,user_access_expire_time"),
        ("17841400000010001", "id,username"),
        ("800000000010001", "id,name"),
    ];
    for (id, fields) in probes {
        let (status, node) = bench.read(&token, &format!("{id}?fields={fields}")).await;
        assert_eq!((status, node["id"].as_str()), (200, Some(id)), "{node}");
        assert!(
            node.get("user_access_expire_time").is_none(),
            "no cut-off is known"
        );
    }
}

#[tokio::test]
async fn fields_a_type_lacks_are_refused() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    for (id, node_type) in [
        ("17841400000010001", "IGUser"),
        ("800000000010001", "WhatsAppBusinessAccount"),
    ] {
        let (status, body) = bench
            .read(&token, &format!("{id}?fields=user_access_expire_time"))
            .await;
        assert_eq!((status, error_codes(&body)), (400, (100, None)));
        let wanted = format!(
            "(#100) Tried accessing nonexisting field (user_access_expire_time) on node type ({node_type})"
        );
        assert_eq!(body["error"]["message"], wanted);
    }
}

#[tokio::test]
async fn an_ad_account_has_no_node_under_its_bare_digits() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let (_, body) = bench
        .read(&token, AD_ACCOUNT.trim_start_matches("act_"))
        .await;
    assert_eq!(
        (error_codes(&body), body["error"]["type"].as_str()),
        ((100, Some(33)), Some("GraphMethodException"))
    );
}

#[tokio::test]
async fn a_person_without_a_role_reads_public_fields_of_a_page_only() {
    let bench = Bench::start().await;
    let token = bench
        .issue_token(json!({"person": MANAGED, "app": APP.0}))
        .await;
    assert_eq!(
        bench.read(&token, &format!("{PAGE}?fields=id")).await.0,
        200
    );
    let (_, page) = bench
        .read(&token, &format!("{PAGE}?fields=id,tasks,access_token"))
        .await;
    assert_eq!(error_codes(&page), (100, Some(33)));
    let (status, account) = bench.read(&token, AD_ACCOUNT).await;
    assert_eq!((status, error_codes(&account)), (403, (200, None)));
    assert_eq!(
        error_codes(&bench.read(&token, CATALOG).await.1),
        (100, Some(33))
    );
}

#[tokio::test]
async fn an_asset_not_selected_at_login_is_refused() {
    let bench = Bench::start().await;
    let token = bench
        .issue_token(json!({"person": PERSON, "app": APP.0, "assets": [AD_ACCOUNT]}))
        .await;
    assert_eq!(bench.read(&token, AD_ACCOUNT).await.0, 200);
    let (_, page) = bench.read(&token, PAGE).await;
    assert_eq!(error_codes(&page), (190, None));
    assert!(
        page["error"]["message"]
            .as_str()
            .unwrap()
            .contains("must be granted before impersonating")
    );
    let granular = bench.debug_token(&token).await["granular_scopes"].clone();
    let ads = granular
        .as_array()
        .unwrap()
        .iter()
        .find(|scope| scope["scope"] == "ads_read")
        .unwrap();
    assert_eq!(
        ads["target_ids"],
        json!([AD_ACCOUNT.trim_start_matches("act_")])
    );
}

#[tokio::test]
async fn tasks_decide_whether_a_page_token_is_minted() {
    let world = World::from_yaml(
        r#"
apps: [{id: "400100200300499", secret: fedcba9876543210fedcba9876543210, name: App}]
businesses: [{id: "2", name: Two}, {id: "3", name: Three, two_factor_required: true}]
persons:
  - id: "100000000000001"
    name: One
    roles:
      - {business: "2", tasks: {page: [ANALYZE]}, tasks_on: {"31": [], act_41: [ANALYZE]}, except: ["33"]}
      - {business: "3"}
generate:
  - {kind: page, business: "2", count: 3, first_id: "31", name: "Page {n}"}
  - {kind: ad_account, business: "2", count: 1, first_id: act_41, name: "Account {n}"}
  - {kind: page, business: "3", count: 1, first_id: "51", name: "Page {n}"}
"#,
    );
    let bench = Bench::start_with(world.unwrap()).await;
    let token = bench.person_token().await;
    let (_, bare) = bench.read(&token, "31?fields=tasks,access_token").await;
    assert_eq!(bare, json!({"id": "31", "tasks": []}));
    let (_, reduced) = bench.read(&token, "32?fields=tasks,access_token").await;
    assert_eq!(reduced["tasks"], json!(["ANALYZE"]));
    assert!(reduced["access_token"].is_string());
    assert_eq!(
        bench.read(&token, "act_41?fields=user_tasks").await.1["user_tasks"],
        json!(["ANALYZE"])
    );
    assert_eq!(
        error_codes(&bench.read(&token, "33?fields=tasks").await.1),
        (100, Some(33))
    );
    assert_eq!(
        error_codes(&bench.read(&token, "51?fields=tasks").await.1),
        (415, None)
    );
}

#[tokio::test]
async fn scopes_are_needed() {
    let bench = Bench::start().await;
    let token = bench
        .issue_token(json!({"person": PERSON, "app": APP.0, "scopes": ["public_profile"]}))
        .await;
    assert_eq!(
        error_codes(&bench.read(&token, &format!("{PAGE}?fields=tasks")).await.1),
        (10, None)
    );
    assert_eq!(
        bench.read(&token, BUSINESS).await.1["error"]["message"],
        "(#100) Missing permissions"
    );
    assert_eq!(
        error_codes(&bench.read(&token, AD_ACCOUNT).await.1),
        (200, None)
    );
}

#[tokio::test]
async fn the_ids_parameter_is_refused() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let (status, body) = bench.read(&token, &format!("?ids={PAGE},{CATALOG}")).await;
    assert_eq!((status, error_codes(&body)), (500, (100, None)));
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("ids query parameter is deprecated")
    );
}

#[tokio::test]
async fn headers_show_version_and_usage() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let mut last = None;
    for _ in 0..12 {
        let call = bench
            .http
            .get(bench.url(&format!("v19.0/{AD_ACCOUNT}/")))
            .bearer_auth(&token);
        last = Some(call.send().await.unwrap());
    }
    let headers = last.unwrap().headers().clone();
    assert_eq!(headers["facebook-api-version"], "v21.0");
    for name in [
        "x-fb-trace-id",
        "x-fb-rev",
        "x-fb-debug",
        "x-app-usage",
        "x-business-use-case-usage",
    ] {
        assert!(headers.contains_key(name), "{name} is missing");
    }
}
