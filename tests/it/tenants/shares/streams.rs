//! Runs and event streams beside those of another tenant.

use std::time::Duration;

use futures_util::future::join_all;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::json;

use super::{
    noise::{Neighbours, fleet, send_all},
    start,
};
use crate::harness::{Harness, Options, Tenant, on_both};

on_both!(a_reconnect_is_settled_while_another_tenant_has_fifty_running);

/// How long Graph takes for a call while tenants queue for it, in milliseconds.
const LATENCY: u64 = 1_000;

async fn a_reconnect_is_settled_while_another_tenant_has_fifty_running(database: TestDatabase) {
    let (harness, neighbours) = start(database).await;
    harness.sandbox.latency(LATENCY).await;
    let statuses = send_all(neighbours.reconnects(50)).await;
    assert_eq!(statuses.get(&202), Some(&50), "{statuses:?}");
    let quiet = &neighbours.quiet;
    let ended = quiet
        .reconnect(&neighbours.quiet_token, &neighbours.quiet_ids)
        .await;
    assert_eq!(ended["counts"], json!({ "unchanged": 20 }), "{ended}");
    let still = neighbours.noisy.get("/v1/reconnects?limit=200").await;
    let running = still["data"].as_array().map_or(0, |all| {
        let is_running = |it: &&serde_json::Value| it["status"] == "running";
        all.iter().filter(is_running).count()
    });
    assert!(
        running >= 10,
        "the quiet tenant did not wait for the others: {running} still run"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_clients_of_a_tenant_leave_streams_to_another_tenant() {
    let database = TestDatabase::create_sqlite().await;
    let options = Options::default();
    let most = options.api.max_streams;
    let harness = Harness::with(database, &fleet().world_of_many(), options).await;
    let (noisy, quiet) = (harness.tenant("Noisy").await, harness.tenant("Quiet").await);
    let neighbours = Neighbours::connect(noisy, quiet, &harness.sandbox).await;
    harness.sandbox.latency(5 * LATENCY).await;
    let running = start_reconnect(&neighbours.noisy, &neighbours).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(another_client(&harness, &neighbours.noisy).await);
    }
    let streams = (0..most).filter_map(|n| clients.get(n % 5));
    let open = join_all(streams.map(|client| open_stream(client, &running))).await;
    let accepted = open.iter().filter(|it| it.status() == 200).count();
    assert_eq!(
        accepted,
        most / 4,
        "the share of a tenant, however many clients it has"
    );
    let body = json!({ "access_token": neighbours.quiet_token, "asset_ids": neighbours.quiet_ids, "wait_seconds": 0 });
    let (_, started) = neighbours.quiet.post("/v1/reconnects", &body).await;
    let own = open_stream(&neighbours.quiet, started["id"].as_str().expect("an id")).await;
    assert_eq!(own.status(), 200);
}

async fn start_reconnect(tenant: &Tenant, neighbours: &Neighbours) -> String {
    let body = json!({ "access_token": neighbours.noisy_token, "asset_ids": neighbours.noisy_ids, "wait_seconds": 0 });
    let (status, started) = tenant.post("/v1/reconnects", &body).await;
    assert_eq!(status, 202, "{started}");
    started["id"].as_str().expect("an id").to_owned()
}

async fn open_stream(tenant: &Tenant, reconnect: &str) -> reqwest::Response {
    let path = format!("/v1/reconnects/{reconnect}/events");
    let call = tenant
        .call(Method::GET, &path)
        .timeout(Duration::from_mins(1));
    call.send().await.expect("the server answers")
}

async fn another_client(harness: &Harness, tenant: &Tenant) -> Tenant {
    let id = tenant.id.parse().expect("a tenant's id");
    let spec =
        regrant_vault::ClientSpec::with_scopes("another", regrant_domain::Permissions::all());
    let made = harness
        .vault
        .create_client(regrant_vault::Actor::CommandLine, id, spec, None)
        .await
        .expect("a client");
    Tenant::of_client(&harness.api, made).await
}
