//! Limits of Graph: an item waits for them however many there are, because they say nothing about it.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use serde_json::json;

use crate::harness::{Fleet, Harness, Options, Tenant, leap, on_both};

on_both!(
    an_item_waits_for_more_limits_than_it_has_attempts,
    an_item_that_a_limit_still_refuses_after_a_day_fails,
    an_undo_waits_for_more_limits_than_its_items_have_attempts,
);

/// A tenant with seven registered assets; an item has two attempts.
struct Stage {
    harness: Harness,
    fleet: Fleet,
    tenant: Tenant,
    /// The asset whose limit is hit.
    page: String,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        // No pause is slept through, so that each limit ends an attempt.
        let graph = regrant_graph::Settings {
            throttle_pause: Duration::from_millis(100),
            max_wait: Duration::ZERO,
            max_attempts: 1,
            ..Default::default()
        };
        let mut options = Options {
            graph,
            ..Options::default()
        };
        options.vault.reconnect.item_attempts = 2;
        let fleet = Fleet::new(1, 6, 1);
        let harness = Harness::with(database, &fleet.world(), options).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        Self {
            page: fleet.ids()[1].clone(),
            harness,
            fleet,
            tenant,
        }
    }

    /// Throttles the next reads of the page.
    async fn limit_page(&self, times: u32) {
        let limit = json!({
            "match": { "asset": self.page, "batch_item": true }, "times": times,
            "effect": { "throttle": { "code": 32, "header": "none" } },
        });
        self.harness.sandbox.fault(limit).await;
    }
}

async fn an_item_waits_for_more_limits_than_it_has_attempts(database: TestDatabase) {
    let stage = Stage::on(database).await;
    stage.limit_page(5).await;
    // The first attempt that counts, and not yet the last one.
    let outage = json!({
        "match": { "asset": stage.page, "batch_item": true }, "times": 1,
        "effect": { "error": { "code": 2, "message": "Service temporarily unavailable" } },
    });
    stage.harness.sandbox.fault(outage).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let ended = stage.tenant.reconnect(&token, &stage.fleet.ids()).await;
    assert_eq!(ended["counts"], json!({ "replaced": 7 }), "{ended}");
}

async fn an_item_that_a_limit_still_refuses_after_a_day_fails(database: TestDatabase) {
    let stage = Stage::on(database).await;
    stage.limit_page(1_000_000).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "asset_ids": stage.fleet.ids(), "wait_seconds": 2 });
    let (status, running) = stage.tenant.post("/v1/reconnects", &order).await;
    let counts = json!({ "replaced": 6, "deferred": 1 });
    assert_eq!((status, &running["counts"]), (202, &counts), "{running}");
    let tenant = leap(&stage.harness, &stage.tenant, chrono::Duration::hours(25)).await;
    let ended = tenant.ended(running["id"].as_str().expect("an id")).await;
    let counts = json!({ "replaced": 6, "failed": 1 });
    assert_eq!(ended["counts"], counts, "{ended}");
    assert_eq!(ended["items"][1]["reason"]["code"], "throttled", "{ended}");
}

async fn an_undo_waits_for_more_limits_than_its_items_have_attempts(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let mut replaced = json!(null);
    for person in [Fleet::PERSON, Fleet::MANAGED] {
        let token = stage.harness.sandbox.token(person).await;
        replaced = stage.tenant.reconnect(&token, &stage.fleet.ids()).await;
    }
    stage.limit_page(5).await;
    let id = replaced["id"].as_str().expect("an id");
    let (_, undone) = stage
        .tenant
        .post(
            &format!("/v1/reconnects/{id}/undo"),
            &json!({ "wait_seconds": 30 }),
        )
        .await;
    let ended = stage
        .tenant
        .ended(undone["id"].as_str().expect("an id"))
        .await;
    assert_eq!(ended["counts"], json!({ "restored": 7 }), "{ended}");
}
