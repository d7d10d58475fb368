//! New assets that the token of a preview reaches.

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, Options, Tenant, ids, on_both};

on_both!(
    new_assets_are_found_on_request_alone,
    a_list_that_graph_refuses_makes_the_search_incomplete,
    a_session_sees_what_it_does_not_reach_as_new,
);

struct Fresh {
    harness: Harness,
    tenant: Tenant,
    assets: Vec<Value>,
}

impl Fresh {
    /// A tenant that has the first five of 26 assets.
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(2, 12, 0);
        let mut options = Options::default();
        options.api.rates.session = 1_000;
        let harness = Harness::with(database, &fleet.world(), options).await;
        let tenant = harness.tenant("One").await;
        let assets = fleet.assets();
        tenant.register(&assets[..5]).await;
        Self {
            harness,
            tenant,
            assets,
        }
    }

    async fn preview(&self, token: &str, finds_new: bool) -> Value {
        let order = json!({
            "access_token": token, "asset_ids": ids(&self.assets[..2]), "find_new_assets": finds_new,
            "wait_seconds": 60,
        });
        let (status, preview) = self.tenant.post("/v1/reconnect-previews", &order).await;
        assert_eq!(status, 200, "{preview}");
        preview
    }

    async fn token(&self) -> String {
        self.harness.sandbox.token(Fleet::PERSON).await
    }
}

fn reachable(preview: &Value) -> Vec<String> {
    let mut found = ids_of(&preview["reachable"]);
    found.sort_unstable();
    found
}

fn ids_of(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|it| it["asset_id"].as_str().expect("an id").to_owned())
        .collect()
}

fn sorted(assets: &[Value]) -> Vec<String> {
    let mut ids = ids(assets);
    ids.sort_unstable();
    ids
}

async fn new_assets_are_found_on_request_alone(database: TestDatabase) {
    let stage = Fresh::on(database).await;
    let token = stage.token().await;
    let silent = stage.preview(&token, false).await;
    assert_eq!(
        (&silent["reachable"], &silent["reachable_complete"]),
        (&json!([]), &Value::Null)
    );
    let preview = stage.preview(&token, true).await;
    assert_eq!(preview["reachable_complete"], true, "{preview}");
    assert_eq!(reachable(&preview), sorted(&stage.assets[5..]));
    assert_eq!(preview["reachable_count"], 21);
    let ticked = ids(&stage.assets[..7]);
    let order = json!({ "person": Fleet::PERSON, "app": APP, "assets": ticked });
    let narrow = stage.harness.sandbox.token_of(order).await;
    let found = reachable(&stage.preview(&narrow, true).await);
    let pages = stage.assets.iter().filter(|it| it["kind"] == "page");
    for page in ids(&pages.cloned().collect::<Vec<_>>()) {
        let is_granted = ticked[5..].contains(&page);
        assert_eq!(
            found.contains(&page),
            is_granted,
            "a page that was not ticked: {page}"
        );
    }
}

async fn a_list_that_graph_refuses_makes_the_search_incomplete(database: TestDatabase) {
    let stage = Fresh::on(database).await;
    let error = json!({ "code": 10, "message": "Application does not have permission" });
    let fault =
        json!({ "match": { "path": "*owned_product_catalogs" }, "effect": { "error": error } });
    stage.harness.sandbox.fault(fault).await;
    let preview = stage.preview(&stage.token().await, true).await;
    assert_eq!(preview["reachable_complete"], false, "{preview}");
    assert!(!reachable(&preview).is_empty());
}

async fn a_session_sees_what_it_does_not_reach_as_new(database: TestDatabase) {
    let stage = Fresh::on(database).await;
    let order = json!({ "asset_ids": ids(&stage.assets[..2]) });
    let (status, opened) = stage.tenant.post("/v1/reconnect-sessions", &order).await;
    assert_eq!(status, 201, "{opened}");
    let page = stage
        .tenant
        .bearing(opened["token"].as_str().expect("a token"));
    let order = json!({
        "access_token": stage.token().await, "asset_ids": ids(&stage.assets[..2]),
        "find_new_assets": true, "wait_seconds": 60,
    });
    let (status, preview) = page.post("/v1/reconnect-previews", &order).await;
    assert_eq!(status, 200, "{preview}");
    assert_eq!(
        reachable(&preview),
        sorted(&stage.assets[2..]),
        "what the tenant has beyond the session is not given away"
    );
}
