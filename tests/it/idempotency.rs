//! A repeated call with the same Idempotency-Key acts once (goal G25).

use std::collections::HashSet;

use futures_util::{StreamExt, future::join_all, stream};
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, ServerProcess, Tenant, on_both};

const KEYS: usize = 1_000;
const AT_ONCE: usize = 16;

on_both!(
    a_thousand_keys_with_sixteen_calls_each_act_once_and_survive_a_restart,
    every_post_acts_once_and_shows_no_secret_twice,
);

async fn a_thousand_keys_with_sixteen_calls_each_act_once_and_survive_a_restart(
    database: TestDatabase,
) {
    // A quick machine sends more calls a second than a tenant may.
    let settings = vec![("REGRANT_LIMITS_REQUESTS_PER_SECOND", "1000000")];
    let world = Fleet::new(1, 1, 0).world();
    let mut server = ServerProcess::start_with(database, &world, "error", settings).await;
    let tenant = server.tenant("One").await;
    let first: Vec<Value> = stream::iter(0..KEYS)
        .map(|n| sixteen(&tenant, n))
        .buffered(8)
        .collect()
        .await;
    assert_eq!(registered(&tenant).await, KEYS);

    server.restart().await;
    for (n, before) in first.iter().enumerate() {
        assert_eq!(
            &register(&tenant, &key(n), n).await,
            &(200, before.clone()),
            "{n}"
        );
    }
    assert_eq!(registered(&tenant).await, KEYS, "a restart forgets no key");

    for n in 0..100 {
        let (status, answer) = register(&tenant, &key(n), n + 1).await;
        assert_eq!(
            (status, &answer["type"]),
            (422, &json!("/problems/idempotency_key_reused")),
            "{n}"
        );
    }
    assert_eq!(
        registered(&tenant).await,
        KEYS,
        "another body changes nothing"
    );

    let other = server.tenant("Two").await;
    assert_eq!(
        register(&other, &key(0), 0).await.1["data"][0]["status"],
        "created"
    );
    let principal = server.another_client(&tenant).await;
    assert_eq!(
        register(&principal, &key(0), 0).await.1["data"][0]["status"],
        "exists"
    );
    assert_eq!(
        registered(&tenant).await,
        KEYS + 1,
        "keys of another client are separate"
    );
}

fn key(n: usize) -> String {
    format!("key-{n}")
}

/// Sends sixteen equal calls at once and returns their common response.
async fn sixteen(tenant: &Tenant, n: usize) -> Value {
    let key = key(n);
    let answers = join_all((0..AT_ONCE).map(|_| register(tenant, &key, n))).await;
    let (status, first) = answers.first().cloned().expect("there are sixteen");
    assert_eq!(
        (status, &first["data"][0]["status"]),
        (200, &json!("created")),
        "{first}"
    );
    for (status, answer) in answers {
        assert_eq!((status, &answer), (200, &first), "{n}");
    }
    first
}

async fn register(tenant: &Tenant, key: &str, n: usize) -> (u16, Value) {
    let id = (10_000_000 + n).to_string();
    post(
        tenant,
        key,
        "/v1/assets",
        &json!({ "assets": [{ "id": id, "kind": "page" }] }),
    )
    .await
}

/// How many registrations the audit contains.
async fn registered(tenant: &Tenant) -> usize {
    let (mut n, mut cursor) = (0, String::new());
    loop {
        let page = tenant
            .get(&format!("/v1/audit-events?limit=200{cursor}"))
            .await;
        let rows = page["data"].as_array().expect("a list");
        n += rows
            .iter()
            .filter(|it| it["action"] == "assets.registered")
            .count();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return n,
        }
    }
}

async fn every_post_acts_once_and_shows_no_secret_twice(database: TestDatabase) {
    let (harness, fleet, tenant) = harness(database).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let hook = json!({ "url": "http://127.0.0.1:9/hook" });
    let made = twice(&tenant, "/v1/webhook-endpoints", &hook, 201).await;
    assert!(
        made.0["secret"].is_string() && made.1["secret"].is_null(),
        "{made:?}"
    );
    assert_eq!(made.0["id"], made.1["id"]);
    assert_eq!(
        tenant.get("/v1/webhook-endpoints").await["data"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );

    let endpoint = format!(
        "/v1/webhook-endpoints/{}",
        made.0["id"].as_str().expect("an id")
    );
    let rotated = twice(
        &tenant,
        &format!("{endpoint}/rotate-secret"),
        &json!({}),
        200,
    )
    .await;
    assert!(
        rotated.0["secret"].is_string() && rotated.1["secret"].is_null(),
        "{rotated:?}"
    );
    let tested = twice(&tenant, &format!("{endpoint}/test"), &Value::Null, 202).await;
    assert_eq!(tested.0, tested.1);
    let deliveries = tenant.get(&format!("{endpoint}/deliveries")).await;
    assert_eq!(
        deliveries["data"].as_array().map(Vec::len),
        Some(1),
        "{deliveries}"
    );
    let again = json!({ "event_id": tested.0["event_id"] });
    let replayed = twice(&tenant, &format!("{endpoint}/replay"), &again, 202).await;
    assert_eq!(replayed.0, replayed.1);

    let ids = json!({ "asset_ids": fleet.ids() });
    let read = twice(&tenant, "/v1/tokens/lookup", &ids, 200).await;
    assert_eq!(
        read.0["data"].as_array().map(Vec::len),
        read.1["data"].as_array().map(Vec::len)
    );
    let checked = twice(&tenant, "/v1/assets/check", &ids, 200).await;
    assert_eq!(checked.0, checked.1);
    let other = json!({ "asset_ids": fleet.ids()[..1] });
    let (status, _) = post(&tenant, "/v1/tokens/lookup", "/v1/tokens/lookup", &other).await;
    assert_eq!(status, 422, "the same key with another body is refused");

    harness.sandbox.latency(2_000).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let (_, running) = tenant.post("/v1/reconnects", &order).await;
    let cancel = format!(
        "/v1/reconnects/{}/cancel",
        running["id"].as_str().expect("an id")
    );
    let cancelled = twice(&tenant, &cancel, &Value::Null, 200).await;
    assert_eq!(
        (&cancelled.0["status"], &cancelled.0),
        (&json!("cancelled"), &cancelled.1)
    );
    harness.sandbox.latency(0).await;
}

/// Makes the same call twice under one key and returns both responses.
async fn twice(tenant: &Tenant, path: &str, body: &Value, wanted: u16) -> (Value, Value) {
    let first = post(tenant, path, path, body).await;
    let second = post(tenant, path, path, body).await;
    assert_eq!(
        (first.0, second.0),
        (wanted, wanted),
        "{path}: {first:?} {second:?}"
    );
    (first.1, second.1)
}

async fn post(tenant: &Tenant, key: &str, path: &str, body: &Value) -> (u16, Value) {
    let call = tenant
        .call(Method::POST, path)
        .header("Idempotency-Key", key);
    let call = if body.is_null() {
        call
    } else {
        call.json(body)
    };
    let answer = call.send().await.expect("the server answers");
    (answer.status().as_u16(), answer.json().await.expect("json"))
}

async fn keyed(tenant: &Tenant, key: &str, order: &Value) -> (u16, Value) {
    post(tenant, key, "/v1/reconnects", order).await
}

async fn harness(database: TestDatabase) -> (Harness, Fleet, Tenant) {
    let fleet = Fleet::new(1, 6, 1);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    (harness, fleet, tenant)
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_equal_calls_at_once_are_one_reconnect_on_both_databases() {
    for database in TestDatabase::create_all().await {
        let (harness, fleet, tenant) = harness(database).await;
        let order = json!({ "access_token": harness.sandbox.token(Fleet::PERSON).await, "asset_ids": fleet.ids() });
        for round in 0..8 {
            let key = format!("key-{round}");
            let answers = join_all((0..16).map(|_| keyed(&tenant, &key, &order))).await;
            let ids: HashSet<_> = answers.iter().map(|(_, it)| it["id"].to_string()).collect();
            assert_eq!(ids.len(), 1, "{answers:?}");
        }
        assert_eq!(
            tenant.get("/v1/reconnects").await["data"]
                .as_array()
                .map(Vec::len),
            Some(8)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_with_another_body_is_refused() {
    let (harness, fleet, tenant) = harness(TestDatabase::create_sqlite().await).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let (first, _) = keyed(
        &tenant,
        "key",
        &json!({ "access_token": token, "asset_ids": fleet.ids() }),
    )
    .await;
    let (status, answer) = keyed(
        &tenant,
        "key",
        &json!({ "access_token": token, "asset_ids": fleet.ids()[..1] }),
    )
    .await;
    assert_eq!((first, status), (200, 422));
    assert_eq!(answer["type"], "/problems/idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_with_the_same_key_is_independent() {
    let (harness, fleet, tenant) = harness(TestDatabase::create_sqlite().await).await;
    let other = harness.tenant("Two").await;
    other.register(&fleet.assets()).await;
    let order = json!({ "access_token": harness.sandbox.token(Fleet::PERSON).await, "asset_ids": fleet.ids() });
    let (_, ours) = keyed(&tenant, "key", &order).await;
    let (_, theirs) = keyed(&other, "key", &order).await;
    assert_ne!(ours["id"], theirs["id"]);
    assert_eq!(theirs["counts"], json!({ "replaced": 7 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_may_be_repeated_under_its_key() {
    let (harness, fleet, tenant) = harness(TestDatabase::create_sqlite().await).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    harness
        .sandbox
        .post("tokens/revoke", json!({ "token": token }))
        .await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids() });
    assert_eq!(keyed(&tenant, "key", &order).await.0, 422);
    assert_eq!(
        keyed(&tenant, "key", &order).await.1["type"],
        "/problems/token_dead"
    );
}
