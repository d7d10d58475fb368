//! Reconnect sessions: what a page may do with the token of a session, and what it may not.

mod boundaries;
mod opening;
mod reconnects;
mod refresh;
mod view;

use std::time::Duration;

use regrant_testdb::TestDatabase;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options, Tenant, http};

struct Stage {
    harness: Harness,
    tenant: Tenant,
    fleet: Fleet,
}

/// A page with a session's token.
struct Page {
    token: String,
    api: String,
    opened: Value,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 4, 0);
        let mut options = Options::default();
        options.api.rates.session = 1_000;
        options.api.stream_keep_alive = Duration::from_secs(1);
        let harness = Harness::with(database, &fleet.world(), options).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        Self {
            harness,
            tenant,
            fleet,
        }
    }

    async fn open(&self, order: Value) -> Page {
        let (status, opened) = self.tenant.post("/v1/reconnect-sessions", &order).await;
        assert_eq!(status, 201, "{opened}");
        let token = opened["token"].as_str().expect("a token").to_owned();
        Page {
            token,
            api: self.harness.api.clone(),
            opened,
        }
    }

    /// Opens a session for the first two assets.
    async fn page(&self) -> Page {
        self.open(json!({ "asset_ids": &self.fleet.ids()[..2] }))
            .await
    }

    async fn token(&self, person: &str) -> String {
        self.harness.sandbox.token(person).await
    }
}

impl Page {
    fn id(&self) -> &str {
        self.opened["id"].as_str().expect("an id")
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        http()
            .request(method, format!("{}{path}", self.api))
            .bearer_auth(&self.token)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.call(Method::GET, path)).await
    }

    async fn reconnect(&self, body: &Value) -> (u16, Value) {
        answer(self.call(Method::POST, "/v1/reconnects").json(body)).await
    }

    async fn preview(&self, token: &str, ids: &[String]) -> (u16, Value) {
        let order = json!({ "access_token": token, "asset_ids": ids });
        answer(
            self.call(Method::POST, "/v1/reconnect-previews")
                .json(&order),
        )
        .await
    }

    async fn uses_left(&self) -> u64 {
        self.get("/v1/reconnect-sessions/current").await.1["uses_left"]
            .as_u64()
            .expect("a number")
    }
}

async fn answer(call: RequestBuilder) -> (u16, Value) {
    let answer = call.send().await.expect("the server answers");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

fn order(token: &str, ids: &[String]) -> Value {
    json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 60 })
}
