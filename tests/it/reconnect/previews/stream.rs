//! A preview that does not end in time: it is read and followed, and it ends by itself.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Stage, ended, items};
use crate::harness::{Fleet, Harness, Options, Tenant, answer, on_both, problem_code};

on_both!(
    a_preview_that_runs_longer_than_its_caller_waits_is_followed_asset_by_asset,
    a_stream_of_a_preview_resumes_after_the_last_event_id,
    a_repeated_call_gets_the_same_preview,
    a_token_that_is_refused_ends_a_preview_without_a_waiting_caller,
    a_preview_whose_process_is_gone_has_failed,
    an_asset_that_changes_meanwhile_is_shown_again,
    a_deleted_preview_ends_and_is_unknown,
    ten_thousand_assets_are_previewed_and_streamed,
);

async fn a_preview_that_runs_longer_than_its_caller_waits_is_followed_asset_by_asset(
    database: TestDatabase,
) {
    let stage = Stage::on(database).await;
    let (status, begun, location) = begin(&stage, Fleet::MANAGED).await;
    assert_eq!(
        (status, &begun["status"]),
        (202, &json!("running")),
        "{begun}"
    );
    let id = begun["id"].as_str().expect("an id");
    assert!(id.starts_with("rpv_"), "{id}");
    assert_eq!(location, format!("/v1/reconnect-previews/{id}"));
    assert_eq!(
        (&begun["total"], &begun["plan_id"], &begun["finished_at"]),
        (&json!(14), &Value::Null, &Value::Null)
    );
    let all = events(&stage.tenant, id, 0).await;
    let (last, found) = all.split_last().expect("events");
    let read = ended(&stage.tenant, id).await;
    assert_eq!(
        (last.1.as_str(), &last.2["status"]),
        ("preview", &json!("completed"))
    );
    for field in [
        "id",
        "plan_id",
        "person",
        "counts",
        "expires_at",
        "finished_at",
    ] {
        assert_eq!(last.2[field], read[field], "{field}");
    }
    assert_eq!(
        read["counts"],
        json!({ "will_replace": 7, "would_park": 7 })
    );
    assert!(found.iter().all(|it| it.1 == "item"), "{found:?}");
    let mut streamed: Vec<_> = found.iter().map(|it| it.2.clone()).collect();
    let mut listed = items(&read).clone();
    for list in [&mut streamed, &mut listed] {
        list.sort_unstable_by_key(|it| it["asset_id"].to_string());
    }
    assert_eq!(streamed, listed, "each asset once, as it is read");
    let ids: Vec<_> = items(&read)
        .iter()
        .map(|it| it["asset_id"].clone())
        .collect();
    assert_eq!(
        json!(ids),
        json!(stage.fleet.ids()),
        "in the order of the request"
    );
}

async fn a_stream_of_a_preview_resumes_after_the_last_event_id(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let preview = stage
        .preview(&stage.managed().await, &stage.fleet.ids())
        .await;
    let id = preview["id"].as_str().expect("an id");
    let all = events(&stage.tenant, id, 0).await;
    assert!(all[..14].windows(2).all(|pair| pair[0].0 < pair[1].0));
    let rest = events(&stage.tenant, id, all[4].0).await;
    assert_eq!(rest, all[5..]);
    let path = format!("/v1/reconnect-previews/{id}/events?last_event_id=x");
    assert_eq!(stage.tenant.status(&path).await, 422);
}

async fn a_repeated_call_gets_the_same_preview(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let order = json!({ "access_token": stage.managed().await, "asset_ids": stage.fleet.ids() });
    let post = async |order: &Value| {
        let call = stage.tenant.call(Method::POST, "/v1/reconnect-previews");
        answer(call.header("Idempotency-Key", "one").json(order)).await
    };
    let (first, second) = (post(&order).await, post(&order).await);
    assert_eq!((first.0, &first.1), (200, &second.1));
    stage.harness.sandbox.forget_calls().await;
    assert_eq!(post(&order).await.1, first.1);
    assert_eq!(
        stage.harness.sandbox.calls().await["total"],
        0,
        "Graph is not asked again"
    );
    let (status, problem) = post(&json!({ "access_token": "EAAB", "asset_ids": ["1"] })).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (422, "idempotency_key_reused")
    );
    let list = stage.tenant.get("/v1/reconnect-previews").await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(list["data"][0]["counts"], first.1["counts"]);
}

async fn a_token_that_is_refused_ends_a_preview_without_a_waiting_caller(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let dead = stage.managed().await;
    stage.harness.sandbox.revoke(&dead).await;
    let order = json!({ "access_token": dead, "asset_ids": stage.fleet.ids(), "wait_seconds": 0 });
    // The refusal comes after the answer.
    stage.harness.sandbox.latency(1_000).await;
    let (status, begun) = stage.post(&order).await;
    let id = begun["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{status} {begun}"));
    let all = events(&stage.tenant, id, 0).await;
    let last = &all.last().expect("an end").2;
    assert_eq!(
        (all.len(), &last["status"], &last["failure"]["code"]),
        (1, &json!("failed"), &json!("token_dead")),
        "{all:?}"
    );
    assert_eq!(ended(&stage.tenant, id).await["failure"], last["failure"]);
}

async fn a_preview_whose_process_is_gone_has_failed(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let preview = stage
        .preview(&stage.managed().await, &stage.fleet.ids())
        .await;
    let id = preview["id"].as_str().expect("an id");
    // As a process leaves it that is killed in the middle.
    let left =
        "UPDATE previews SET status = 'running', finished_at = NULL, plan = NULL, run_until = 1";
    stage.harness.database.run_as_superuser(left).await;
    let read = ended(&stage.tenant, id).await;
    assert_eq!(
        (&read["status"], &read["failure"]["code"]),
        (&json!("failed"), &json!("preview_interrupted")),
        "{read}"
    );
    let last = events(&stage.tenant, id, i64::MAX).await;
    assert_eq!(last[0].2["failure"], read["failure"]);
}

async fn an_asset_that_changes_meanwhile_is_shown_again(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    // One asset answers at once, the other ones late.
    let slow = json!({ "match": { "kind": "page" }, "effect": { "latency_ms": 3_000 } });
    let (first, _) = ids.split_first().expect("assets");
    stage.harness.sandbox.fault(slow).await;
    let order =
        json!({ "access_token": stage.managed().await, "asset_ids": ids, "wait_seconds": 0 });
    let (_, begun) = stage.post(&order).await;
    let id = begun["id"].as_str().expect("an id");
    let path = format!("/v1/assets/{first}");
    let gone = stage.tenant.call(Method::DELETE, &path).send().await;
    assert_eq!(gone.expect("an answer").status(), 204);
    let read = ended(&stage.tenant, id).await;
    let item = &items(&read)[0];
    assert_eq!(
        (
            &item["asset_id"],
            &item["coverage"],
            &item["reason"]["code"]
        ),
        (&json!(first), &json!("unknown"), &json!("unknown_asset")),
        "{item}"
    );
    let all = events(&stage.tenant, id, 0).await;
    let mut of_first = all.iter().filter(|it| it.2["asset_id"] == **first);
    let newest = of_first.next_back().expect("an event");
    assert_eq!(newest.2, *item, "the newest event counts");
}

async fn a_deleted_preview_ends_and_is_unknown(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (_, begun, path) = begin(&stage, Fleet::MANAGED).await;
    let delete = async || answer(stage.tenant.call(Method::DELETE, &path)).await.0;
    assert_eq!(delete().await, 204, "{begun}");
    assert_eq!(
        (stage.tenant.status(&path).await, delete().await),
        (404, 404)
    );
    let events = format!("{path}/events");
    assert_eq!(stage.tenant.status(&events).await, 404);
    stage.harness.sandbox.latency(0).await;
    let left = "SELECT count(*) FROM preview_findings";
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(stage.harness.database.count_as_superuser(left).await, 0);
    let audit = stage.tenant.get("/v1/audit-events?limit=200").await;
    assert!(audit.to_string().contains("reconnect_preview.deleted"));
}

async fn ten_thousand_assets_are_previewed_and_streamed(database: TestDatabase) {
    let fleet = Fleet::new(4, 2_499, 0);
    let harness = Harness::with(database, &fleet.world(), Options::default()).await;
    let tenant = harness.tenant("One").await;
    for chunk in fleet.assets().chunks(1_000) {
        tenant.register(chunk).await;
    }
    let order = json!({
        "access_token": harness.sandbox.token(Fleet::PERSON).await,
        "select": {}, "wait_seconds": 0,
    });
    let (status, begun) = tenant.post("/v1/reconnect-previews", &order).await;
    assert_eq!((status, &begun["total"]), (202, &json!(10_000)));
    let id = begun["id"].as_str().expect("an id");
    let all = events(&tenant, id, 0).await;
    let (last, found) = all.split_last().expect("events");
    assert_eq!((found.len(), last.1.as_str()), (10_000, "preview"));
    assert_eq!(
        last.2["counts"],
        json!({ "will_replace": 10_000 }),
        "{last:?}"
    );
    assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(items(&ended(&tenant, id).await).len(), 10_000);
}

/// Begins a preview of all assets without a waiting caller, at a slow Graph; the status, the preview, its address.
async fn begin(stage: &Stage, person: &str) -> (u16, Value, String) {
    let token = stage.harness.sandbox.token(person).await;
    stage.harness.sandbox.latency(300).await;
    let order = json!({ "access_token": token, "asset_ids": stage.fleet.ids(), "wait_seconds": 0 });
    let call = stage.tenant.call(Method::POST, "/v1/reconnect-previews");
    let answer = call.json(&order).send().await.expect("an answer");
    let location = answer.headers().get("location");
    let location = location.map(|it| it.to_str().expect("text").to_owned());
    let status = answer.status().as_u16();
    let body = answer.json().await.expect("json");
    (status, body, location.unwrap_or_default())
}

/// Events as (id, name, data); the last one has no id.
async fn events(tenant: &Tenant, id: &str, after: i64) -> Vec<(i64, String, Value)> {
    let call = tenant.call(Method::GET, &format!("/v1/reconnect-previews/{id}/events"));
    let call = call.header("Last-Event-ID", after.to_string());
    let answer = call.send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let text = answer.text().await.expect("the stream ends");
    let event = |block: &str| {
        let field = |name: &str| {
            let mut lines = block.lines();
            lines
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let data = serde_json::from_str(field("data:")?).ok()?;
        let number = field("id:").and_then(|it| it.parse().ok());
        Some((
            number.unwrap_or_default(),
            field("event:")?.to_owned(),
            data,
        ))
    };
    text.split("\n\n").filter_map(event).collect()
}
