//! A sandbox with the demo world, and an HTTP client with helpers.

use std::net::{Ipv4Addr, SocketAddr};

use regrant_sandbox::{Clock, Sandbox, Settings, World};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

pub const STRICT_APP: (&str, &str) = ("400100200300400", "0123456789abcdef0123456789abcdef");
pub const APP: (&str, &str) = ("400100200300499", "fedcba9876543210fedcba9876543210");
pub const PERSON: &str = "100000000000001";
pub const MANAGED: &str = "100000000000002";
pub const BUSINESS: &str = "200000000000001";
pub const PAGE: &str = "300000000010001";
pub const AD_ACCOUNT: &str = "act_500000000010001";
pub const CATALOG: &str = "600000000010001";

pub struct Bench {
    pub sandbox: Sandbox,
    pub clock: Clock,
    pub http: Client,
}

impl Bench {
    pub async fn start() -> Self {
        Self::start_with(World::demo()).await
    }

    pub async fn start_with(world: World) -> Self {
        let (clock, listen) = (Clock::new(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let sandbox = Sandbox::start(Settings {
            listen,
            world,
            clock: clock.clone(),
        })
        .await
        .unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        Self {
            sandbox,
            clock,
            http,
        }
    }

    /// A GET call; `target` is appended to the base URL.
    pub async fn get(&self, target: &str) -> (u16, Value) {
        read_response(self.http.get(self.url(target)).send().await.unwrap()).await
    }

    /// Reads a node with a token of the app that requires no proof.
    pub async fn read(&self, token: &str, target: &str) -> (u16, Value) {
        let separator = if target.contains('?') { '&' } else { '?' };
        self.get(&format!("v26.0/{target}{separator}access_token={token}"))
            .await
    }

    pub async fn send(&self, method: Method, target: &str, form: &[(&str, &str)]) -> (u16, Value) {
        read_response(
            self.http
                .request(method, self.url(target))
                .form(form)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    /// A POST with a multipart body, as `curl -F` sends it.
    pub async fn post_parts(&self, target: &str, parts: &[(&str, &str)]) -> (u16, Value) {
        let part = |(name, value): &(&str, &str)| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = parts.iter().map(part).collect::<String>() + "--b--\r\n";
        let call = self.http.post(self.url(target));
        let call = call.header("Content-Type", "multipart/form-data; boundary=b");
        read_response(call.body(body).send().await.unwrap()).await
    }

    pub async fn batch(&self, token: &str, items: &Value) -> (u16, Value) {
        self.send(
            Method::POST,
            "v26.0/",
            &[("access_token", token), ("batch", &items.to_string())],
        )
        .await
    }

    pub async fn post_control(&self, path: &str, body: Value) -> (u16, Value) {
        let target = self.url(&format!("sandbox/{path}"));
        read_response(self.http.post(target).json(&body).send().await.unwrap()).await
    }

    pub async fn clear_faults(&self) {
        let target = self.url("sandbox/faults");
        self.http.delete(target).send().await.unwrap();
    }

    pub async fn calls(&self) -> Value {
        self.get("sandbox/calls").await.1
    }

    /// A token of the first person for the app that requires no proof.
    pub async fn person_token(&self) -> String {
        self.issue_token(json!({"person": PERSON, "app": APP.0}))
            .await
    }

    pub async fn issue_token(&self, input: Value) -> String {
        let (status, body) = self.post_control("tokens", input).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn page_token(&self, token: &str) -> String {
        let (_, page) = self
            .read(token, &format!("{PAGE}?fields=access_token"))
            .await;
        page["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn debug_token(&self, input: &str) -> Value {
        let (id, secret) = APP;
        let (status, body) = self
            .get(&format!(
                "debug_token?input_token={input}&access_token={id}|{secret}"
            ))
            .await;
        assert_eq!(status, 200, "{body}");
        body["data"].clone()
    }

    pub fn url(&self, target: &str) -> String {
        format!("{}/{target}", self.sandbox.url())
    }
}

/// Code and subcode of an error.
pub fn error_codes(body: &Value) -> (i64, Option<i64>) {
    (
        body["error"]["code"].as_i64().unwrap_or(0),
        body["error"]["error_subcode"].as_i64(),
    )
}

/// The body of a batch item.
pub fn item_body(item: &Value) -> Value {
    serde_json::from_str(item["body"].as_str().unwrap()).unwrap()
}

async fn read_response(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}
