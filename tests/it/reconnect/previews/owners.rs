//! Who may read a preview, and until when.

use regrant_domain::{ClientSpec, Permissions};
use regrant_testdb::TestDatabase;
use regrant_vault::Actor;
use reqwest::Method;
use serde_json::json;

use super::Stage;
use crate::harness::{Tenant, answer, on_both};

on_both!(
    only_its_own_caller_finds_a_preview,
    a_session_follows_its_own_preview_alone,
    a_preview_is_forgotten_when_its_plan_expires,
    a_preview_keeps_nothing_of_the_token,
);

const UNKNOWN: &str = "/v1/reconnect-previews/rpv_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6";

async fn only_its_own_caller_finds_a_preview(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let preview = stage
        .preview(&stage.managed().await, &stage.fleet.ids())
        .await;
    let path = format!(
        "/v1/reconnect-previews/{}",
        preview["id"].as_str().expect("an id")
    );
    let id = stage.tenant.id.parse().expect("a tenant's id");
    let spec = ClientSpec::with_scopes("another", Permissions::all());
    let made = stage
        .harness
        .vault
        .create_client(Actor::CommandLine, id, spec, None)
        .await;
    let colleague = Tenant::of_client(&stage.harness.api, made.expect("a client")).await;
    let stranger = stage.harness.tenant("Two").await;
    for other in [&colleague, &stranger] {
        for (method, tail) in [
            (Method::GET, ""),
            (Method::GET, "/events"),
            (Method::DELETE, ""),
        ] {
            let theirs = answer(other.call(method.clone(), &format!("{path}{tail}"))).await;
            let unknown = answer(other.call(method.clone(), &format!("{UNKNOWN}{tail}"))).await;
            let strip = |mut it: serde_json::Value| {
                it["request_id"] = json!(null);
                it
            };
            assert_eq!(theirs.0, 404, "{method} {tail}");
            assert_eq!(strip(theirs.1), strip(unknown.1), "{method} {tail}");
        }
        assert_eq!(other.get("/v1/reconnect-previews").await["data"], json!([]));
    }
    assert_eq!(stage.tenant.get(&path).await, preview);
}

async fn a_session_follows_its_own_preview_alone(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = &stage.fleet.ids()[..2];
    let open = async || {
        let order = json!({ "asset_ids": ids });
        let (status, opened) = stage.tenant.post("/v1/reconnect-sessions", &order).await;
        assert_eq!(status, 201, "{opened}");
        stage
            .tenant
            .bearing(opened["token"].as_str().expect("a token"))
    };
    let (page, other) = (open().await, open().await);
    let order =
        json!({ "access_token": stage.managed().await, "asset_ids": ids, "wait_seconds": 0 });
    let (_, begun) = page.post("/v1/reconnect-previews", &order).await;
    let path = format!(
        "/v1/reconnect-previews/{}",
        begun["id"].as_str().expect("an id")
    );
    let stream = page
        .call(Method::GET, &format!("{path}/events"))
        .send()
        .await;
    let text = stream
        .expect("an answer")
        .text()
        .await
        .expect("the stream ends");
    assert!(text.contains("event: preview"), "{text}");
    assert_eq!(page.get(&path).await["status"], "completed");
    for caller in [&other, &stage.tenant] {
        assert_eq!(caller.status(&path).await, 404);
        assert_eq!(caller.status(&format!("{path}/events")).await, 404);
    }
    let own = page.get("/v1/reconnect-previews").await;
    assert_eq!(own["data"][0]["id"], begun["id"], "{own}");
    assert_eq!(own["data"].as_array().map(Vec::len), Some(1), "{own}");
    for caller in [&other, &stage.tenant] {
        assert_eq!(
            caller.get("/v1/reconnect-previews").await["data"],
            json!([])
        );
    }
}

async fn a_preview_is_forgotten_when_its_plan_expires(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let preview = stage
        .preview(&stage.managed().await, &stage.fleet.ids())
        .await;
    let path = format!(
        "/v1/reconnect-previews/{}",
        preview["id"].as_str().expect("an id")
    );
    assert_eq!(stage.tenant.status(&path).await, 200);
    stage
        .harness
        .clock
        .advance_by(chrono::Duration::minutes(16));
    let tenant = stage.tenant.log_in_again().await;
    assert_eq!(tenant.status(&path).await, 404);
    let count = "SELECT count(*) FROM previews";
    assert_eq!(stage.harness.database.count_as_superuser(count).await, 1);
    stage.harness.vault.purge_expired().await.expect("a pass");
    assert_eq!(stage.harness.database.count_as_superuser(count).await, 0);
    let findings = "SELECT count(*) FROM preview_findings";
    assert_eq!(stage.harness.database.count_as_superuser(findings).await, 0);
}

async fn a_preview_keeps_nothing_of_the_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let token = stage.managed().await;
    stage.preview(&token, &stage.fleet.ids()).await;
    let contents = stage.harness.database.read_contents().await;
    let holds = |bytes: &[u8]| bytes.windows(token.len()).any(|it| it == token.as_bytes());
    assert!(contents.iter().all(|(_, it)| !holds(it)), "in the clear");
    let columns = "SELECT count(*) FROM previews WHERE plan IS NOT NULL AND failure IS NULL";
    assert_eq!(stage.harness.database.count_as_superuser(columns).await, 1);
}
