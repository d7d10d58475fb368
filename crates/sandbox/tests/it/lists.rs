//! Edges and their paging.

use serde_json::Value;

use crate::bench::{BUSINESS, Bench};

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
