//! A fault rule: which calls it matches, and its effect.
//!
//! The rule: an absent condition matches every call; a call must meet all conditions that are given.
//! Start at [`CallMatch::matches_call`].

use serde::{Deserialize, Serialize};

use crate::world::Kind;

/// A rule in the form of `POST /sandbox/faults`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(default, rename = "match")]
    pub wanted: CallMatch,
    pub effect: Effect,
    /// How often it fires; absent: until it is cleared.
    pub times: Option<u32>,
    #[serde(default)]
    pub per_asset: bool,
}

/// The calls that a rule matches; an absent field matches every call.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CallMatch {
    /// The path without version and outer slashes; `*` matches any text. A batch call is `batch`.
    pub path: Option<String>,
    pub asset: Option<IdList>,
    pub batch_item: Option<bool>,
    pub kind: Option<Kind>,
    /// The person or system user of the token; `*` matches any text; an app's own token has none.
    pub person: Option<String>,
}

/// One id or a list of ids.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum IdList {
    One(String),
    Many(Vec<String>),
}

/// What happens to a call.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Effect {
    Named(NamedEffect),
    /// This status and text, like the response of a proxy.
    Raw {
        status: u16,
        body: String,
    },
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
}

/// A rate limit: the error code, and the minutes until access is regained.
/// With `business` the business use case header names the business of the asset, not the asset.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Throttle {
    pub code: i64,
    #[serde(default = "default_minutes")]
    pub minutes: u64,
    #[serde(default)]
    pub business: bool,
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
}

fn default_minutes() -> u64 {
    5
}

/// The properties of a call that rules match.
#[derive(Debug, Default)]
pub(crate) struct MatchSubject<'a> {
    pub path: &'a str,
    pub asset: Option<&'a str>,
    pub kind: Option<Kind>,
    pub batch_item: bool,
    pub person: Option<&'a str>,
}

impl Effect {
    pub fn latency_ms(&self) -> Option<u64> {
        match self {
            Self::Named(NamedEffect::LatencyMs(ms)) => Some(*ms),
            _ => None,
        }
    }
}

impl CallMatch {
    pub fn matches_call(&self, subject: &MatchSubject<'_>) -> bool {
        self.path
            .as_deref()
            .is_none_or(|path| matches_glob(normalize_path(path), subject.path))
            && self
                .asset
                .as_ref()
                .is_none_or(|ids| subject.asset.is_some_and(|id| ids.has_id(id)))
            && self.kind.is_none_or(|kind| subject.kind == Some(kind))
            && self
                .batch_item
                .is_none_or(|item| item == subject.batch_item)
            && self
                .person
                .as_deref()
                .is_none_or(|person| subject.person.is_some_and(|it| matches_glob(person, it)))
    }
}

impl IdList {
    fn has_id(&self, id: &str) -> bool {
        match self {
            Self::One(one) => one == id,
            Self::Many(many) => many.iter().any(|one| one == id),
        }
    }
}

/// A rule's path as calls spell it: batches are sent to the root.
fn normalize_path(path: &str) -> &str {
    match path.trim_matches('/') {
        "" => "batch",
        path => path,
    }
}

/// Whether `text` matches a pattern in which `*` matches any text.
pub(super) fn matches_glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|tail| {
            let mut starts = tail.char_indices().map(|(at, _)| at).chain([tail.len()]);
            starts.any(|at| tail.get(at..).is_some_and(|from| matches_glob(rest, from)))
        }),
    }
}
