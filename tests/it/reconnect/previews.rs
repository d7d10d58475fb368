//! Previews: a preview shows what a reconnect would do, and writes nothing.

mod coverage;
mod left_out;
mod owners;
mod plans;
mod reachable;
mod stream;

use std::time::Duration;

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options, Tenant, problem_code};

/// A tenant with two businesses of one person, connected; the person's managed account reaches the first.
struct Stage {
    harness: Harness,
    fleet: Fleet,
    tenant: Tenant,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(2, 6, 1);
        let mut options = Options::default();
        options.vault.reconnect.preview_patience = Duration::from_secs(6);
        let harness = Harness::with(database, &fleet.world(), options).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        tenant
            .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
            .await;
        Self {
            harness,
            fleet,
            tenant,
        }
    }

    async fn managed(&self) -> String {
        self.harness.sandbox.token(Fleet::MANAGED).await
    }

    async fn preview(&self, token: &str, ids: &[String]) -> Value {
        let (status, preview) = self
            .post(&json!({ "access_token": token, "asset_ids": ids }))
            .await;
        assert_eq!(status, 200, "{preview}");
        preview
    }

    async fn post(&self, order: &Value) -> (u16, Value) {
        self.tenant.post("/v1/reconnect-previews", order).await
    }

    /// Starts a reconnect with a plan id and returns its status and the code of its problem, if any.
    async fn by_plan(&self, token: &str, ids: &[String], plan: &Value) -> (u16, String) {
        let order =
            json!({ "access_token": token, "asset_ids": ids, "plan_id": plan, "wait_seconds": 60 });
        let (status, answer) = self.tenant.post("/v1/reconnects", &order).await;
        (status, problem_code(&answer).to_owned())
    }

    async fn reconnects(&self) -> usize {
        self.tenant.get("/v1/reconnects").await["data"]
            .as_array()
            .map_or(0, Vec::len)
    }
}

/// The preview of this id, once it has ended.
async fn ended(tenant: &Tenant, id: &str) -> Value {
    for _ in 0..600 {
        let found = tenant.get(&format!("/v1/reconnect-previews/{id}")).await;
        if found["status"] != "running" {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the preview {id} does not end")
}

fn items(answer: &Value) -> &Vec<Value> {
    answer["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no items: {answer}"))
}
