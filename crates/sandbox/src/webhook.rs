//! Webhooks sent to an app, signed with its secret.
//!
//! They go to loopback URLs only: a simulator has no business with other hosts. A failed delivery is sent once more,
//! as Graph does at once; what became of each is told by `GET /sandbox/webhooks`.

use std::{collections::VecDeque, time::Duration};

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
    state::{Shared, State},
};

const TIMEOUT: Duration = Duration::from_secs(10);
const KEPT: usize = 1_000;

/// The last deliveries.
pub(crate) type Deliveries = VecDeque<Delivery>;

/// One attempt to deliver.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Delivery {
    at: String,
    app: String,
    object: String,
    /// The receiver's HTTP status; 0 when it could not be reached.
    status: u16,
}

/// A message ready to send.
pub(crate) struct Message {
    app: String,
    url: Url,
    signature: String,
    body: String,
    object: String,
}

/// The messages that tell every app with a webhook about a migration's cut-off.
pub(crate) fn migration_messages(state: &State, migration: &Migration) -> Vec<Message> {
    let value = json!({
        "user_id": migration.person,
        "migration_expire_time": migration.cut_off.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    messages(state, "managed_meta_account", "migration_expire_time", &migration.person, &value)
}

/// Messages about one changed field, for every app that listens.
pub(crate) fn messages(state: &State, object: &str, field: &str, entry: &str, value: &Value) -> Vec<Message> {
    let time = state.now().timestamp();
    let body = json!({
        "object": object,
        "entry": [{"id": entry, "time": time, "changes": [{"field": field, "value": value}]}],
    })
    .to_string();
    let listening =
        state.world.apps.iter().filter_map(|app| Some((app, loopback(app.webhook_url.as_deref()?)?)));
    listening
        .map(|(app, url)| Message {
            app: app.id.clone(),
            url,
            signature: format!("sha256={}", hmac_hex(&app.secret, body.as_bytes())),
            body: body.clone(),
            object: object.to_owned(),
        })
        .collect()
}

/// A URL to which webhooks may go: plain HTTP on loopback.
pub(crate) fn loopback(url: &str) -> Option<Url> {
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
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

/// Send each message and note what became of it.
pub(crate) async fn deliver(shared: Shared, messages: Vec<Message>) {
    for message in messages {
        let first = attempt(&shared, &message).await;
        if !(200..300).contains(&first) {
            attempt(&shared, &message).await;
        }
    }
}

async fn attempt(shared: &Shared, message: &Message) -> u16 {
    let sent = tokio::time::timeout(TIMEOUT, post(message)).await;
    let status = sent.ok().and_then(Result::ok).flatten().unwrap_or(0);
    tracing::debug!(app.id = message.app, http.status = status, "webhook sent");
    let mut state = shared.lock();
    let at = state.now().to_rfc3339();
    if state.deliveries.len() >= KEPT {
        state.deliveries.pop_front();
    }
    let (app, object) = (message.app.clone(), message.object.clone());
    state.deliveries.push_back(Delivery { at, app, object, status });
    status
}

/// One HTTP/1.1 request, written by hand; only the status of the answer matters.
async fn post(message: &Message) -> std::io::Result<Option<u16>> {
    let host = message.url.host_str().unwrap_or("127.0.0.1").trim_matches(['[', ']']);
    let port = message.url.port_or_known_default().unwrap_or(80);
    let mut stream = TcpStream::connect((host, port)).await?;
    let target = message.url.query().map_or_else(String::new, |query| format!("?{query}"));
    let head = format!(
        "POST {}{target} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n\
         X-Hub-Signature-256: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        message.url.path(),
        message.signature,
        message.body.len(),
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(message.body.as_bytes()).await?;
    let mut start = [0_u8; 12];
    stream.read_exact(&mut start).await?;
    let status = String::from_utf8_lossy(&start);
    Ok(status.split_whitespace().nth(1).and_then(|code| code.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_urls_receive_webhooks() {
        assert!(loopback("http://127.0.0.1:8080/x").is_some() && loopback("http://[::1]:1/").is_some());
        assert!(loopback("http://example.com/").is_none() && loopback("https://127.0.0.1/").is_none());
    }
}
