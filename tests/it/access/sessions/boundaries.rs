//! What a session cannot do, and what ends it.

use std::time::Duration;

use regrant_domain::{Reach, ReachLimit, ReconnectSessionId};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, ClientChange};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, Stage, answer, order};
use crate::harness::{Fleet, http, on_both, problem_code};

on_both!(
    every_other_call_of_a_page_is_refused,
    an_open_stream_ends_with_its_session_and_with_the_rights_of_its_client,
    an_ended_session_is_refused,
    a_session_follows_the_current_rights_of_its_client,
);

async fn every_other_call_of_a_page_is_refused(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let (ids, token) = (stage.fleet.ids(), stage.token(Fleet::PERSON).await);
    let others = stage.tenant.reconnect(&token, &ids).await;
    let others = others["id"].as_str().expect("an id");
    for path in [
        format!("/v1/reconnects/{others}"),
        format!("/v1/reconnects/{others}/events"),
    ] {
        let (status, problem) = page.get(&path).await;
        assert_eq!(
            (status, problem_code(&problem)),
            (404, "not_found"),
            "{path}"
        );
    }
    let cancel = page.call(Method::POST, &format!("/v1/reconnects/{others}/cancel"));
    assert_eq!(problem_code(&answer(cancel).await.1), "not_found");
    let undo = page.call(Method::POST, &format!("/v1/reconnects/{others}/undo"));
    assert_eq!(
        problem_code(&answer(undo.json(&json!({}))).await.1),
        "not_found"
    );

    let asset = &ids[0];
    let document: Value = yaml_serde::from_str(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../openapi.yaml"
    )))
    .expect("yaml");
    let mut refused = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            let open = OPEN.contains(&(method, path.as_str()));
            // The address of a calendar is its credential.
            let is_closed = path.starts_with("/v1") && !path.starts_with("/v1/calendar/");
            if item.get(method).is_none() || open || !is_closed {
                continue;
            }
            let path = path.replace("{asset_id}", asset).replace("{id}", page.id());
            let method: Method = method.to_uppercase().parse().expect("a method");
            let (status, problem) = answer(page.call(method.clone(), &path).json(&json!({}))).await;
            assert_eq!(
                (status, problem_code(&problem)),
                (403, "restricted"),
                "{method} {path}: {problem}"
            );
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
    for path in [
        "/v1/nothing",
        "/v1/%61ssets",
        "/v1/reconnects/",
        "/v1//reconnects",
    ] {
        let (status, problem) = page.get(path).await;
        assert!(status == 403 || status == 404, "{path}: {problem}");
    }
}

const OPEN: [(&str, &str); 17] = [
    ("post", "/v1/reconnect-previews"),
    ("get", "/v1/reconnect-previews"),
    ("get", "/v1/reconnect-previews/{id}"),
    ("delete", "/v1/reconnect-previews/{id}"),
    ("get", "/v1/reconnect-previews/{id}/events"),
    ("post", "/v1/reconnect-previews/{id}/events/tickets"),
    ("post", "/v1/reconnects"),
    ("get", "/v1/reconnects"),
    ("get", "/v1/reconnects/{id}"),
    ("get", "/v1/reconnects/{id}/events"),
    ("post", "/v1/reconnects/{id}/events/tickets"),
    ("post", "/v1/reconnects/{id}/cancel"),
    ("post", "/v1/reconnects/{id}/undo"),
    ("get", "/v1/reconnect-sessions/current"),
    ("post", "/v1/reconnect-sessions/current/consent"),
    ("get", "/v1/reconnect-sessions/current/consent"),
    ("delete", "/v1/reconnect-sessions/current/consent"),
];

async fn an_open_stream_ends_with_its_session_and_with_the_rights_of_its_client(
    database: TestDatabase,
) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let pages = [stage.page().await, stage.page().await];
    let token = stage.token(Fleet::PERSON).await;
    stage
        .harness
        .sandbox
        .fault(json!({ "match": { "batch_item": true }, "effect": { "latency_ms": 25_000 } }))
        .await;
    let mut streams = Vec::new();
    for page in &pages {
        let order = json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 0 });
        let (status, accepted) = page.reconnect(&order).await;
        assert_eq!(status, 202, "{accepted}");
        let path = format!(
            "/v1/reconnects/{}/events",
            accepted["id"].as_str().expect("an id")
        );
        if streams.is_empty() {
            let by_client = stage
                .tenant
                .call(Method::GET, &path)
                .send()
                .await
                .expect("an answer");
            streams.push(by_client.text());
        }
        let stream = page
            .call(Method::GET, &path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(stream.status(), 200);
        streams.push(stream.text());
    }
    let path = format!("/v1/reconnect-sessions/{}", pages[0].id());
    let end = stage
        .tenant
        .call(Method::DELETE, &path)
        .send()
        .await
        .expect("an answer");
    assert_eq!(end.status(), 204);
    let mut streams = streams.into_iter();
    let of_client = streams.next().expect("the client's");
    let text = tokio::time::timeout(Duration::from_secs(15), streams.next().expect("one")).await;
    let text = text.expect("it ends with its session").expect("text");
    assert!(
        !text.contains("event: reconnect"),
        "the reconnect itself still runs: {text}"
    );
    let (tenant, client) = (stage.tenant.id.parse(), stage.tenant.client_id.parse());
    let (tenant, client) = (tenant.expect("an id"), client.expect("an id"));
    let assets = ids.iter().map(|it| it.parse().expect("an id")).collect();
    let reach = Some(Reach::Within(ReachLimit {
        assets,
        ..ReachLimit::default()
    }));
    let narrow = ClientChange {
        reach,
        ..ClientChange::default()
    };
    let narrowed = stage
        .harness
        .vault
        .change_client(Actor::CommandLine, tenant, client, narrow)
        .await;
    narrowed.expect("it is confined");
    let ended = tokio::time::timeout(Duration::from_secs(10), of_client).await;
    ended
        .expect("it ends when its client is confined")
        .expect("text");
    let revoked = stage
        .harness
        .vault
        .revoke_client_tokens(Actor::CommandLine, tenant, client, None)
        .await;
    revoked.expect("its tokens are revoked");
    let ended =
        tokio::time::timeout(Duration::from_secs(15), streams.next().expect("another")).await;
    ended
        .expect("it ends with its client's tokens")
        .expect("text");
}

async fn an_ended_session_is_refused(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let refused = async |page: &Page| page.get("/v1/reconnect-sessions/current").await.0;
    let page = stage.page().await;
    assert_eq!(refused(&page).await, 200);
    let path = format!("/v1/reconnect-sessions/{}", page.id());
    for _ in 0..2 {
        let end = stage
            .tenant
            .call(Method::DELETE, &path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(end.status(), 204);
    }
    assert_eq!(refused(&page).await, 401);
    assert_eq!(stage.tenant.get(&path).await["open"], json!(false));

    let suspended = stage.page().await;
    stage
        .harness
        .set_tenant("One", "status = 'suspended'")
        .await;
    assert_eq!(refused(&suspended).await, 401);
    stage.harness.set_tenant("One", "status = 'active'").await;
    assert_eq!(refused(&suspended).await, 200);

    let expired = stage
        .open(json!({ "asset_ids": stage.fleet.ids()[..1], "minutes": 1 }))
        .await;
    stage
        .harness
        .clock
        .advance_by(chrono::Duration::seconds(30));
    assert_eq!(refused(&expired).await, 200);
    stage
        .harness
        .clock
        .advance_by(chrono::Duration::seconds(31));
    assert_eq!(
        refused(&expired).await,
        401,
        "without the leeway of two clocks"
    );

    // A session id is no client id: it cannot log in.
    let form = [("grant_type", "client_credentials")];
    let call = http()
        .post(format!("{}/oauth/token", stage.harness.api))
        .form(&form);
    assert_eq!(
        answer(call.basic_auth(ReconnectSessionId::mint(), Some("x")))
            .await
            .0,
        401
    );
}

async fn a_session_follows_the_current_rights_of_its_client(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let change = async |change: ClientChange| {
        let (tenant, client) = (&stage.tenant.id, &stage.tenant.client_id);
        let (tenant, client) = (
            tenant.parse().expect("an id"),
            client.parse().expect("an id"),
        );
        let changed = stage
            .harness
            .vault
            .change_client(Actor::CommandLine, tenant, client, change)
            .await;
        changed.expect("it is there");
    };
    let current = async |page: &Page| page.get("/v1/reconnect-sessions/current").await;
    let page = stage.page().await;
    let within = ReachLimit {
        assets: [ids[1].parse().expect("an id")].into(),
        ..ReachLimit::default()
    };
    change(ClientChange {
        reach: Some(Reach::Within(within)),
        ..ClientChange::default()
    })
    .await;
    let (_, session) = current(&page).await;
    assert_eq!(
        session["assets"].as_array().map(Vec::len),
        Some(1),
        "{session}"
    );
    let (_, ended) = page
        .reconnect(&order(&stage.token(Fleet::PERSON).await, &ids[..2]))
        .await;
    assert_eq!(ended["items"][0]["outcome"], "unknown_asset", "{ended}");
    let (status, problem) = stage
        .tenant
        .post("/v1/reconnect-sessions", &json!({ "asset_ids": ids[..2] }))
        .await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("asset_ids[0]")),
        "{problem}"
    );

    let reader = "assets:read".parse().expect("a scope");
    change(ClientChange {
        scopes: Some(reader),
        ..ClientChange::default()
    })
    .await;
    let (status, problem) = current(&page).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (403, "missing_scope"),
        "{problem}"
    );

    let all = Some(regrant_domain::Permissions::all());
    change(ClientChange {
        scopes: all,
        reach: Some(Reach::All),
        ..ClientChange::default()
    })
    .await;
    assert_eq!(current(&page).await.0, 200);
    let end = stage.harness.clock.now() + chrono::Duration::seconds(60);
    change(ClientChange {
        expires_at: Some(Some(end)),
        ..ClientChange::default()
    })
    .await;
    stage
        .harness
        .clock
        .advance_by(chrono::Duration::seconds(61));
    assert_eq!(current(&page).await.0, 401, "the client has expired");
    change(ClientChange {
        expires_at: Some(None),
        ..ClientChange::default()
    })
    .await;
    assert_eq!(current(&page).await.0, 200);
    change(ClientChange {
        disabled: Some(true),
        ..ClientChange::default()
    })
    .await;
    assert_eq!(current(&page).await.0, 401);
    change(ClientChange {
        disabled: Some(false),
        ..ClientChange::default()
    })
    .await;
    assert_eq!(
        current(&page).await.0,
        401,
        "revoking the client's tokens ends its sessions for good"
    );
}
