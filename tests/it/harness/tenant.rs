//! A tenant's client that calls the API as the tenant's backend would.

use regrant_vault::{ClientWithSecret, Onboarding, RequestCredentials};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// A logged-in client of one tenant.
#[derive(Clone)]
pub struct Tenant {
    pub id: String,
    pub client_id: String,
    pub client_secret: String,
    pub bearer: String,
    api: String,
    http: reqwest::Client,
}

impl Tenant {
    pub async fn log_in(api: &str, onboarded: Onboarding) -> Self {
        let (id, client_id) = (
            onboarded.tenant.tenant.id.to_string(),
            onboarded.client.id.to_string(),
        );
        let secret = onboarded.secret.expect("a new client has a secret");
        Self::with_secret(api, id, client_id, secret.expose().to_owned()).await
    }

    /// Logs in a client with the secret that its creation returned.
    pub async fn of_client(api: &str, made: ClientWithSecret) -> Self {
        let secret = made
            .secret
            .expect("a first call returns the secret")
            .expose()
            .to_owned();
        Self::with_secret(
            api,
            made.tenant.to_string(),
            made.client.id.to_string(),
            secret,
        )
        .await
    }

    pub async fn with_secret(
        api: &str,
        id: String,
        client_id: String,
        client_secret: String,
    ) -> Self {
        let http = super::http();
        let form = [("grant_type", "client_credentials")];
        let call = http
            .post(format!("{api}/oauth/token"))
            .basic_auth(&client_id, Some(&client_secret))
            .form(&form);
        let answer: Value = call
            .send()
            .await
            .expect("the server answers")
            .json()
            .await
            .expect("json");
        let bearer = answer["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token: {answer}"))
            .to_owned();
        Self {
            id,
            client_id,
            client_secret,
            bearer,
            api: api.to_owned(),
            http,
        }
    }

    /// The same client with a new access token. Needed after the clock was advanced: the old token has expired.
    pub async fn log_in_again(&self) -> Self {
        let (id, client, secret) = (
            self.id.clone(),
            self.client_id.clone(),
            self.client_secret.clone(),
        );
        Self::with_secret(&self.api, id, client, secret).await
    }

    /// The same client with another bearer token, valid or not.
    pub fn bearing(&self, token: &str) -> Self {
        Self {
            bearer: token.to_owned(),
            ..self.clone()
        }
    }

    /// The same client at another server of the installation.
    pub fn at(&self, api: &str) -> Self {
        Self {
            api: api.to_owned(),
            ..self.clone()
        }
    }

    /// The credential of its calls, for a vault in this process.
    pub fn presented(&self) -> RequestCredentials<'_> {
        RequestCredentials::from_localhost(&self.bearer)
    }

    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.api))
            .bearer_auth(&self.bearer)
    }

    pub async fn get(&self, path: &str) -> Value {
        body(
            self.call(Method::GET, path)
                .send()
                .await
                .expect("the server answers"),
        )
        .await
    }

    pub async fn status(&self, path: &str) -> u16 {
        self.call(Method::GET, path)
            .send()
            .await
            .expect("the server answers")
            .status()
            .as_u16()
    }

    pub async fn post(&self, path: &str, json: &Value) -> (u16, Value) {
        let answer = self
            .call(Method::POST, path)
            .json(json)
            .send()
            .await
            .expect("the server answers");
        (answer.status().as_u16(), body(answer).await)
    }

    /// Registers assets, a thousand in each call.
    pub async fn register(&self, assets: &[Value]) {
        for chunk in assets.chunks(1_000) {
            let (status, answer) = self.post("/v1/assets", &json!({ "assets": chunk })).await;
            assert_eq!(status, 200, "{answer}");
        }
    }

    /// Starts a reconnect and waits until it has ended.
    pub async fn reconnect(&self, token: &str, ids: &[String]) -> Value {
        let order = json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 60 });
        let (status, answer) = self.post("/v1/reconnects", &order).await;
        assert!(status == 200 || status == 202, "{status} {answer}");
        self.ended(answer["id"].as_str().expect("an id")).await
    }

    /// Orders a reconnect under this key; `None` if it is not accepted, or the answer is lost.
    pub async fn try_reconnect(&self, key: &str, order: &Value) -> Option<Value> {
        let call = self
            .call(Method::POST, "/v1/reconnects")
            .header("Idempotency-Key", key);
        let answer = call.json(order).send().await.ok()?;
        let answer = answer.json::<Value>().await.ok()?;
        Some(answer).filter(|it| it["id"].is_string())
    }

    /// Reads a reconnect until it has ended.
    pub async fn ended(&self, id: &str) -> Value {
        for _ in 0..1_200 {
            let answer = self.get(&format!("/v1/reconnects/{id}")).await;
            if answer["status"] != "running" {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the reconnect {id} does not end");
    }

    /// Every asset's token, by id.
    pub async fn tokens(&self, ids: &[String]) -> std::collections::HashMap<String, Value> {
        let mut tokens = std::collections::HashMap::new();
        for chunk in ids.chunks(500) {
            let (status, answer) = self
                .post("/v1/tokens/lookup", &json!({ "asset_ids": chunk }))
                .await;
            assert_eq!(status, 200, "{answer}");
            for it in answer["data"].as_array().expect("a list") {
                tokens.insert(
                    it["asset_id"].as_str().unwrap_or_default().to_owned(),
                    it.clone(),
                );
            }
        }
        tokens
    }
}

async fn body(answer: Response) -> Value {
    let text = answer.text().await.expect("a body");
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
