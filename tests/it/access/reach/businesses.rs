//! The businesses of assets: which of them counts for the reach of a client, and who said so.

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{answer, confine, listed};
use crate::harness::{APP, Fleet, Harness, Tenant, business, ids, on_both, watch};

on_both!(
    a_business_that_graph_names_brings_its_assets_into_reach,
    a_probe_of_the_worker_names_the_business_of_an_imported_token,
    a_token_without_the_permission_for_businesses_works_and_proves_none,
    a_business_that_the_whole_tenant_set_stays,
    a_business_of_unknown_source_counts_for_nothing,
);

/// A tenant with one asset of each kind in each of two businesses, registered without their businesses.
async fn start(database: TestDatabase) -> (Harness, Fleet, Tenant) {
    let fleet = Fleet::new(2, 6, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let whole = harness.tenant("One").await;
    let mut assets = fleet.assets();
    for it in &mut assets {
        it["business_id"] = Value::Null;
    }
    whole.register(&assets).await;
    (harness, fleet, whole)
}

async fn reached(client: &Tenant) -> Vec<String> {
    listed(&client.get("/v1/assets").await, "id")
}

async fn a_business_that_graph_names_brings_its_assets_into_reach(database: TestDatabase) {
    let (harness, fleet, whole) = start(database).await;
    let client = confine(&harness, &whole, &[], &[&business(1)]).await;
    assert_eq!(reached(&client).await, Vec::<String>::new());
    let token = harness.sandbox.token(Fleet::PERSON).await;
    whole.reconnect(&token, &fleet.ids()).await;
    // Graph names no business of a business, nor of an Instagram account.
    let of_graph = |it: &&Value| it["kind"] != "business" && it["kind"] != "instagram_account";
    let assets = fleet.assets_of(1);
    let mut expected = ids(&assets.iter().filter(of_graph).cloned().collect::<Vec<_>>());
    expected.sort_unstable();
    assert_eq!(expected.len(), 5);
    assert_eq!(reached(&client).await, expected);
    let calendar = client.get("/v1/forecast?limit=200").await;
    assert!(
        listed(&calendar, "asset_id")
            .iter()
            .all(|it| expected.contains(it)),
        "{calendar}"
    );
    for id in expected {
        let asset = client.get(&format!("/v1/assets/{id}")).await;
        assert_eq!(
            (&asset["business_id"], &asset["business_source"]),
            (&json!(business(1)), &json!("probe"))
        );
        assert_eq!(client.status(&format!("/v1/assets/{id}/token")).await, 200);
    }
}

async fn a_probe_of_the_worker_names_the_business_of_an_imported_token(database: TestDatabase) {
    let (harness, fleet, whole) = start(database).await;
    let client = confine(&harness, &whole, &[], &[&business(2)]).await;
    let account = ids(&fleet.assets_of(2))[2].clone();
    let token = harness.sandbox.token(Fleet::PERSON).await;
    whole
        .register(&[json!({ "id": account, "kind": "ad_account", "token": token })])
        .await;
    assert_eq!(reached(&client).await, Vec::<String>::new());
    // The first pass learns whose the token is, and with which permissions.
    watch(&harness).await;
    assert_eq!(reached(&client).await, [account]);
}

async fn a_token_without_the_permission_for_businesses_works_and_proves_none(
    database: TestDatabase,
) {
    let (harness, fleet, whole) = start(database).await;
    let page = ids(&fleet.assets_of(1))[1].clone();
    let scopes = ["pages_show_list", "pages_read_engagement"];
    let wanted = json!({ "person": Fleet::PERSON, "app": APP, "scopes": scopes });
    let token = harness.sandbox.token_of(wanted).await;
    let reconnect = whole.reconnect(&token, std::slice::from_ref(&page)).await;
    assert_eq!(reconnect["items"][0]["outcome"], "replaced", "{reconnect}");
    let asset = whole.get(&format!("/v1/assets/{page}")).await;
    assert_eq!(
        (&asset["business_id"], &asset["business_source"]),
        (&Value::Null, &Value::Null)
    );
}

async fn a_business_that_the_whole_tenant_set_stays(database: TestDatabase) {
    let (harness, fleet, whole) = start(database).await;
    let page = ids(&fleet.assets_of(2))[1].clone();
    whole
        .register(&[json!({ "id": page, "kind": "page", "business_id": business(1) })])
        .await;
    let client = confine(&harness, &whole, &[], &[&business(1)]).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    whole.reconnect(&token, std::slice::from_ref(&page)).await;
    let asset = client.get(&format!("/v1/assets/{page}")).await;
    assert_eq!(
        (&asset["business_id"], &asset["business_source"]),
        (&json!(business(1)), &json!("client"))
    );
}

async fn a_business_of_unknown_source_counts_for_nothing(database: TestDatabase) {
    let (harness, fleet, whole) = start(database).await;
    let page = ids(&fleet.assets_of(2))[1].clone();
    let token = harness.sandbox.token(Fleet::PERSON).await;
    whole.reconnect(&token, std::slice::from_ref(&page)).await;
    let client = confine(&harness, &whole, &[], &[&business(1)]).await;
    // As a confined client of an earlier release left it.
    let sql = format!(
        "UPDATE assets SET business_id = '{}', business_source = NULL WHERE id = '{page}'",
        business(1)
    );
    harness.database.run_as_superuser(&sql).await;
    assert_eq!(reached(&client).await, Vec::<String>::new());
    for path in ["", "/token", "/check"] {
        let method = if path == "/check" {
            Method::POST
        } else {
            Method::GET
        };
        let path = format!("/v1/assets/{page}{path}");
        assert_eq!(answer(&client, method, &path, &Value::Null).await.0, 404);
    }
    let calendar = client.get("/v1/forecast?limit=200").await;
    assert_eq!(listed(&calendar, "asset_id"), Vec::<String>::new());
    let session = json!({ "asset_ids": [page], "person_id": Fleet::PERSON });
    assert_eq!(client.post("/v1/reconnect-sessions", &session).await.0, 422);
    let order = json!({ "access_token": token, "asset_ids": [page], "wait_seconds": 60 });
    let (_, mine) = client.post("/v1/reconnects", &order).await;
    let mine = client.ended(mine["id"].as_str().expect("an id")).await;
    assert_eq!(mine["items"][0]["outcome"], "unknown_asset", "{mine}");
    // A registration that names no business does not confirm what is there.
    whole
        .register(&[json!({ "id": page, "kind": "page" })])
        .await;
    assert_eq!(reached(&client).await, Vec::<String>::new());
    whole
        .register(&[json!({ "id": page, "kind": "page", "business_id": business(1) })])
        .await;
    assert_eq!(reached(&client).await, [page]);
}
