//! An operator that calls the admin API.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

pub const PASSWORD: &str = "correct horse battery staple";

/// A logged-in operator.
#[derive(Clone)]
pub struct Operator {
    pub id: String,
    pub bearer: String,
    admin: String,
    http: reqwest::Client,
}

impl Operator {
    /// Logs in at the admin listener with this address.
    pub async fn log_in(admin: &str, name: &str, password: &str) -> Self {
        let (status, answer) = try_log_in(admin, name, password).await;
        assert_eq!(status, 201, "{answer}");
        let text = |it: &Value| it.as_str().expect("a text").to_owned();
        let (id, bearer) = (
            text(&answer["operator"]["id"]),
            text(&answer["access_token"]),
        );
        Self {
            id,
            bearer,
            admin: admin.to_owned(),
            http: super::http(),
        }
    }

    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/admin/v1{path}", self.admin))
            .bearer_auth(&self.bearer)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.call(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(self.call(Method::POST, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(self.call(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        answer(self.call(Method::DELETE, path)).await
    }
}

/// The response to a log-in.
pub async fn try_log_in(admin: &str, name: &str, password: &str) -> (u16, Value) {
    let body = json!({ "name": name, "password": password });
    answer(
        super::http()
            .post(format!("{admin}/admin/v1/session"))
            .json(&body),
    )
    .await
}

/// The status and the body of an answer.
pub async fn answer(call: RequestBuilder) -> (u16, Value) {
    let answer = call.send().await.expect("the admin listener answers");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}
