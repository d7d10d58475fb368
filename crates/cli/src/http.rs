//! HTTP as a client: towards our own API, the sandbox and, for `doctor`, the Graph.
//!
//! The rule: no proxy, no redirects, a time limit; an error never shows a URL's query or a body's secrets.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{RequestBuilder, Response, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};

/// The one way to make a client here.
pub(crate) fn client(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(timeout);
    client.build().context("cannot make an HTTP client")
}

/// Sends and reads a JSON answer.
pub(crate) async fn json<T: DeserializeOwned>(request: RequestBuilder) -> anyhow::Result<T> {
    let response = sent(request).await?;
    response
        .json()
        .await
        .map_err(reqwest::Error::without_url)
        .context("the answer is not what was expected")
}

/// Sends; anything but success is an error that says what the server said.
pub(crate) async fn sent(request: RequestBuilder) -> anyhow::Result<Response> {
    let response = request.send().await.map_err(reqwest::Error::without_url)?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let said = response.json::<Said>().await.unwrap_or_default().text();
    anyhow::bail!("{status}: {said}")
}

/// What servers say about a refusal: a problem (RFC 9457), or an error as Graph and the sandbox write it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    title: Option<String>,
    detail: Option<String>,
    error: Option<serde_json::Value>,
}

impl Said {
    fn text(self) -> String {
        let message = self
            .error
            .as_ref()
            .and_then(|it| it.get("message"))
            .and_then(|it| it.as_str());
        let parts = [self.title.as_deref(), self.detail.as_deref(), message];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            "without a word".to_owned()
        } else {
            parts.join(": ")
        }
    }
}
