//! One attempt to deliver: signs the message, sends it, reads status and `Retry-After`.
//!
//! The rule: keep nothing of the response but status and `Retry-After`; read a small part of the body
//! and discard it. No connection outlives its attempt, so that every attempt checks its address.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{
    Response,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect,
};

use crate::{
    Destination, DestinationRefusal, Settings, WebhookSecret, name_lookup::PublicResolver,
    signature::signature_header,
};

/// How many bytes of a response body are read.
const MAX_BODY_BYTES: usize = 16 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A message to one consumer. The signed bytes are the sent bytes.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The same on every attempt, so that the consumer can drop duplicates.
    pub id: &'a str,
    /// The time of this attempt.
    pub at: DateTime<Utc>,
    /// Compact JSON.
    pub body: &'a [u8],
}

/// The outcome of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendOutcome {
    /// The consumer responded.
    Answered {
        /// The HTTP status.
        status: u16,
        /// How long the consumer asks to wait before the next attempt.
        retry_after: Option<Duration>,
    },
    /// There is no response.
    Failed(SendFailure),
}

/// Why there is no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// Webhooks are not sent to this destination.
    #[error("{0}")]
    Refused(DestinationRefusal),
    /// The attempt took too long.
    #[error("no response in time")]
    Timeout,
    /// No connection, or no valid certificate.
    #[error("no connection")]
    Connection,
    /// The response was truncated or not HTTP.
    #[error("the response broke off")]
    Broken,
}

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client of webhooks could not be built")]
pub struct SendError(#[source] reqwest::Error);

/// Sends webhooks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    http: reqwest::Client,
    settings: Arc<Settings>,
}

impl Sender {
    /// A sender that connects to public addresses only.
    pub fn new(settings: Settings) -> Result<Self, SendError> {
        let filter = PublicResolver {
            names: settings.names.clone(),
            allow_loopback: settings.allow_loopback,
        };
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .https_only(!settings.allow_loopback)
            .dns_resolver(Arc::new(filter))
            .pool_max_idle_per_host(0)
            .gzip(false)
            .timeout(settings.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
            .user_agent(concat!("regrant/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| SendError(error.without_url()))?;
        Ok(Self {
            http,
            settings: Arc::new(settings),
        })
    }

    /// The limits in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Checks a tenant's URL without any network call.
    ///
    /// # Errors
    /// Why nothing is sent to this URL.
    pub fn check_destination(&self, url: &str) -> Result<Destination, DestinationRefusal> {
        Destination::parse(url, self.settings.allow_loopback)
    }

    /// Sends a message once, signed with every one of `secrets`.
    pub async fn send_message(
        &self,
        url: &str,
        secrets: &[WebhookSecret],
        message: Message<'_>,
    ) -> SendOutcome {
        // Checked again: the URL may have been stored when other rules applied.
        let destination = match self.check_destination(url) {
            Ok(destination) => destination,
            Err(refusal) => return SendOutcome::Failed(SendFailure::Refused(refusal)),
        };
        let timestamp = message.at.timestamp();
        let call = self
            .http
            .post(destination.to_url())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", timestamp)
            .header(
                "webhook-signature",
                signature_header(secrets, message.id, timestamp, message.body),
            )
            .body(message.body.to_vec());
        match call.send().await {
            Ok(response) => read_response(response, message.at).await,
            Err(error) => SendOutcome::Failed(classify_failure(&error)),
        }
    }
}

/// Reads the head and a small part of the body, so that a good connection closes cleanly. A failure
/// after the head does not count.
async fn read_response(mut response: Response, at: DateTime<Utc>) -> SendOutcome {
    let (status, retry_after) = (
        response.status().as_u16(),
        parse_retry_after(response.headers(), at),
    );
    let mut room = MAX_BODY_BYTES;
    while let Ok(Some(chunk)) = response.chunk().await {
        room = room.saturating_sub(chunk.len());
        if room == 0 {
            break;
        }
    }
    SendOutcome::Answered {
        status,
        retry_after,
    }
}

/// Seconds, or a date (RFC 9110 §10.2.3).
fn parse_retry_after(headers: &HeaderMap, at: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = DateTime::parse_from_rfc2822(text).ok()?.to_utc();
    Some((then - at).to_std().unwrap_or_default())
}

fn classify_failure(error: &reqwest::Error) -> SendFailure {
    match find_refusal_cause(error) {
        Some(refusal) => SendFailure::Refused(refusal),
        None if error.is_timeout() => SendFailure::Timeout,
        None if error.is_connect() => SendFailure::Connection,
        None => SendFailure::Broken,
    }
}

/// The refusal of the address filter, which reqwest wraps several times.
fn find_refusal_cause(error: &reqwest::Error) -> Option<DestinationRefusal> {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if let Some(refusal) = cause.downcast_ref() {
            return Some(*refusal);
        }
        next = cause.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let at = DateTime::parse_from_rfc3339("1994-11-06T08:49:07Z")
            .unwrap()
            .to_utc();
        let parse = |text: &str| {
            parse_retry_after(
                &HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]),
                at,
            )
        };
        assert_eq!(parse("120"), Some(Duration::from_mins(2)));
        assert_eq!(
            parse("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(parse("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!((parse("soon"), parse("-1"), parse("")), (None, None, None));
    }
}
