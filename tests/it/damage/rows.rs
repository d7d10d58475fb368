//! A row that does not parse or open is the outcome of its own asset. Nothing else of the tenant fails because of it.
//!
//! The columns come from the database, so that one that is added later is damaged, too.

use std::collections::BTreeSet;

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    harness::{APP, Fleet, Harness, Options, SECRET, Tenant, http, leap, on_both, watch},
    inbound::signed_request,
    webhooks::{consumer, delivered},
};

on_both!(
    a_damaged_row_is_the_outcome_of_its_own_asset_alone,
    a_damaged_item_ends_as_failed_and_the_others_settle,
    a_reconnect_that_cannot_be_run_ends_after_a_few_attempts,
    a_reconnect_that_cannot_be_run_opens_a_revocation_again,
    a_list_of_sessions_reads_no_assets,
    a_webhook_secret_that_does_not_open_fails_the_deliveries_of_its_own_endpoint_alone,
);

/// What a column of this type never holds; `None` where the type holds nothing else.
fn damaged_value(kind: &str) -> Option<&'static str> {
    match kind {
        "text" => Some("'{bad'"),
        "integer" | "bigint" => Some("9223372036854775807"),
        "blob" => Some("x'00'"),
        "bytea" => Some("'\\x00'::bytea"),
        _ => None,
    }
}

/// Damages each column of a table in the row of an asset of its own; returns the assets and what was damaged.
async fn damage_columns(
    database: &TestDatabase,
    table: &str,
    which: &str,
    assets: &mut impl Iterator<Item = String>,
) -> Vec<(String, String)> {
    let mut damaged = Vec::new();
    for (column, kind) in database.list_columns(table).await {
        let Some(value) = damaged_value(&kind).filter(|_| column != "tenant_id") else {
            continue;
        };
        let id = assets.next().expect("an asset for each column");
        let which = which.replace("{id}", &id);
        let sql = format!("UPDATE {table} SET {column} = {value} WHERE {which}");
        if database.try_as_superuser(&sql).await {
            damaged.push((id, format!("{table}.{column}")));
        }
    }
    damaged
}

async fn scene(
    database: TestDatabase,
    each: usize,
    attempts: u32,
) -> (Harness, Tenant, Vec<String>) {
    let mut options = Options::default();
    options.vault.reconnect.item_attempts = attempts;
    let fleet = Fleet::new(1, each, 0);
    let harness = Harness::with(database, &fleet.world(), options).await;
    let tenant = harness.tenant("Damaged").await;
    tenant.register(&fleet.assets()).await;
    (harness, tenant, fleet.ids())
}

async fn reconnect(harness: &Harness, tenant: &Tenant, ids: &[String]) -> Value {
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let ended = tenant.reconnect(&token, ids).await;
    assert_eq!(ended["status"], "completed", "{ended}");
    ended
}

async fn a_damaged_row_is_the_outcome_of_its_own_asset_alone(database: TestDatabase) {
    let (harness, tenant, ids) = scene(database, 89, 8).await;
    let (with_own_grant, others) = ids.split_at(20);
    reconnect(&harness, &tenant, others).await;
    for id in with_own_grant {
        reconnect(&harness, &tenant, std::slice::from_ref(id)).await;
    }
    let (good, to_damage) = others.split_at(10);
    let (database, mut free) = (&harness.database, to_damage.iter().cloned());
    let mut damaged = damage_columns(database, "assets", "id = '{id}'", &mut free).await;
    let active = "asset_id = '{id}' AND slot = 'active'";
    damaged.extend(damage_columns(database, "credentials", active, &mut free).await);
    let grant =
        "id = (SELECT grant_id FROM credentials WHERE asset_id = '{id}' AND slot = 'active')";
    let mut own = with_own_grant.iter().cloned();
    damaged.extend(damage_columns(database, "grants", grant, &mut own).await);
    assert!(damaged.len() > 30, "{damaged:?}");
    assert_reads_work(&tenant, &ids, good, &damaged).await;
    let tenant = leap(&harness, &tenant, chrono::Duration::days(1)).await;
    let probed = watch(&harness).await;
    assert!(probed.confirmed >= good.len(), "{probed:?}");
    harness.vault.refresh_due_tokens(10).await.expect("a pass");
    harness.vault.purge_expired().await.expect("a pass");
    let ended = reconnect(&harness, &tenant, &ids).await;
    let page = format!(
        "/v1/reconnects/{}/items?limit=1000",
        ended["id"].as_str().expect("an id")
    );
    let items = if ended["items"].is_array() {
        ended["items"].clone()
    } else {
        tenant.get(&page).await["data"].clone()
    };
    let items = items.as_array().expect("items");
    assert_eq!(items.len(), ids.len());
    for it in items {
        let id = it["asset_id"].as_str().expect("an id").to_owned();
        if good.contains(&id) {
            assert_eq!(it["outcome"], "replaced", "{it}");
        }
    }
    let unreadable = items
        .iter()
        .filter(|it| it["reason"]["code"] == "unreadable");
    assert!(unreadable.count() > 15, "{items:?}");
    assert_reads_work(&tenant, &ids, good, &damaged).await;
}

async fn assert_reads_work(
    tenant: &Tenant,
    ids: &[String],
    good: &[String],
    damaged: &[(String, String)],
) {
    for path in [
        "/v1/assets?limit=200",
        "/v1/forecast",
        "/v1/persons",
        "/v1/audit-events",
        "/v1/reconnects",
    ] {
        assert_eq!(tenant.status(path).await, 200, "{path}");
    }
    let listed = tenant.get("/v1/assets?limit=200").await;
    let listed: BTreeSet<_> = listed["data"]
        .as_array()
        .expect("assets")
        .iter()
        .filter_map(|it| it["id"].as_str())
        .collect();
    assert!(
        good.iter().all(|it| listed.contains(it.as_str())),
        "{listed:?}"
    );
    let (status, found) = tenant
        .post("/v1/tokens/lookup", &json!({ "asset_ids": ids }))
        .await;
    assert_eq!(status, 200, "{found}");
    let text = found.to_string();
    for id in good {
        assert!(text.contains(id), "{id}");
        assert_eq!(
            tenant.status(&format!("/v1/assets/{id}/token")).await,
            200,
            "{id}"
        );
    }
    for (id, column) in damaged {
        for path in [format!("/v1/assets/{id}"), format!("/v1/assets/{id}/token")] {
            let status = tenant.status(&path).await;
            assert!(status < 500, "{path}: {status}, {column} is damaged");
        }
    }
}

/// A reconnect whose items wait, because Graph does not answer.
async fn deferred_reconnect(harness: &Harness, tenant: &Tenant, ids: &[String]) -> String {
    let down = json!({ "match": { "path": "batch" }, "effect": { "status": 503, "body": "down" }, "times": 100_000 });
    harness.sandbox.fault(down).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let request = json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 0 });
    let call = tenant.call(Method::POST, "/v1/reconnects").json(&request);
    let started: Value = call
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("json");
    let waiting = "SELECT count(*) FROM reconnect_items WHERE outcome = 'deferred'";
    for _ in 0..500 {
        let n = harness.database.count_as_superuser(waiting).await;
        if usize::try_from(n) == Ok(ids.len()) {
            return started["id"].as_str().expect("an id").to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the items are not deferred");
}

async fn a_damaged_item_ends_as_failed_and_the_others_settle(database: TestDatabase) {
    let (harness, tenant, ids) = scene(database, 24, 8).await;
    let id = deferred_reconnect(&harness, &tenant, &ids).await;
    let (good, to_damage) = ids.split_at(5);
    let mut free = to_damage.iter().cloned();
    let damaged = damage_columns(
        &harness.database,
        "reconnect_items",
        "asset_id = '{id}'",
        &mut free,
    )
    .await;
    assert!(damaged.len() > 6, "{damaged:?}");
    harness.sandbox.clear_faults().await;
    let ended = tenant.ended(&id).await;
    assert_eq!(ended["status"], "completed", "{ended}");
    for id in good {
        assert_eq!(
            tenant.status(&format!("/v1/assets/{id}/token")).await,
            200,
            "{id}: {damaged:?}"
        );
    }
}

async fn a_reconnect_that_cannot_be_run_ends_after_a_few_attempts(database: TestDatabase) {
    let (harness, tenant, ids) = scene(database, 6, 4).await;
    let id = deferred_reconnect(&harness, &tenant, &ids).await;
    damage_submitted_token(&harness).await;
    let ended = tenant.ended(&id).await;
    assert_eq!(
        (&ended["status"], &ended["counts"]),
        (&json!("completed"), &json!({ "failed": ids.len() })),
        "{ended}"
    );
    harness.sandbox.clear_faults().await;
    reconnect(&harness, &tenant, &ids).await;
}

async fn damage_submitted_token(harness: &Harness) {
    let value = if harness.database.superuser_url().is_some() {
        "'\\x00'::bytea"
    } else {
        "x'00'"
    };
    let damage = format!("UPDATE reconnects SET submitted = {value}");
    harness.database.run_as_superuser(&damage).await;
}

/// A notice that is applied while a reconnect runs does not see what the reconnect stores after it.
async fn a_reconnect_that_cannot_be_run_opens_a_revocation_again(database: TestDatabase) {
    let (harness, tenant, ids) = scene(database, 2, 7).await;
    let id = deferred_reconnect(&harness, &tenant, &ids).await;
    damage_submitted_token(&harness).await;
    let now = harness.clock.now().timestamp();
    let payload = json!({ "algorithm": "HMAC-SHA256", "issued_at": now, "user_id": Fleet::PERSON });
    let request = signed_request(SECRET, &payload);
    let call = http()
        .post(format!("{}/meta/deauthorize/{APP}", harness.api))
        .form(&[("signed_request", request)]);
    let response = call.send().await.expect("the server answers");
    assert_eq!(response.status().as_u16(), 200);
    // As if it had been applied before the reconnect stored what it did.
    let applied = "DELETE FROM due WHERE kind = 'inbox'";
    harness.database.run_as_superuser(applied).await;
    let ended = tenant.ended(&id).await;
    let reason = &ended["items"][0]["reason"]["code"];
    assert_eq!(reason, "unreadable", "{ended}");
    assert_eq!(apply_notices(&harness).await, 1, "the notice is open again");
}

async fn apply_notices(harness: &Harness) -> usize {
    let applied = harness.vault.apply_due_notices(50).await;
    applied.expect("the database answers")
}

async fn a_list_of_sessions_reads_no_assets(database: TestDatabase) {
    let (harness, tenant, ids) = scene(database, 2, 8).await;
    let session = json!({ "asset_ids": ids, "minutes": 5 });
    for _ in 0..2 {
        let (status, opened) = tenant.post("/v1/reconnect-sessions", &session).await;
        assert_eq!(status, 201, "{opened}");
    }
    // A list that reads them fails, or leaves the sessions out.
    let damage = "UPDATE reconnect_sessions SET asset_ids = '{bad'";
    harness.database.run_as_superuser(damage).await;
    let (status, listed) = (
        tenant.status("/v1/reconnect-sessions?limit=200").await,
        tenant.get("/v1/reconnect-sessions?limit=200").await,
    );
    assert_eq!(
        (status, listed["data"].as_array().map(Vec::len)),
        (200, Some(2)),
        "{listed}"
    );
}

async fn a_webhook_secret_that_does_not_open_fails_the_deliveries_of_its_own_endpoint_alone(
    database: TestDatabase,
) {
    let (harness, tenant, ids) = scene(database, 2, 8).await;
    let mut endpoints = Vec::new();
    for _ in 0..2 {
        let (url, requests) = consumer().await;
        let new = json!({ "url": url, "kinds": ["reconnect.completed"] });
        let (status, made) = tenant.post("/v1/webhook-endpoints", &new).await;
        assert_eq!(status, 201, "{made}");
        endpoints.push((
            made["id"].as_str().expect("an id").to_owned(),
            url,
            requests,
        ));
    }
    let (damaged, intact) = (&endpoints[0], &endpoints[1]);
    let swap = format!(
        "UPDATE webhook_endpoints SET sealed = (SELECT sealed FROM webhook_endpoints WHERE url = '{}')
         WHERE url = '{}'",
        intact.1, damaged.1
    );
    harness.database.run_as_superuser(&swap).await;
    reconnect(&harness, &tenant, &ids).await;
    let received = delivered(&harness, &intact.2, 1).await;
    assert_eq!(received.len(), 1);
    assert!(
        damaged.2.lock().await.is_empty(),
        "nothing is sent unsigned"
    );
    for ((id, ..), status) in [(damaged, "failed"), (intact, "delivered")] {
        let path = format!("/v1/webhook-endpoints/{id}/deliveries?status={status}");
        let mut log = tenant.get(&path).await;
        for _ in 0..100 {
            if log["data"][0].is_object() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            log = tenant.get(&path).await;
        }
        assert_eq!(
            log["data"].as_array().map(Vec::len),
            Some(1),
            "{status}: {log}"
        );
    }
}
