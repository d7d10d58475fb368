//! Pulling events: what webhooks report is listed whether or not an endpoint receives it.

use std::time::Duration;

use regrant_domain::{Permission, Permissions};
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::endpoint;
use crate::harness::{Fleet, Harness, Tenant, on_both};

on_both!(
    events_are_pulled_without_an_endpoint_and_with_a_disabled_one,
    a_cancelled_reconnect_is_an_event,
    a_client_needs_the_scope_of_events,
);

async fn pulled(tenant: &Tenant, query: &str) -> Value {
    // An event is listed three seconds after it was written.
    tokio::time::sleep(Duration::from_millis(3_200)).await;
    tenant.get(&format!("/v1/events?{query}")).await
}

async fn events_are_pulled_without_an_endpoint_and_with_a_disabled_one(database: TestDatabase) {
    let fleet = Fleet::new(1, 3, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let (tenant, other) = (harness.tenant("One").await, harness.tenant("Two").await);
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let first = tenant.reconnect(&token, &fleet.ids()).await;
    let list = pulled(&tenant, "").await;
    let events = list["data"].as_array().expect("a list");
    assert_eq!(events.len(), fleet.ids().len() + 1, "{list}");
    let event = events.last().expect("events");
    assert_eq!(event["type"], "reconnect.completed", "{list}");
    assert_eq!(event["data"]["reconnect_id"], first["id"]);
    assert_eq!(
        (&list["has_more"], &list["next_cursor"]),
        (&json!(false), &Value::Null)
    );

    let made = endpoint(&tenant, json!({ "url": "http://127.0.0.1:9/hook" })).await;
    let path = format!(
        "/v1/webhook-endpoints/{}",
        made["id"].as_str().expect("an id")
    );
    let disable = tenant.call(Method::PATCH, &path);
    let disable = disable.json(&json!({ "status": "disabled" })).send().await;
    assert_eq!(disable.expect("an answer").status(), 200);
    let second = tenant.reconnect(&token, &fleet.ids()).await;
    let after = event["id"].as_str().expect("an id");
    let rest = pulled(&tenant, &format!("after={after}&kind=reconnect.completed")).await;
    assert_eq!(rest["data"].as_array().map(Vec::len), Some(1), "{rest}");
    assert_eq!(rest["data"][0]["data"]["reconnect_id"], second["id"]);
    assert_eq!(other.get("/v1/events").await["data"], json!([]));
    for query in ["after=evt_1", "kind=asset.lost", "limit=0", "cursor=x"] {
        let problem = tenant.get(&format!("/v1/events?{query}")).await;
        assert_eq!(problem["type"], "/problems/invalid_request", "{query}");
    }
}

async fn a_cancelled_reconnect_is_an_event(database: TestDatabase) {
    let fleet = Fleet::new(1, 3, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    harness.sandbox.latency(2_000).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let (_, running) = tenant.post("/v1/reconnects", &order).await;
    let id = running["id"].as_str().expect("an id");
    let cancel = format!("/v1/reconnects/{id}/cancel");
    let (status, cancelled) = tenant.post(&cancel, &json!({})).await;
    assert_eq!(status, 200, "{cancelled}");
    let list = pulled(&tenant, "kind=reconnect.completed").await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list}");
    let expected = json!({
        "reconnect_id": id, "status": "cancelled", "verdict": "nothing_changed",
        "counts": { "failed": fleet.ids().len() },
    });
    assert_eq!(list["data"][0]["data"], expected);
}

async fn a_client_needs_the_scope_of_events(database: TestDatabase) {
    let fleet = Fleet::new(1, 0, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let all = Permissions::all();
    let others: Permissions = all
        .iter()
        .filter(|it| *it != Permission::EventsRead)
        .collect();
    let tenant = harness.tenant_with("One", others).await;
    assert_eq!(tenant.status("/v1/events").await, 403);
}
