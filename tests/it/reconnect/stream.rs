//! The event stream of a reconnect.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant};

/// Events as (id, name, data).
async fn events(
    tenant: &Tenant,
    id: &str,
    after: Option<i64>,
) -> Vec<(Option<i64>, String, Value)> {
    let mut call = tenant.call(Method::GET, &format!("/v1/reconnects/{id}/events"));
    if let Some(after) = after {
        call = call.header("Last-Event-ID", after.to_string());
    }
    let answer = tokio::time::timeout(Duration::from_secs(30), call.send())
        .await
        .expect("in time")
        .expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let text = answer.text().await.expect("the stream ends");
    text.split("\n\n").filter_map(event).collect()
}

fn event(block: &str) -> Option<(Option<i64>, String, Value)> {
    let field = |name: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    };
    let data = serde_json::from_str(field("data:")?).ok()?;
    Some((
        field("id:").and_then(|it| it.parse().ok()),
        field("event:")?.to_owned(),
        data,
    ))
}

async fn started() -> (Harness, Tenant, String) {
    let fleet = Fleet::new(2, 60, 1);
    let harness = Harness::start(TestDatabase::create_sqlite().await, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    harness.sandbox.latency(50).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let (_, started) = tenant.post("/v1/reconnects", &order).await;
    let id = started["id"].as_str().expect("an id").to_owned();
    (harness, tenant, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_sends_every_item_once_and_ends_with_the_reconnect() {
    let (_bench, tenant, id) = started().await;
    let events = events(&tenant, &id, None).await;
    let (last, items) = events.split_last().expect("events");
    assert_eq!(
        (last.1.as_str(), &last.2["status"]),
        ("reconnect", &json!("completed"))
    );
    let ids: std::collections::HashSet<_> = items
        .iter()
        .map(|it| it.2["asset_id"].to_string())
        .collect();
    assert_eq!((items.len(), ids.len()), (122, 122));
    assert!(
        items.windows(2).all(|pair| pair[0].0 < pair[1].0),
        "event ids grow"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_resumes_after_the_last_event_id() {
    let (_bench, tenant, id) = started().await;
    let all = events(&tenant, &id, None).await;
    let seen = all[49].0.expect("an event id");
    let rest = events(&tenant, &id, Some(seen)).await;
    assert_eq!(rest.len(), all.len() - 50);
    assert_eq!(rest[0].0, all[50].0);
}
