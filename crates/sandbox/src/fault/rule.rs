//! A fault rule: which calls it matches, its effect, and how often it fires.
//!
//! The rule: an absent condition matches every call; a call must meet all conditions that are given.
//! Start at [`CallMatch::matches_call`].

use serde::{Deserialize, Serialize};

use super::Effect;
use crate::{token::TokenKind, world::Kind};

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
    pub asset: Option<TextList>,
    pub batch_item: Option<bool>,
    pub kind: Option<Kind>,
    /// The person or system user of the token; `*` matches any text; an app's own token has none.
    pub person: Option<TextList>,
    pub token_kind: Option<TokenKind>,
    /// The person or system user of the token that the call is about: the inspected or the exchanged
    /// one. `*` matches any text.
    pub input_person: Option<TextList>,
    /// The kind of the token that the call is about.
    pub input_kind: Option<TokenKind>,
}

/// One text or a list of texts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum TextList {
    One(String),
    Many(Vec<String>),
}

/// The properties of a call that rules match.
#[derive(Debug, Default)]
pub(crate) struct MatchSubject {
    pub path: String,
    pub operation: Operation,
    pub asset: Option<String>,
    pub kind: Option<Kind>,
    pub batch_item: bool,
    pub person: Option<String>,
    pub token_kind: Option<TokenKind>,
    pub input_person: Option<String>,
    pub input_kind: Option<TokenKind>,
}

/// The calls that an effect on answers concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Operation {
    DebugToken,
    Exchange,
    NodeRead,
    #[default]
    Other,
}

impl CallMatch {
    pub fn matches_call(&self, call: &MatchSubject) -> bool {
        matches_path(self.path.as_deref(), &call.path)
            && self
                .asset
                .as_ref()
                .is_none_or(|ids| call.asset.as_deref().is_some_and(|id| ids.has_text(id)))
            && is_wanted(self.kind, call.kind)
            && is_wanted(self.batch_item, Some(call.batch_item))
            && matches_any(self.person.as_ref(), call.person.as_deref())
            && is_wanted(self.token_kind, call.token_kind)
            && matches_any(self.input_person.as_ref(), call.input_person.as_deref())
            && is_wanted(self.input_kind, call.input_kind)
    }
}

impl TextList {
    fn texts(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    fn has_text(&self, text: &str) -> bool {
        self.texts().iter().any(|one| one == text)
    }
}

fn is_wanted<T: Copy + PartialEq>(wanted: Option<T>, found: Option<T>) -> bool {
    wanted.is_none() || wanted == found
}

fn matches_any(patterns: Option<&TextList>, text: Option<&str>) -> bool {
    let Some(patterns) = patterns else {
        return true;
    };
    let mut patterns = patterns.texts().iter();
    text.is_some_and(|text| patterns.any(|pattern| matches_glob(pattern, text)))
}

fn matches_path(pattern: Option<&str>, path: &str) -> bool {
    pattern.is_none_or(|pattern| matches_glob(normalize_path(pattern), path))
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
