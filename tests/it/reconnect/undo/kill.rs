//! SIGKILL at random moments of an undo: it ends as if nothing had happened, and nothing is restored twice.
//!
//! A kill counts if the undo was running. The suite makes 3 of them on each database. The long tier:
//! `REGRANT_UNDO_KILLS=25 cargo test -p regrant-e2e --test e2e undo::kill`.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{id_of, served};
use crate::{
    harness::{Fleet, ServerProcess, Tenant},
    reconnect::kill::is_running,
};

const ASSETS: usize = 500;

/// How many kills must hit a running undo.
fn wanted_kills() -> usize {
    let set = std::env::var("REGRANT_UNDO_KILLS");
    set.ok().and_then(|it| it.parse().ok()).unwrap_or(3)
}

async fn kills(database: TestDatabase) {
    let fleet = Fleet::new(1, ASSETS - 1, 1);
    let ids = fleet.ids();
    let mut server = ServerProcess::start(database, &fleet.world(), "warn").await;
    let mut tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let old = server.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&old, &ids).await;
    let new = server.sandbox.token(Fleet::MANAGED).await;
    // What is undone: a reconnect first, then the undo before it. So each trial moves every asset.
    let mut last = tenant.reconnect(&new, &ids).await;
    server.sandbox.latency(40).await;
    let (mut trial, mut hits) = (0, 0);
    while hits < wanted_kills() {
        assert!(trial < 10 * wanted_kills(), "{hits} of {trial} kills hit");
        let before = served(&tenant, &ids).await;
        let path = format!("/v1/reconnects/{}/undo", id_of(&last));
        let random = uuid::Uuid::now_v7().as_fields().1;
        let moment = Duration::from_micros(u64::from(random) * 13 % 900_000);
        let call = tokio::spawn(send(tenant.clone(), path.clone()));
        tokio::time::sleep(moment).await;
        server.kill().await;
        let acknowledged = call.await.expect("the call ends");
        hits += usize::from(is_running(&server.vault, &tenant).await);
        server.restart().await;
        let (id, client) = (tenant.id, tenant.client_id);
        tenant = Tenant::with_secret(&server.api, id, client, tenant.client_secret).await;
        let repeated = send(tenant.clone(), path).await.expect("an answer");
        if let Some(acknowledged) = acknowledged {
            assert_eq!(repeated["id"], acknowledged["id"], "trial {trial}");
        }
        let ended = tenant.ended(id_of(&repeated)).await;
        assert_eq!(
            ended["counts"],
            json!({ "restored": ASSETS }),
            "trial {trial} after {moment:?}"
        );
        let after = served(&tenant, &ids).await;
        assert!(ids.iter().all(|id| after[id] != before[id]), "{trial}");
        let first = tenant.get(&format!("/v1/assets/{}", ids[0])).await;
        let generation = &first["slots"]["active"]["generation"];
        assert_eq!(generation, &json!(3 + trial), "restored once: {first}");
        last = ended;
        trial += 1;
    }
    println!("{hits} of {trial} kills hit a running undo");
    assert_eq!(server.integrity().await, "ok");
}

async fn send(tenant: Tenant, path: String) -> Option<Value> {
    let call = tenant.call(Method::POST, &path);
    let answer = call.json(&json!({ "wait_seconds": 0 })).send().await.ok()?;
    let body = answer.json::<Value>().await.ok();
    body.filter(|it| it["id"].is_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_an_undo_lose_nothing_on_sqlite() {
    Box::pin(kills(TestDatabase::create_sqlite().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_an_undo_lose_nothing_on_postgresql() {
    if let Some(database) = TestDatabase::create_postgres().await {
        Box::pin(kills(database)).await;
    }
}
