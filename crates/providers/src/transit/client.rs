//! Calls to the HTTP API of Vault or OpenBao.
//!
//! The rule: a call ends within [`TIMEOUT`]. A refused token is read from its file again once, because an agent may have
//! replaced it. A response is read up to [`MAX_RESPONSE_BYTES`].

use std::{sync::PoisonError, sync::RwLock, time::Duration};

use regrant_crypto::{ProviderError, ProviderKind};
use reqwest::{Method, StatusCode, redirect};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{SecretReader, TransitSettings};

const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_RESPONSE_BYTES: usize = 256 * 1024;

/// A client with its token.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    namespace: Option<String>,
    read_token: SecretReader,
    token: RwLock<Zeroizing<String>>,
}

/// What the service responded, if it was not what the caller asked for.
#[derive(Debug)]
pub(super) enum CallError {
    /// It did not respond, or not for now.
    Unavailable(String),
    /// It refused the call.
    Refused(StatusCode, String),
}

impl Client {
    pub(super) fn new(settings: TransitSettings) -> Result<Self, ProviderError> {
        let mut http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy();
        if let Some(pem) = &settings.ca_certificate {
            let certificates = reqwest::Certificate::from_pem_bundle(pem);
            let certificates =
                certificates.map_err(|error| unavailable(format!("its CA file: {error}")))?;
            http = http.tls_certs_merge(certificates);
        }
        let http = http
            .build()
            .map_err(|error| unavailable(error.to_string()))?;
        let client = Self {
            http,
            base: settings.address.as_str().trim_end_matches('/').to_owned(),
            namespace: settings.namespace,
            read_token: settings.read_token,
            token: RwLock::default(),
        };
        client.reload_token()?;
        Ok(client)
    }

    /// Calls and returns the field `data` of the response, or an empty object.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        let mut response = self.call_whole(method, path, body).await?;
        Ok(response
            .get_mut("data")
            .map(Value::take)
            .unwrap_or_default())
    }

    /// Calls and returns the whole response.
    pub(super) async fn call_whole(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        let first = self.send(method.clone(), path, body).await;
        match first {
            Err(CallError::Refused(StatusCode::FORBIDDEN, _)) if self.has_new_token() => {
                self.send(method, path, body).await
            }
            other => other,
        }
    }

    /// Reads the token from its file.
    pub(super) fn reload_token(&self) -> Result<(), ProviderError> {
        let read = (self.read_token)()
            .map_err(|error| unavailable(format!("its token cannot be read: {error}")))?;
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    fn has_new_token(&self) -> bool {
        let before = self.token();
        self.reload_token().is_ok() && self.token() != before
    }

    fn token(&self) -> Zeroizing<String> {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        token.clone()
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        let mut request = self
            .http
            .request(method, format!("{}/v1/{path}", self.base))
            .header("X-Vault-Token", self.token().as_str())
            .header("X-Vault-Request", "true");
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(CallError::of_transport)?;
        let status = response.status();
        let bytes = read_body(response).await?;
        if status.is_success() {
            let parsed = serde_json::from_slice(&bytes);
            return match parsed {
                Ok(value) => Ok(value),
                Err(_) if bytes.is_empty() => Ok(Value::Null),
                Err(_) => Err(CallError::Unavailable(
                    "its response is not JSON".to_owned(),
                )),
            };
        }
        Err(CallError::of_status(status, &bytes))
    }
}

impl CallError {
    fn of_transport(error: reqwest::Error) -> Self {
        let error = error.without_url();
        Self::Unavailable(regrant_domain::error_chain(&error))
    }

    /// 503 is a sealed or standby server, 429 a quota, 412 and 473 a replica that lags; none of them is for good.
    fn of_status(status: StatusCode, body: &[u8]) -> Self {
        let text = describe(body);
        let is_passing = status.is_server_error() || matches!(status.as_u16(), 412 | 429 | 473);
        if is_passing {
            let sealed = if status == StatusCode::SERVICE_UNAVAILABLE {
                " (sealed, or in standby)"
            } else {
                ""
            };
            return Self::Unavailable(format!("status {}{sealed}{text}", status.as_u16()));
        }
        Self::Refused(status, text)
    }
}

async fn read_body(mut response: reqwest::Response) -> Result<Zeroizing<Vec<u8>>, CallError> {
    let mut bytes = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(CallError::of_transport)? {
        if bytes.len().saturating_add(chunk.len()) > MAX_RESPONSE_BYTES {
            return Err(CallError::Unavailable(
                "its response is too long".to_owned(),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The messages of an error response, shortened. They hold no plaintext.
fn describe(body: &[u8]) -> String {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let errors = parsed.get("errors").and_then(Value::as_array);
    let texts = errors.into_iter().flatten().filter_map(Value::as_str);
    let text: String = texts.collect::<Vec<_>>().join("; ");
    if text.is_empty() {
        return String::new();
    }
    let shown: String = text
        .chars()
        .filter(|it| !it.is_control())
        .take(200)
        .collect();
    format!(": {shown}")
}

pub(super) fn unavailable(reason: String) -> ProviderError {
    ProviderError::Unavailable {
        provider: ProviderKind::Transit,
        reason,
    }
}
