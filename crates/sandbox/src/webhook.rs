//! Webhooks and callbacks to an app, signed with its secret.
//!
//! The rule: send to loopback URLs only. A failed delivery is repeated once at once, like Graph's.
//! `GET /sandbox/webhooks` lists all attempts.

mod challenge;
mod loopback;

use std::collections::VecDeque;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use crate::{
    migration::Migration,
    state::{SharedState, State},
    world::App,
};

pub(crate) use challenge::Challenge;
pub(crate) use loopback::parse_loopback_url;

const MAX_DELIVERIES: usize = 1_000;

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

/// A changed field of an object.
pub(crate) struct Change<'a> {
    pub object: &'a str,
    pub field: &'a str,
    /// The node that changed.
    pub entry: &'a str,
    pub value: Value,
}

/// The messages about a migration's cut-off, one for each app with a webhook.
pub(crate) fn build_migration_messages(
    state: &State,
    migration: &Migration,
) -> Vec<WebhookMessage> {
    let change = Change {
        object: "managed_meta_account",
        field: "migration_expire_time",
        entry: &migration.person,
        value: json!({
            "user_id": migration.person,
            "migration_expire_time": migration.cut_off.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }),
    };
    build_messages(state, &change, |_| true)
}

/// The messages about one changed field, one for each app that it concerns and that has a webhook for the object.
pub(crate) fn build_messages(
    state: &State,
    change: &Change<'_>,
    concerns: impl Fn(&App) -> bool,
) -> Vec<WebhookMessage> {
    let time = state.now().timestamp();
    let changes = json!([{"field": change.field, "value": change.value}]);
    let body = json!({
        "object": change.object,
        "entry": [{"id": change.entry, "time": time, "changes": changes}],
    })
    .to_string();
    let concerned = state.world.apps.iter().filter(|app| concerns(app));
    let listening = concerned
        .filter_map(|app| Some((app, parse_loopback_url(app.webhooks.get(change.object)?)?)));
    listening
        .map(|(app, url)| WebhookMessage {
            app: app.id.clone(),
            url,
            headers: format!(
                "Content-Type: application/json\r\nX-Hub-Signature-256: sha256={}\r\n",
                hmac_hex(&app.secret, body.as_bytes())
            ),
            body: body.clone(),
            object: change.object.to_owned(),
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
    let response = loopback::send_request(&message.url, &message.to_request()).await;
    let status = response.as_ref().map_or(0, |it| it.status);
    tracing::debug!(app.id = message.app, http.status = status, "webhook sent");
    let mut state = shared.lock_state();
    let at = state.now().to_rfc3339();
    if state.deliveries.len() >= MAX_DELIVERIES {
        state.deliveries.pop_front();
    }
    state.deliveries.push_back(Delivery {
        at,
        app: message.app.clone(),
        object: message.object.clone(),
        status,
        answer: response.and_then(|it| serde_json::from_str(&it.body).ok()),
    });
    status
}

impl WebhookMessage {
    fn to_request(&self) -> String {
        let (host, port) = loopback::address_of(&self.url);
        format!(
            "POST {} HTTP/1.1\r\nHost: {host}:{port}\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n{}",
            loopback::target_of(&self.url),
            self.headers,
            self.body.len(),
            self.body,
        )
    }
}
