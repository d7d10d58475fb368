//! Making, listing and revoking links.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, on_both, problem_code};

on_both!(
    a_links_address_is_shown_once_and_its_secret_is_nowhere_else,
    a_link_is_made_of_a_selection_of_assets,
    a_field_that_is_wrong_is_named_and_no_link_is_made,
    a_link_is_listed_and_revoked,
    a_session_makes_no_links,
    links_are_deleted_after_their_retention,
);

struct Stage {
    harness: Harness,
    tenant: Tenant,
    fleet: Fleet,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 4, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        Self {
            harness,
            tenant,
            fleet,
        }
    }

    async fn make(&self, order: &Value) -> Value {
        let (status, made) = self.tenant.post("/v1/reconnect-links", order).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    async fn links(&self) -> Vec<Value> {
        let list = self.tenant.get("/v1/reconnect-links").await;
        list["data"].as_array().expect("a list").clone()
    }
}

async fn a_links_address_is_shown_once_and_its_secret_is_nowhere_else(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let order = json!({ "asset_ids": stage.fleet.ids() });
    let make = async || {
        let call = stage.tenant.call(Method::POST, "/v1/reconnect-links");
        let call = call.header("Idempotency-Key", "one").json(&order);
        let answer = call.send().await.expect("the server answers");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        answer.json::<Value>().await.expect("json")
    };
    let (first, again) = (make().await, make().await);
    let url = first["url"].as_str().expect("an address");
    let prefix = format!("{}/connect/", stage.harness.api);
    let secret = url.strip_prefix(&prefix).expect("below the public address");
    assert_eq!(secret.len(), 75, "a tenant and 256 bits");
    assert_eq!((&again["id"], &again["url"]), (&first["id"], &Value::Null));
    let id = first["id"].as_str().expect("an id");
    let read = stage.tenant.get(&format!("/v1/reconnect-links/{id}")).await;
    assert_eq!(read["asset_ids"], first["asset_ids"]);
    let audit = stage.tenant.get("/v1/audit-events").await;
    assert!(audit.to_string().contains("reconnect_link.created"));
    for text in [read, json!(stage.links().await), audit] {
        assert!(!text.to_string().contains(&secret[32..]), "{text}");
    }
}

async fn a_link_is_made_of_a_selection_of_assets(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let made = stage.make(&json!({ "select": { "kind": "page" } })).await;
    let pages: Vec<_> = stage.fleet.assets();
    let pages = pages.iter().filter(|it| it["kind"] == "page");
    let pages: Vec<_> = pages.map(|it| it["id"].clone()).collect();
    assert_eq!(made["asset_ids"], json!(pages));
    assert_eq!(made["asset_count"], pages.len());
}

async fn a_field_that_is_wrong_is_named_and_no_link_is_made(database: TestDatabase) {
    let stage = Stage::on(database).await;
    stage
        .harness
        .list_origin("One", "https://app.example.com")
        .await;
    let (ids, now) = (stage.fleet.ids(), stage.harness.clock.now());
    let far = (now + Duration::days(8)).to_rfc3339();
    let past = (now - Duration::minutes(1)).to_rfc3339();
    for (field, order) in [
        ("asset_ids", json!({})),
        ("asset_ids", json!({ "asset_ids": [] })),
        ("asset_ids[1]", json!({ "asset_ids": [ids[0], "42"] })),
        ("select", json!({ "asset_ids": ids, "select": {} })),
        (
            "select",
            json!({ "select": { "business_id": "20000000000042" } }),
        ),
        ("locale", json!({ "asset_ids": ids, "locale": "fr" })),
        ("ends_at", json!({ "asset_ids": ids, "ends_at": far })),
        ("ends_at", json!({ "asset_ids": ids, "ends_at": past })),
        (
            "require_person",
            json!({ "asset_ids": ids, "require_person": true }),
        ),
        (
            "return_url",
            json!({ "asset_ids": ids, "return_url": "https://evil.example.com/" }),
        ),
        (
            "return_url",
            json!({ "asset_ids": ids, "return_url": "https://app.example.com.evil.example/" }),
        ),
        (
            "return_url",
            json!({ "asset_ids": ids, "return_url": "javascript:alert(1)" }),
        ),
        (
            "return_url",
            json!({ "asset_ids": ids, "return_url": "http://app.example.com/" }),
        ),
    ] {
        let (status, problem) = stage.tenant.post("/v1/reconnect-links", &order).await;
        assert_eq!(status, 422, "{order} {problem}");
        assert_eq!(problem["errors"][0]["field"], field, "{order} {problem}");
    }
    assert_eq!(stage.links().await, Vec::<Value>::new());
    let good = "https://app.example.com/back?a=b";
    let made = stage
        .make(&json!({ "asset_ids": ids, "return_url": good, "locale": "de" }))
        .await;
    assert_eq!(
        (&made["return_url"], &made["locale"]),
        (&json!(good), &json!("de"))
    );
}

async fn a_link_is_listed_and_revoked(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let order = json!({ "asset_ids": stage.fleet.ids(), "person_id": Fleet::PERSON });
    let (first, second) = (stage.make(&order).await, stage.make(&order).await);
    assert_eq!(first["require_person"], true);
    let page = stage.tenant.get("/v1/reconnect-links?limit=1").await;
    assert_eq!(page["data"][0]["id"], second["id"], "the newest first");
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let rest = stage
        .tenant
        .get(&format!("/v1/reconnect-links?cursor={cursor}"))
        .await;
    assert_eq!(rest["data"][0]["id"], first["id"]);
    assert_eq!(rest["data"][0]["status"], "open");
    let path = format!(
        "/v1/reconnect-links/{}",
        first["id"].as_str().expect("an id")
    );
    for _ in 0..2 {
        let call = stage.tenant.call(Method::DELETE, &path);
        assert_eq!(call.send().await.expect("an answer").status(), 204);
    }
    let read = stage.tenant.get(&path).await;
    assert_eq!(read["status"], "revoked");
    let revoked = stage.tenant.get("/v1/audit-events").await.to_string();
    assert_eq!(revoked.matches("reconnect_link.revoked").count(), 1);
}

async fn a_session_makes_no_links(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let order = json!({ "asset_ids": stage.fleet.ids() });
    let (_, opened) = stage.tenant.post("/v1/reconnect-sessions", &order).await;
    let page = stage
        .tenant
        .bearing(opened["token"].as_str().expect("a token"));
    let (status, problem) = page.post("/v1/reconnect-links", &order).await;
    assert_eq!((status, problem_code(&problem)), (403, "restricted"));
}

async fn links_are_deleted_after_their_retention(database: TestDatabase) {
    let stage = Stage::on(database).await;
    stage.make(&json!({ "asset_ids": stage.fleet.ids() })).await;
    stage.harness.clock.advance_by(Duration::days(36));
    stage.harness.vault.purge_expired().await.expect("a pass");
    let tenant = stage.tenant.log_in_again().await;
    let kept = tenant.get("/v1/reconnect-links").await;
    assert_eq!(kept["data"][0]["status"], "expired");
    stage.harness.clock.advance_by(Duration::days(2));
    stage.harness.vault.purge_expired().await.expect("a pass");
    let tenant = stage.tenant.log_in_again().await;
    assert_eq!(tenant.get("/v1/reconnect-links").await["data"], json!([]));
}
