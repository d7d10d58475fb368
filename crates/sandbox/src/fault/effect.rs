//! The effects of fault rules, as `POST /sandbox/faults` writes them.
//!
//! The rule: an effect either replaces the answer (an error, a throttle, a dropped connection) or
//! changes the answer that the sandbox gives anyway (its delay, its facts). [`Effect::replaces_answer`]
//! says which; [`Effect::check_values`] refuses what no response can carry.

use std::collections::BTreeMap;

use actix_web::http::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Operation;

/// Members of a JSON object; `null` removes one.
pub(crate) type Members = Map<String, Value>;

/// Response headers by name.
pub(crate) type HeaderMap = BTreeMap<String, String>;

/// What happens to a call.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Effect {
    Named(NamedEffect),
    Raw(RawAnswer),
}

/// The effects that have a name.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NamedEffect {
    Throttle(Throttle),
    Error(ErrorFault),
    LatencyMs(u64),
    /// The call succeeds; its usage header reports this percentage.
    Usage(u64),
    NullItem,
    Drop,
    /// A page of a list is empty although more follow; nothing of the list is lost.
    EmptyPage,
    /// Members of `data` in answers of `debug_token`.
    Debug(Members),
    /// Fields of the answer of a node.
    Fields(Members),
    Exchange(ExchangeResult),
}

/// This status and text, like the response of a proxy.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAnswer {
    pub status: u16,
    pub body: String,
    #[serde(default)]
    pub headers: HeaderMap,
}

/// An exchange that brings no later end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExchangeResult {
    /// The answer is the submitted token.
    SameToken,
    /// The answer is another token with the same end.
    SameEnd,
}

/// A rate limit: the error, and what the usage header reports.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Throttle {
    pub code: i64,
    pub subcode: Option<i64>,
    pub message: Option<String>,
    pub http: Option<u16>,
    /// Until access is regained.
    #[serde(default = "default_minutes")]
    pub minutes: u64,
    /// The header names the business of the asset, not the asset.
    #[serde(default)]
    pub business: bool,
    /// Absent: the business use case for codes from 80000, the app for all others.
    pub header: Option<UsageHeader>,
    /// The use case in the header; absent: the one of the code.
    #[serde(rename = "type")]
    pub use_case: Option<String>,
}

/// The header that reports a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UsageHeader {
    App,
    Page,
    AdAccount,
    BusinessUseCase,
    None,
}

/// Any Graph error.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorFault {
    pub code: i64,
    pub subcode: Option<i64>,
    pub message: Option<String>,
    pub http: Option<u16>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub is_transient: Option<bool>,
    /// Any JSON; Graph also writes a string that holds JSON.
    pub error_data: Option<Value>,
    pub user_title: Option<String>,
    pub user_msg: Option<String>,
    #[serde(default)]
    pub headers: HeaderMap,
}

fn default_minutes() -> u64 {
    5
}

impl Effect {
    /// Whether at most one such effect hits a call; the others add up.
    pub fn replaces_answer(&self) -> bool {
        use NamedEffect::{Debug, EmptyPage, Exchange, Fields, LatencyMs};
        !matches!(
            self,
            Self::Named(LatencyMs(_) | Debug(_) | Fields(_) | Exchange(_) | EmptyPage)
        )
    }

    /// Whether this effect can hit such a call.
    pub fn concerns_call(&self, operation: Operation, is_batch_item: bool) -> bool {
        match self {
            Self::Named(NamedEffect::NullItem) => is_batch_item,
            Self::Named(NamedEffect::Debug(_)) => operation == Operation::DebugToken,
            Self::Named(NamedEffect::Fields(_)) => operation == Operation::NodeRead,
            Self::Named(NamedEffect::Exchange(_)) => operation == Operation::Exchange,
            _ => true,
        }
    }

    /// Refuses a status or a header that no response can have; the text says why.
    pub fn check_values(&self) -> Result<(), String> {
        let none = HeaderMap::new();
        let (status, headers) = match self {
            Self::Raw(raw) => (Some(raw.status), &raw.headers),
            Self::Named(NamedEffect::Error(fault)) => (fault.http, &fault.headers),
            Self::Named(NamedEffect::Throttle(throttle)) => (throttle.http, &none),
            Self::Named(_) => (None, &none),
        };
        if status.is_some_and(|status| !(200..600).contains(&status)) {
            return Err("an HTTP status is between 200 and 599".to_owned());
        }
        headers
            .iter()
            .try_for_each(|(name, value)| check_header(name, value))
    }
}

fn check_header(name: &str, value: &str) -> Result<(), String> {
    let is_framing = ["content-length", "transfer-encoding", "connection"]
        .iter()
        .any(|framing| name.eq_ignore_ascii_case(framing));
    if is_framing {
        return Err(format!("the server itself writes the header {name}"));
    }
    let is_valid = HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
    if is_valid {
        Ok(())
    } else {
        Err(format!(
            "{name:?} is not a valid header, or its value is not"
        ))
    }
}
