//! The sandbox's control calls.

use std::time::Duration;

use serde_json::{Value, json};

/// A client of the sandbox's control API, which changes the simulated Graph.
#[derive(Clone)]
pub struct SandboxControl {
    pub url: String,
    /// The app whose tokens [`Self::token`] makes.
    app: &'static str,
    http: reqwest::Client,
}

impl SandboxControl {
    pub fn new(url: String) -> Self {
        // A new connection for each call: the sandbox may close an idle one just when the client reuses it.
        let client = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0);
        let http = client
            .timeout(Duration::from_mins(2))
            .build()
            .expect("a client");
        let app = super::APP;
        Self { url, app, http }
    }

    /// The same for tokens of another app.
    pub fn of_app(self, app: &'static str) -> Self {
        Self { app, ..self }
    }

    /// A token of this person (or system user) for the app.
    pub async fn token(&self, person: &str) -> String {
        self.token_of(json!({ "person": person, "app": self.app }))
            .await
    }

    pub async fn token_of(&self, wanted: Value) -> String {
        let body = self.post("tokens", wanted).await;
        body["access_token"].as_str().expect("a token").to_owned()
    }

    /// Revokes a token, as the business would.
    pub async fn revoke(&self, token: &str) {
        let app = format!("{}|{}", super::APP, super::SECRET);
        let query = [
            ("client_id", super::APP),
            ("client_secret", super::SECRET),
            ("revoke_token", token),
            ("access_token", app.as_str()),
        ];
        let call = self
            .http
            .get(format!("{}/v26.0/oauth/revoke", self.url))
            .query(&query);
        let answer = call.send().await.expect("the sandbox answers");
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap_or_default()
        );
    }

    pub async fn fault(&self, fault: Value) {
        self.post("faults", fault).await;
    }

    pub async fn clear_faults(&self) {
        let url = format!("{}/sandbox/faults", self.url);
        self.http
            .delete(url)
            .send()
            .await
            .expect("the sandbox answers");
    }

    pub async fn latency(&self, ms: u64) {
        let url = format!("{}/sandbox/latency", self.url);
        let answer = self
            .http
            .put(url)
            .json(&json!({ "ms": ms }))
            .send()
            .await
            .expect("the sandbox answers");
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap_or_default()
        );
    }

    pub async fn calls(&self) -> Value {
        let url = format!("{}/sandbox/calls", self.url);
        let answer = self
            .http
            .get(url)
            .send()
            .await
            .expect("the sandbox answers");
        answer.json().await.expect("json")
    }

    pub async fn forget_calls(&self) {
        let url = format!("{}/sandbox/calls", self.url);
        self.http
            .delete(url)
            .send()
            .await
            .expect("the sandbox answers");
    }

    /// Reads a node with a token, as the tenant's own product would.
    pub async fn reads(&self, asset: &str, token: &str, proof: &str, time: i64) -> u16 {
        let url = format!("{}/v26.0/{asset}", self.url);
        let time = time.to_string();
        let query = [
            ("fields", "id"),
            ("appsecret_proof", proof),
            ("appsecret_time", time.as_str()),
        ];
        // A dropped connection says nothing about the token: try again.
        for _ in 0..5 {
            let call = self.http.get(&url).bearer_auth(token).query(&query);
            if let Ok(answer) = call.send().await {
                return answer.status().as_u16();
            }
        }
        panic!("the sandbox does not answer")
    }

    /// Tries a served token on its asset, as the tenant's own product would.
    pub async fn tries(&self, asset: &str, token: &Value) -> u16 {
        let text = |field: &str| token[field].as_str().unwrap_or_default();
        let time = token["appsecret_time"].as_i64().unwrap_or_default();
        self.reads(asset, text("access_token"), text("appsecret_proof"), time)
            .await
    }

    pub async fn get(&self, path: &str) -> Value {
        let url = format!("{}/sandbox/{path}", self.url);
        let answer = self
            .http
            .get(url)
            .send()
            .await
            .expect("the sandbox answers");
        answer.json().await.expect("json")
    }

    pub async fn put(&self, path: &str, body: Value) -> Value {
        self.send(reqwest::Method::PUT, path, body).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.send(reqwest::Method::POST, path, body).await
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let url = format!("{}/sandbox/{path}", self.url);
        let answer = self
            .http
            .request(method, url)
            .json(&body)
            .send()
            .await
            .expect("the sandbox answers");
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}
