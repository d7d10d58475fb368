//! What a page sees of its session: each asset, in pages and in its language.

use std::collections::BTreeSet;

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Stage, answer};
use crate::harness::{Fleet, business, on_both};

on_both!(
    a_page_sees_the_state_of_each_of_its_assets,
    a_page_reads_its_assets_page_by_page,
    a_page_reads_sentences_in_its_language,
);

const CURRENT: &str = "/v1/reconnect-sessions/current";

async fn a_page_sees_the_state_of_each_of_its_assets(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let named = json!({ "id": business(1), "kind": "business", "name": "Bakery" });
    stage.tenant.register(&[named]).await;
    let token = stage.token(Fleet::PERSON).await;
    stage.tenant.reconnect(&token, &ids[1..2]).await;
    let page = stage.page().await;
    let (status, current) = page.get(CURRENT).await;
    assert_eq!(status, 200, "{current}");
    let assets = current["assets"].as_array().expect("assets");
    let asset = |id: &str| assets.iter().find(|it| it["id"] == id).expect("it");
    let (bare, served) = (asset(&ids[0]), asset(&ids[1]));
    assert_eq!(served["business_id"], business(1), "{served}");
    assert_eq!(served["business_name"], "Bakery", "{served}");
    assert_eq!(served["person_id"], Fleet::PERSON, "{served}");
    assert_eq!(served["person_name"], "Person", "{served}");
    assert_eq!(served["reason"]["heals"], "nobody", "{served}");
    assert!(served["token_since"].is_string(), "{served}");
    assert_eq!(bare["token_since"], Value::Null, "{bare}");
    assert!(served["since"].is_string() && served["ending"]["confidence"].is_string());
    assert_eq!(
        (&bare["state"], &bare["who"]),
        (&json!("disconnected"), &json!("person"))
    );
    assert_eq!(bare["reason"]["next_step_code"], "replace_first", "{bare}");
    assert_eq!(bare["reason"]["heals"], "reconnect", "{bare}");
    assert_eq!(bare["person_name"], Value::Null, "{bare}");
}

async fn a_page_reads_its_assets_page_by_page(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let page = stage.open(json!({ "asset_ids": ids })).await;
    let (mut seen, mut path) = (BTreeSet::new(), format!("{CURRENT}?limit=2"));
    for expected in [2, 2, 1] {
        let (status, current) = page.get(&path).await;
        assert_eq!(status, 200, "{current}");
        let assets = current["assets"].as_array().expect("assets");
        assert_eq!(assets.len(), expected, "{current}");
        seen.extend(assets.iter().map(|it| it["id"].to_string()));
        let is_last = seen.len() == ids.len();
        assert_eq!(current["has_more"], json!(!is_last), "{current}");
        let cursor = current["next_cursor"].as_str().unwrap_or_default();
        path = format!("{CURRENT}?limit=2&cursor={cursor}");
    }
    assert_eq!(seen.len(), 5);
    for query in ["limit=201", "limit=0", "cursor=x"] {
        assert_eq!(
            page.get(&format!("{CURRENT}?{query}")).await.0,
            422,
            "{query}"
        );
    }
}

async fn a_page_reads_sentences_in_its_language(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let read = async |language: &str| {
        let call = page.call(Method::GET, CURRENT);
        let (_, current) = answer(call.header("Accept-Language", language)).await;
        current["assets"][0]["reason"].clone()
    };
    let (english, german) = (read("fr,en").await, read("de-DE,de;q=0.9").await);
    assert_eq!(english["code"], german["code"]);
    assert_eq!(english["next_step_code"], german["next_step_code"]);
    assert_eq!(english["detail"], "No token is stored for this asset.");
    assert_eq!(
        german["detail"],
        "Für dieses Asset ist kein Token gespeichert."
    );
    assert_ne!(english["next_step"], german["next_step"]);
}
