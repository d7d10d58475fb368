//! Webhooks and callbacks to an app, signed with its secret.
//!
//! The rule: send to loopback URLs only. A failed delivery is repeated once at once, like Graph's.
//! `GET /sandbox/webhooks` lists all attempts.

use std::{collections::VecDeque, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::{Host, Url};

use crate::{
    migration::Migration,
    state::{SharedState, State},
};

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_DELIVERIES: usize = 1_000;
const MAX_RESPONSE_BYTES: u64 = 64 << 10;

/// The last deliveries.
pub(crate) type Deliveries = VecDeque<Delivery>;

/// One attempt to deliver a webhook.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Delivery {
    at: String,
    app: String,
    object: String,
    /// The receiver's HTTP status; 0 if it was not reached.
    status: u16,
    /// The response body, if it is JSON.
    answer: Option<Value>,
}

/// A message ready to send.
pub(crate) struct WebhookMessage {
    app: String,
    url: Url,
    /// Additional header lines.
    headers: String,
    body: String,
    object: String,
}

/// The messages about a migration's cut-off, one for each app with a webhook.
pub(crate) fn build_migration_messages(
    state: &State,
    migration: &Migration,
) -> Vec<WebhookMessage> {
    let value = json!({
        "user_id": migration.person,
        "migration_expire_time": migration.cut_off.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    build_messages(
        state,
        "managed_meta_account",
        "migration_expire_time",
        &migration.person,
        &value,
    )
}

/// The messages about one changed field, one for each app with a webhook.
pub(crate) fn build_messages(
    state: &State,
    object: &str,
    field: &str,
    entry: &str,
    value: &Value,
) -> Vec<WebhookMessage> {
    let time = state.now().timestamp();
    let body = json!({
        "object": object,
        "entry": [{"id": entry, "time": time, "changes": [{"field": field, "value": value}]}],
    })
    .to_string();
    let listening = state
        .world
        .apps
        .iter()
        .filter_map(|app| Some((app, parse_loopback_url(app.webhook_url.as_deref()?)?)));
    listening
        .map(|(app, url)| WebhookMessage {
            app: app.id.clone(),
            url,
            headers: format!(
                "Content-Type: application/json\r\nX-Hub-Signature-256: sha256={}\r\n",
                hmac_hex(&app.secret, body.as_bytes())
            ),
            body: body.clone(),
            object: object.to_owned(),
        })
        .collect()
}

/// The two kinds of callbacks.
#[derive(Clone, Copy)]
pub(crate) enum Callback {
    Deauthorize,
    DataDeletion,
}

/// The signed request to one app about a person; empty if the app has no URL for it.
pub(crate) fn build_callback(
    state: &State,
    callback: Callback,
    app: &str,
    person: &str,
) -> Vec<WebhookMessage> {
    let Some(app) = state.world.apps.find_by_id(app) else {
        return Vec::new();
    };
    let (url, object) = match callback {
        Callback::Deauthorize => (&app.deauthorize_url, "deauthorize"),
        Callback::DataDeletion => (&app.data_deletion_url, "data_deletion"),
    };
    let Some(url) = url.as_deref().and_then(parse_loopback_url) else {
        return Vec::new();
    };
    let now = state.now().timestamp();
    let payload = json!({"algorithm": "HMAC-SHA256", "issued_at": now, "expires": now + 3_600, "user_id": person});
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    let signature = URL_SAFE_NO_PAD.encode(hmac_bytes(&app.secret, payload.as_bytes()));
    vec![WebhookMessage {
        app: app.id.clone(),
        url,
        headers: "Content-Type: application/x-www-form-urlencoded\r\n".to_owned(),
        body: format!("signed_request={signature}.{payload}"),
        object: object.to_owned(),
    }]
}

/// Parses a URL that webhooks may be sent to: plain HTTP on loopback.
pub(crate) fn parse_loopback_url(url: &str) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    let is_loopback = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    (is_loopback && url.scheme() == "http").then_some(url)
}

/// Lower-case hex of HMAC-SHA256.
pub(crate) fn hmac_hex(key: &str, message: &[u8]) -> String {
    hex::encode(hmac_bytes(key, message))
}

fn hmac_bytes(key: &str, message: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return Vec::new();
    };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Sends each message, a failed one twice, and records the attempts.
pub(crate) async fn deliver_messages(shared: SharedState, messages: Vec<WebhookMessage>) {
    for message in messages {
        let first = attempt_delivery(&shared, &message).await;
        if !(200..300).contains(&first) {
            attempt_delivery(&shared, &message).await;
        }
    }
}

async fn attempt_delivery(shared: &SharedState, message: &WebhookMessage) -> u16 {
    let sent = tokio::time::timeout(TIMEOUT, post_message(message)).await;
    let (status, answer) = sent.ok().and_then(Result::ok).unwrap_or_default();
    tracing::debug!(app.id = message.app, http.status = status, "webhook sent");
    let mut state = shared.lock_state();
    let at = state.now().to_rfc3339();
    if state.deliveries.len() >= MAX_DELIVERIES {
        state.deliveries.pop_front();
    }
    let (app, object) = (message.app.clone(), message.object.clone());
    state.deliveries.push_back(Delivery {
        at,
        app,
        object,
        status,
        answer,
    });
    status
}

/// Sends one HTTP/1.1 request, written by hand; returns status and JSON of the response.
async fn post_message(message: &WebhookMessage) -> std::io::Result<(u16, Option<Value>)> {
    let host = message
        .url
        .host_str()
        .unwrap_or("127.0.0.1")
        .trim_matches(['[', ']']);
    let port = message.url.port_or_known_default().unwrap_or(80);
    let mut stream = TcpStream::connect((host, port)).await?;
    let target = message
        .url
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    let head = format!(
        "POST {}{target} HTTP/1.1\r\nHost: {host}:{port}\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n",
        message.url.path(),
        message.headers,
        message.body.len(),
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(message.body.as_bytes()).await?;
    let mut answer = Vec::new();
    stream
        .take(MAX_RESPONSE_BYTES)
        .read_to_end(&mut answer)
        .await?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer
        .split_whitespace()
        .nth(1)
        .and_then(|code| code.parse().ok());
    let body = answer
        .split_once("\r\n\r\n")
        .and_then(|(_, body)| serde_json::from_str(body).ok());
    Ok((status.unwrap_or(0), body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_urls_receive_webhooks() {
        assert!(
            parse_loopback_url("http://127.0.0.1:8080/x").is_some()
                && parse_loopback_url("http://[::1]:1/").is_some()
        );
        assert!(
            parse_loopback_url("http://example.com/").is_none()
                && parse_loopback_url("https://127.0.0.1/").is_none()
        );
    }
}
