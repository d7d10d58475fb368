//! A process that is killed between the exchange of a code and its seal: the code is spent, and the link still works.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use serde_json::json;

use super::{TENANT, log_in_at, url_of, visitor::Visitor};
use crate::harness::{Fleet, ServerProcess};

async fn a_kill_after_the_exchange_leaves_the_link_usable(database: TestDatabase) {
    let fleet = Fleet::new(1, 3, 0);
    let mut server = ServerProcess::start(database, &fleet.world(), "warn").await;
    let tenant = server.tenant(TENANT).await;
    tenant.register(&fleet.assets()).await;
    log_in_at(&server.vault, &server.sandbox.url).await;
    let order = json!({ "asset_ids": fleet.ids(), "person_id": Fleet::PERSON });
    let (status, link) = tenant.post("/v1/reconnect-links", &order).await;
    assert_eq!(status, 201, "{link}");
    let visitor = Visitor::new();
    let dialog = visitor.go_to_dialog(url_of(&link)).await;
    let act = [("act", "continue")];
    let back = visitor.decide(&dialog, Fleet::PERSON, &act).await;
    let slow = json!({ "match": { "path": "debug_token" }, "effect": { "latency_ms": 5_000 } });
    server.sandbox.fault(slow).await;
    let call = visitor.request(reqwest::Method::GET, &back).send();
    let call = tokio::spawn(async move { call.await.is_ok() });
    for _ in 0..500 {
        if exchanges(&server).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.kill().await;
    assert!(!call.await.expect("the call ends"), "no answer came");
    server.sandbox.clear_faults().await;
    server.restart().await;
    assert_eq!(visitor.get(&back).await.status, 403, "its state is spent");
    assert_eq!(exchanges(&server).await, 1, "the code was sent once");
    let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
    let preview = visitor.settle(&step).await;
    assert_eq!(preview.title(), "What will change", "{}", preview.html);
    visitor.press(&step, &preview, "confirm").await;
    assert_eq!(
        visitor.settle(&step).await.title(),
        "Everything is reconnected"
    );
    assert_eq!(server.integrity().await, "ok");
}

async fn exchanges(server: &ServerProcess) -> u64 {
    let calls = server.sandbox.calls().await;
    calls["code_exchanges"].as_u64().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_exchange_and_seal_loses_nothing() {
    for database in TestDatabase::create_all().await {
        Box::pin(a_kill_after_the_exchange_leaves_the_link_usable(database)).await;
    }
}
