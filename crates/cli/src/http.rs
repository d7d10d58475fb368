//! The HTTP client, for our own API, the sandbox and (in `doctor` only) Graph.
//!
//! The rule: no proxy, no redirects, a time limit; an error never shows a URL's query or a secret of a body.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{RequestBuilder, Response, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};

/// Builds a client; there is no other way to build one in this crate.
pub(crate) fn build_client(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(timeout);
    client.build().context("cannot make an HTTP client")
}

/// Sends the request and parses the JSON response.
pub(crate) async fn send_for_json<T: DeserializeOwned>(
    request: RequestBuilder,
) -> anyhow::Result<T> {
    let response = send_expecting_success(request).await?;
    response
        .json()
        .await
        .map_err(reqwest::Error::without_url)
        .context("the response is not the expected JSON")
}

/// Sends the request; a status other than success is an error with the message of the server.
pub(crate) async fn send_expecting_success(request: RequestBuilder) -> anyhow::Result<Response> {
    let response = request.send().await.map_err(reqwest::Error::without_url)?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let message = response
        .json::<ErrorBody>()
        .await
        .unwrap_or_default()
        .into_message();
    anyhow::bail!("{status}: {message}")
}

/// The body of an error: a problem (RFC 9457), or an error of Graph and the sandbox.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    title: Option<String>,
    detail: Option<String>,
    error: Option<serde_json::Value>,
}

impl ErrorBody {
    fn into_message(self) -> String {
        let message = self
            .error
            .as_ref()
            .and_then(|it| it.get("message"))
            .and_then(|it| it.as_str());
        let parts = [self.title.as_deref(), self.detail.as_deref(), message];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            "no message".to_owned()
        } else {
            parts.join(": ")
        }
    }
}
