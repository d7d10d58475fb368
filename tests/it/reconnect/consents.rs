//! Consents: a log-in is handed over as a code or a token, previewed with, and used once.

mod codes;
mod ends;
mod forms;
mod kill;
mod owners;
mod stories;

use regrant_testdb::TestDatabase;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, Operator, Options, Tenant, http};

/// A page of the tenant.
const PAGE: &str = "https://app.example.com/facebook/return?from=dialog";
const OF_CLIENT: &str = "/v1/consents";
const OF_SESSION: &str = "/v1/reconnect-sessions/current/consent";

struct Stage {
    harness: Harness,
    tenant: Tenant,
    fleet: Fleet,
    owner: Operator,
}

/// A page in a browser, with the token of a session.
struct Page {
    id: String,
    token: String,
    api: String,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        Self::with(database, Options::default()).await
    }

    async fn with(database: TestDatabase, mut options: Options) -> Self {
        let fleet = Fleet::new(1, 3, 1);
        options.api.rates.session = 1_000;
        let harness = Harness::with(database, &fleet.world(), options).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        harness.list_origin("One", "https://app.example.com").await;
        let owner = harness.owner().await;
        Self {
            harness,
            tenant,
            fleet,
            owner,
        }
    }

    async fn open(&self, more: Value) -> Page {
        let mut order = json!({ "asset_ids": self.fleet.ids() });
        let (fields, more) = (order.as_object_mut(), more.as_object().cloned());
        fields.expect("an object").extend(more.expect("an object"));
        let (status, opened) = self.tenant.post("/v1/reconnect-sessions", &order).await;
        assert_eq!(status, 201, "{opened}");
        let text = |field: &str| opened[field].as_str().expect("a text").to_owned();
        Page {
            id: text("id"),
            token: text("token"),
            api: self.harness.api.clone(),
        }
    }

    async fn page(&self) -> Page {
        self.open(json!({})).await
    }

    /// A code that Meta's dialog returned to the page for this person.
    async fn code(&self, person: &str) -> String {
        self.code_of(json!({ "person": person, "app": APP, "redirect_uri": PAGE }))
            .await
    }

    async fn code_of(&self, login: Value) -> String {
        let answer = self.harness.sandbox.post("codes", login).await;
        answer["code"].as_str().expect("a code").to_owned()
    }

    /// How many codes were sent to Meta.
    async fn exchanges(&self) -> u64 {
        let calls = self.harness.sandbox.calls().await;
        calls["code_exchanges"].as_u64().expect("a number")
    }

    async fn advance(&self, by: &str) {
        self.harness
            .sandbox
            .post("clock", json!({ "advance": by }))
            .await;
    }

    /// Lets the tenant's sessions hand over consents in these forms alone.
    async fn accept(&self, forms: Value) {
        let path = format!("/tenants/{}", self.tenant.id);
        let (status, changed) = self.owner.patch(&path, &json!({ "accept": forms })).await;
        assert_eq!((status, &changed["accept"]), (200, &forms), "{changed}");
    }
}

impl Page {
    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        http()
            .request(method, format!("{}{path}", self.api))
            .bearer_auth(&self.token)
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(self.call(Method::POST, path).json(body)).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.call(Method::GET, path)).await
    }

    /// Hands a log-in over; returns the consent's id.
    async fn give(&self, login: &Value) -> String {
        let (status, given) = self.post(OF_SESSION, login).await;
        assert_eq!(status, 201, "{given}");
        given["consent_id"].as_str().expect("an id").to_owned()
    }

    async fn preview(&self, consent: &str, ids: &[String]) -> (u16, Value) {
        let order = json!({ "consent_id": consent, "asset_ids": ids });
        self.post("/v1/reconnect-previews", &order).await
    }

    async fn reconnect(&self, consent: &str, ids: &[String]) -> (u16, Value) {
        let order = json!({ "consent_id": consent, "asset_ids": ids, "wait_seconds": 60 });
        self.post("/v1/reconnects", &order).await
    }
}

async fn answer(call: RequestBuilder) -> (u16, Value) {
    let answer = call.send().await.expect("the server answers");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}

/// A log-in with a code that came back to the page.
fn by_code(code: &str) -> Value {
    json!({ "code": code, "redirect_uri": PAGE })
}

fn by_token(token: &str) -> Value {
    json!({ "access_token": token })
}

/// The fields that a problem names.
fn fields(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().map(Vec::as_slice);
    errors
        .unwrap_or_default()
        .iter()
        .filter_map(|it| it["field"].as_str())
        .collect()
}
