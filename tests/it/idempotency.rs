//! The same call twice is one reconnect.

use futures_util::future::join_all;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, Fleet, Tenant};

async fn keyed(tenant: &Tenant, key: &str, order: &Value) -> (u16, Value) {
    let call = tenant.call(Method::POST, "/v1/reconnects").header("Idempotency-Key", key).json(order);
    let answer = call.send().await.expect("the server answers");
    (answer.status().as_u16(), answer.json().await.expect("json"))
}

async fn bench(database: TestDatabase) -> (Bench, Fleet, Tenant) {
    let fleet = Fleet::new(1, 6, 1);
    let bench = Bench::start(database, &fleet.world()).await;
    let tenant = bench.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    (bench, fleet, tenant)
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_equal_calls_at_once_are_one_reconnect_on_both_databases() {
    for database in TestDatabase::all().await {
        let (bench, fleet, tenant) = bench(database).await;
        let order =
            json!({ "access_token": bench.sandbox.token(Fleet::PERSON).await, "asset_ids": fleet.ids() });
        for round in 0..8 {
            let key = format!("key-{round}");
            let answers = join_all((0..16).map(|_| keyed(&tenant, &key, &order))).await;
            let ids: std::collections::HashSet<_> =
                answers.iter().map(|(_, it)| it["id"].to_string()).collect();
            assert_eq!(ids.len(), 1, "{answers:?}");
        }
        assert_eq!(tenant.get("/v1/reconnects").await["data"].as_array().map(Vec::len), Some(8));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_with_another_body_is_refused() {
    let (bench, fleet, tenant) = bench(TestDatabase::sqlite().await).await;
    let token = bench.sandbox.token(Fleet::PERSON).await;
    let (first, _) = keyed(&tenant, "key", &json!({ "access_token": token, "asset_ids": fleet.ids() })).await;
    let (status, answer) =
        keyed(&tenant, "key", &json!({ "access_token": token, "asset_ids": fleet.ids()[..1] })).await;
    assert_eq!((first, status), (200, 422));
    assert_eq!(answer["type"], "/problems/idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_with_the_same_key_is_independent() {
    let (bench, fleet, tenant) = bench(TestDatabase::sqlite().await).await;
    let other = bench.tenant("Two").await;
    other.register(&fleet.assets()).await;
    let order = json!({ "access_token": bench.sandbox.token(Fleet::PERSON).await, "asset_ids": fleet.ids() });
    let (_, ours) = keyed(&tenant, "key", &order).await;
    let (_, theirs) = keyed(&other, "key", &order).await;
    assert_ne!(ours["id"], theirs["id"]);
    assert_eq!(theirs["counts"], json!({ "replaced": 7 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_may_be_repeated_under_its_key() {
    let (bench, fleet, tenant) = bench(TestDatabase::sqlite().await).await;
    let token = bench.sandbox.token(Fleet::PERSON).await;
    bench.sandbox.post("tokens/revoke", json!({ "token": token })).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids() });
    assert_eq!(keyed(&tenant, "key", &order).await.0, 422);
    assert_eq!(keyed(&tenant, "key", &order).await.1["type"], "/problems/token_dead");
}
