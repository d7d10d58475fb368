//! Keeps the token of the service alive.
//!
//! The rule: a token is renewed after two thirds of its life. One that cannot be renewed is read from its file again, which
//! an agent or the operator replaces.

use std::{sync::Weak, time::Duration};

use regrant_domain::error_chain;
use reqwest::Method;
use serde_json::{Value, json};
use tracing::warn;

use super::client::{CallError, Client, unavailable};

/// When a token without an end is looked at again.
const LOOK_AGAIN: Duration = Duration::from_hours(1);
/// The least pause between two renewals.
const LEAST: Duration = Duration::from_secs(1);

/// Renews the token until the client is dropped.
pub(super) async fn keep_token_alive(client: Weak<Client>) {
    let mut pause = LEAST;
    loop {
        let Some(held) = client.upgrade() else { return };
        match renew_token(&held).await {
            Ok(next) => pause = next,
            Err(reason) => {
                let error = unavailable(reason);
                warn!(
                    alarm = "key_provider_token",
                    error = error_chain(&error),
                    "the token of the key provider is not renewed"
                );
                pause = pause.min(LOOK_AGAIN).max(LEAST);
                drop(held.reload_token());
            }
        }
        drop(held);
        tokio::time::sleep(pause).await;
    }
}

/// Renews the token; returns when to do so next.
async fn renew_token(client: &Client) -> Result<Duration, String> {
    let facts = client.call(Method::GET, "auth/token/lookup-self", None);
    let facts = facts.await.map_err(describe)?;
    let seconds = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64);
    let ttl = seconds(&facts, "ttl").unwrap_or_default();
    if ttl == 0 {
        return Ok(LOOK_AGAIN);
    }
    if facts.get("renewable").and_then(Value::as_bool) != Some(true) {
        client.reload_token().map_err(|error| error.to_string())?;
        return Ok(two_thirds(ttl));
    }
    let nothing = json!({});
    let renewed = client.call_whole(Method::POST, "auth/token/renew-self", Some(&nothing));
    let renewed = renewed.await.map_err(describe)?;
    let lease = renewed
        .get("auth")
        .and_then(|it| seconds(it, "lease_duration"));
    Ok(two_thirds(lease.unwrap_or(ttl)))
}

fn two_thirds(seconds: u64) -> Duration {
    let whole = Duration::from_secs(seconds);
    (whole.saturating_mul(2) / 3).clamp(LEAST, LOOK_AGAIN)
}

fn describe(error: CallError) -> String {
    match error {
        CallError::Unavailable(text) => text,
        CallError::Refused(status, text) => format!("status {}{text}", status.as_u16()),
    }
}
