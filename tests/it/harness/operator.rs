//! An operator that calls the admin API.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

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

    /// Begins a call and holds its body back, so that the caller is authenticated and nothing is done.
    pub async fn hold_post(&self, path: &str, body: &Value) -> HeldCall {
        let body = body.to_string();
        let target = self.admin.trim_start_matches("http://");
        let mut stream = TcpStream::connect(target).await.expect("a connection");
        let (bearer, length) = (&self.bearer, body.len());
        let head = format!(
            "POST /admin/v1{path} HTTP/1.1\r\nHost: {target}\r\nAuthorization: Bearer {bearer}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("written");
        tokio::time::sleep(Duration::from_millis(500)).await;
        HeldCall { stream, body }
    }

    pub async fn patch(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(self.call(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        answer(self.call(Method::DELETE, path)).await
    }
}

/// A call whose body is held back.
pub struct HeldCall {
    stream: TcpStream,
    body: String,
}

impl HeldCall {
    /// Sends the body; returns the status.
    pub async fn finish(mut self) -> u16 {
        let sent = self.stream.write_all(self.body.as_bytes()).await;
        sent.expect("written");
        let mut answer = String::new();
        let read = self.stream.read_to_string(&mut answer).await;
        read.expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
        status.unwrap_or_else(|| panic!("{answer}"))
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
