//! Edges and their paging.

use serde_json::{Value, json};

use crate::bench::{APP, BUSINESS, Bench, PAGE, PERSON, error_codes};

async fn walk(bench: &Bench, token: &str, edge: &str) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let (status, body) = bench.read(token, &format!("{edge}&after={after}")).await;
        assert_eq!(status, 200, "{body}");
        ids.extend(
            body["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["id"].as_str().unwrap().to_owned()),
        );
        match body["paging"].get("next").and_then(Value::as_str) {
            Some(next) => assert!(
                next.contains(token),
                "as in Graph, the URL contains the token"
            ),
            None => return ids,
        }
        body["paging"]["cursors"]["after"]
            .as_str()
            .unwrap()
            .clone_into(&mut after);
    }
}

#[tokio::test]
async fn every_asset_is_listed_once() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let edges = [
        ("me/accounts?limit=20", 56),
        ("me/adaccounts?limit=9", 32),
        ("me/businesses?limit=1", 4),
        (&format!("{BUSINESS}/owned_pages?limit=13"), 14),
        (&format!("{BUSINESS}/owned_product_catalogs?"), 2),
        (&format!("{BUSINESS}/owned_whatsapp_business_accounts?"), 1),
        (&format!("{BUSINESS}/client_pages?"), 0),
    ];
    for (edge, count) in edges {
        let mut ids = walk(&bench, &token, edge).await;
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{edge}");
    }
}

#[tokio::test]
async fn a_list_goes_back_and_counts() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let (_, first) = bench
        .read(&token, "me/accounts?limit=3&fields=id&summary=true")
        .await;
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let (_, second) = bench
        .read(
            &token,
            &format!("me/accounts?limit=3&fields=id&after={after}"),
        )
        .await;
    let before = second["paging"]["cursors"]["before"].as_str().unwrap();
    let (_, back) = bench
        .read(
            &token,
            &format!("me/accounts?limit=3&fields=id&before={before}"),
        )
        .await;
    assert_eq!(
        (&back["data"], first["summary"]["total_count"].as_u64()),
        (&first["data"], Some(56))
    );
    assert!(
        second["paging"].get("previous").is_some() && first["paging"].get("previous").is_none()
    );
    assert_eq!(
        bench.read(&token, "me/accounts?after=nonsense").await.0,
        400
    );
}

#[tokio::test]
async fn a_page_before_a_row_ends_before_it() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let read = async |query: String| {
        let edge = format!("me/accounts?fields=id&{query}");
        bench.read(&token, &edge).await.1
    };
    let first = read("limit=2".to_owned()).await;
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let second = read(format!("limit=2&after={after}")).await;
    let before = second["paging"]["cursors"]["before"].as_str().unwrap();
    let back = read(format!("limit=5&before={before}")).await;
    assert_eq!(back["data"], first["data"]);
    assert!(back["paging"].get("next").is_some());
    let before = first["paging"]["cursors"]["before"].as_str().unwrap();
    let nothing = read(format!("limit=5&before={before}")).await;
    assert_eq!(nothing, json!({"data": []}));
}

#[tokio::test]
async fn fields_can_name_edges() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let (_, me) = bench
        .read(
            &token,
            "me?fields=id,accounts.limit(2){id,name},permissions",
        )
        .await;
    assert_eq!(me["id"], PERSON);
    let pages = me["accounts"]["data"].as_array().unwrap();
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[0], json!({"id": PAGE, "name": "Page 1-1"}));
    assert_eq!(me["permissions"]["data"][0]["status"], "granted");
    let after = me["accounts"]["paging"]["cursors"]["after"]
        .as_str()
        .unwrap();
    let next = format!("me?fields=accounts.limit(2).after({after}){{id}}");
    let (_, me) = bench.read(&token, &next).await;
    assert_ne!(me["accounts"]["data"][0]["id"], PAGE);
}

#[tokio::test]
async fn edges_are_expanded_within_edges() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let (_, me) = bench
        .read(
            &token,
            "me?fields=businesses{name,owned_pages.limit(1){id}}",
        )
        .await;
    let first = &me["businesses"]["data"][0];
    assert_eq!(first["name"], "Business One");
    assert_eq!(first["owned_pages"]["data"], json!([{"id": PAGE}]));
}

#[tokio::test]
async fn an_edge_without_rows_is_left_out() {
    let bench = Bench::start().await;
    let managed = json!({"person": crate::bench::MANAGED, "app": APP.0});
    let token = bench.issue_token(managed).await;
    let (_, me) = bench.read(&token, "me?fields=id,accounts{id}").await;
    assert_eq!(me, json!({"id": crate::bench::MANAGED}));
}

#[tokio::test]
async fn an_edge_that_the_token_may_not_read_is_refused_in_fields_too() {
    let bench = Bench::start().await;
    let few = json!({"person": PERSON, "app": APP.0, "scopes": ["ads_read"]});
    let token = bench.issue_token(few).await;
    let (status, body) = bench.read(&token, "me?fields=id,accounts{id}").await;
    assert_eq!((status, error_codes(&body)), (403, (200, None)));
}

#[tokio::test]
async fn instagram_accounts_hang_on_pages() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let (_, page) = bench
        .read(&token, &format!("{PAGE}?fields=instagram_business_account"))
        .await;
    assert_eq!(
        page["instagram_business_account"]["id"],
        "17841400000010001"
    );
}
