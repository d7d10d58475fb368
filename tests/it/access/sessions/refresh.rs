//! A session that is refreshed keeps its place; its older token ends.

use std::time::Duration;

use regrant_domain::{Permission, Permissions};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, ClientChange, ClientSpec};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, Stage, answer, order};
use crate::harness::{Fleet, Tenant, on_both, problem_code};

on_both!(
    a_refreshed_session_keeps_its_place_and_its_older_token_ends,
    an_expired_session_is_open_again,
    an_ended_session_is_not_refreshed,
    the_older_token_lasts_for_its_overlap,
    a_stream_of_the_older_token_ends,
    a_repeated_refresh_returns_no_token,
    a_page_cannot_refresh_its_session,
    a_session_whose_client_is_not_valid_any_more_is_not_refreshed,
);

async fn refresh(stage: &Stage, page: &Page, order: &Value) -> (u16, Value) {
    let path = format!("/v1/reconnect-sessions/{}/refresh", page.id());
    stage.tenant.post(&path, order).await
}

/// The page with the token of a refreshed session.
async fn refreshed(stage: &Stage, page: &Page, order: &Value) -> Page {
    let (status, opened) = refresh(stage, page, order).await;
    assert_eq!(status, 200, "{opened}");
    Page {
        token: opened["token"].as_str().expect("a token").to_owned(),
        api: page.api.clone(),
        opened,
    }
}

async fn a_refreshed_session_keeps_its_place_and_its_older_token_ends(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let good = order(&stage.token(Fleet::PERSON).await, &ids);
    let once = |page: &Page| {
        let call = page.call(Method::POST, "/v1/reconnects");
        answer(call.header("Idempotency-Key", "once").json(&good))
    };
    let (status, first) = once(&page).await;
    assert_eq!(status, 200, "{first}");
    let uses = page.uses_left().await;

    let next = refreshed(&stage, &page, &json!({})).await;
    assert_eq!(next.id(), page.id());
    assert_ne!(next.token, page.token);
    let (status, problem) = page.get("/v1/reconnect-sessions/current").await;
    assert_eq!((status, problem_code(&problem)), (401, "unauthenticated"));
    assert_eq!(
        once(&next).await.1["id"],
        first["id"],
        "its idempotency key"
    );
    assert_eq!(next.uses_left().await, uses);
    let id = first["id"].as_str().expect("an id");
    assert_eq!(next.get(&format!("/v1/reconnects/{id}")).await.0, 200);

    let last = refreshed(&stage, &next, &json!({})).await;
    for old in [&page, &next] {
        assert_eq!(old.get("/v1/reconnect-sessions/current").await.0, 401);
    }
    assert_eq!(last.get("/v1/reconnect-sessions/current").await.0, 200);
    let audit = stage.tenant.get("/v1/audit-events?limit=200").await;
    let actions = audit["data"].as_array().expect("rows").iter();
    let count = actions.filter(|it| it["action"] == "reconnect_session.refreshed");
    assert_eq!(count.count(), 2);
    assert!(!audit.to_string().contains(&last.token));
}

async fn an_expired_session_is_open_again(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let sandbox = &stage.harness.sandbox;
    sandbox.post("clock", json!({ "advance": "16m" })).await;
    assert_eq!(page.get("/v1/reconnect-sessions/current").await.0, 401);
    let tenant = stage.tenant.log_in_again().await;
    let stage = Stage { tenant, ..stage };
    let next = refreshed(&stage, &page, &json!({ "minutes": 30 })).await;
    let (status, current) = next.get("/v1/reconnect-sessions/current").await;
    assert_eq!((status, &current["open"]), (200, &json!(true)), "{current}");

    let sandbox = &stage.harness.sandbox;
    sandbox.post("clock", json!({ "advance": "24h" })).await;
    let tenant = stage.tenant.log_in_again().await;
    let stage = Stage { tenant, ..stage };
    let (status, problem) = refresh(&stage, &page, &json!({})).await;
    assert_eq!((status, problem_code(&problem)), (409, "session_ended"));
}

async fn an_ended_session_is_not_refreshed(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let path = format!("/v1/reconnect-sessions/{}", page.id());
    let end = stage.tenant.call(Method::DELETE, &path).send().await;
    assert_eq!(end.expect("an answer").status(), 204);
    let (status, problem) = refresh(&stage, &page, &json!({})).await;
    assert_eq!((status, problem_code(&problem)), (409, "session_ended"));
    for (order, field) in [
        (json!({ "minutes": 61 }), "minutes"),
        (json!({ "overlap_seconds": 61 }), "overlap_seconds"),
    ] {
        let (status, problem) = refresh(&stage, &page, &order).await;
        let found = &problem["errors"][0]["field"];
        assert_eq!((status, found), (422, &json!(field)), "{problem}");
    }
}

async fn the_older_token_lasts_for_its_overlap(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let next = refreshed(&stage, &page, &json!({ "overlap_seconds": 60 })).await;
    for it in [&page, &next] {
        assert_eq!(it.get("/v1/reconnect-sessions/current").await.0, 200);
    }
    let sandbox = &stage.harness.sandbox;
    sandbox.post("clock", json!({ "advance": "61s" })).await;
    assert_eq!(page.get("/v1/reconnect-sessions/current").await.0, 401);
    assert_eq!(next.get("/v1/reconnect-sessions/current").await.0, 200);
}

async fn a_stream_of_the_older_token_ends(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let slow = json!({ "match": { "batch_item": true }, "effect": { "latency_ms": 25_000 } });
    stage.harness.sandbox.fault(slow).await;
    let token = stage.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 0 });
    let (_, accepted) = page.reconnect(&order).await;
    let id = accepted["id"].as_str().expect("an id");
    let path = format!("/v1/reconnects/{id}/events");
    let stream = page.call(Method::GET, &path).send().await;
    let stream = stream.expect("an answer");
    assert_eq!(stream.status(), 200);
    refreshed(&stage, &page, &json!({})).await;
    let text = tokio::time::timeout(Duration::from_secs(15), stream.text()).await;
    let text = text.expect("it ends with its token").expect("text");
    assert!(!text.contains("event: reconnect"), "{text}");
}

async fn a_repeated_refresh_returns_no_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let path = format!("/v1/reconnect-sessions/{}/refresh", page.id());
    let call = async || {
        let call = stage.tenant.call(Method::POST, &path).json(&json!({}));
        answer(call.header("Idempotency-Key", "once")).await
    };
    let (first, again) = (call().await, call().await);
    assert!(first.1["token"].is_string(), "{}", first.1);
    assert_eq!((again.0, &again.1["token"]), (200, &Value::Null));
    let bearer = first.1["token"].as_str().expect("a token");
    let page = stage.tenant.bearing(bearer);
    assert_eq!(page.status("/v1/reconnect-sessions/current").await, 200);
}

async fn a_page_cannot_refresh_its_session(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let path = format!("/v1/reconnect-sessions/{}/refresh", page.id());
    let (status, problem) = answer(page.call(Method::POST, &path).json(&json!({}))).await;
    assert_eq!((status, problem_code(&problem)), (403, "restricted"));
    let other = stage.harness.tenant("Two").await;
    let (status, problem) = other.post(&path, &json!({})).await;
    assert_eq!((status, problem_code(&problem)), (404, "not_found"));
}

async fn a_session_whose_client_is_not_valid_any_more_is_not_refreshed(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let end = stage.harness.clock.now() + chrono::Duration::minutes(1);
    let kept = ClientChange::default;
    let changes = [
        ClientChange {
            disabled: Some(true),
            ..kept()
        },
        ClientChange {
            expires_at: Some(Some(end)),
            ..kept()
        },
        ClientChange {
            scopes: Some([Permission::AssetsRead].into_iter().collect()),
            ..kept()
        },
    ];
    let mut sessions = Vec::new();
    for change in changes {
        sessions.push(open_by_client_that_changes(&stage, change).await);
    }
    stage.harness.clock.advance_by(chrono::Duration::minutes(2));
    for id in sessions {
        let path = format!("/v1/reconnect-sessions/{id}/refresh");
        let (status, problem) = stage.tenant.post(&path, &json!({})).await;
        let found = (status, problem_code(&problem));
        assert_eq!(found, (409, "session_ended"), "{problem}");
    }
}

/// Opens a session by a client of its own, which is changed then; the id of the session.
async fn open_by_client_that_changes(stage: &Stage, change: ClientChange) -> String {
    let (vault, tenant) = (&stage.harness.vault, stage.tenant.id.parse());
    let tenant = tenant.expect("an id");
    let spec = ClientSpec::with_scopes("opener", Permissions::all());
    let made = vault.create_client(Actor::CommandLine, tenant, spec, None);
    let made = made.await.expect("a client");
    let caller = Tenant::of_client(&stage.harness.api, made).await;
    let order = json!({ "asset_ids": &stage.fleet.ids()[..2] });
    let (status, opened) = caller.post("/v1/reconnect-sessions", &order).await;
    assert_eq!(status, 201, "{opened}");
    let client = caller.client_id.parse().expect("an id");
    let changed = vault
        .change_client(Actor::CommandLine, tenant, client, change)
        .await;
    changed.expect("the client is there");
    opened["id"].as_str().expect("an id").to_owned()
}
