//! Faults: what goes wrong, for which calls and how often.
//!
//! The first rule that fits and has shots left fires; latency rules add up beside it. With `per_asset` every asset
//! has its own count. Start at [`Faults::strike`].

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::world::Kind;

/// A rule as `POST /sandbox/faults` takes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(default, rename = "match")]
    pub wanted: Match,
    pub effect: Effect,
    /// How often it fires; absent means until it is cleared.
    pub times: Option<u32>,
    #[serde(default)]
    pub per_asset: bool,
}

/// Which calls a rule is about; what is absent fits everything.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Match {
    /// The path without version and outer slashes; `*` stands for any text. A batch call is `batch`.
    pub path: Option<String>,
    pub asset: Option<OneOrMany>,
    pub batch_item: Option<bool>,
    pub kind: Option<Kind>,
    /// The person or system user of the token; `*` stands for any text; an app's own token has none.
    pub person: Option<String>,
}

/// One id or a list of ids.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// What happens to a call.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Effect {
    Named(Named),
    /// This status and text, as a proxy in between would answer.
    Raw {
        status: u16,
        body: String,
    },
}

/// The effects that have a name.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Named {
    Throttle(Throttle),
    Error(ErrorFault),
    LatencyMs(u64),
    /// The call succeeds, its usage header tells this per cent.
    Usage(u64),
    NullItem,
    Drop,
}

/// A rate limit: its code, and the minutes told until access is regained.
/// With `business` the header of a business use case names the asset's business, not the asset.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Throttle {
    pub code: i64,
    #[serde(default = "five")]
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

fn five() -> u64 {
    5
}

/// What a call is, as far as rules ask.
#[derive(Debug, Default)]
pub(crate) struct Subject<'a> {
    pub path: &'a str,
    pub asset: Option<&'a str>,
    pub kind: Option<Kind>,
    pub batch_item: bool,
    pub person: Option<&'a str>,
}

/// What the rules do to one call.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub delay_ms: u64,
    pub effect: Option<Effect>,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    armed: Vec<Armed>,
    last_id: u64,
}

/// A rule and how often it fired.
#[derive(Debug, Serialize)]
pub(crate) struct Armed {
    id: u64,
    #[serde(flatten)]
    rule: Rule,
    fired: u32,
    #[serde(skip)]
    by_asset: HashMap<String, u32>,
}

impl Faults {
    pub fn add(&mut self, rule: Rule) -> u64 {
        self.last_id = self.last_id.saturating_add(1);
        self.armed.push(Armed {
            id: self.last_id,
            rule,
            fired: 0,
            by_asset: HashMap::new(),
        });
        self.last_id
    }

    pub fn list(&self) -> &[Armed] {
        &self.armed
    }

    pub fn clear(&mut self) -> usize {
        std::mem::take(&mut self.armed).len()
    }

    /// Forget one rule; false if there is none with this id.
    pub fn remove(&mut self, id: u64) -> bool {
        let before = self.armed.len();
        self.armed.retain(|armed| armed.id != id);
        self.armed.len() < before
    }

    /// Fire what fits this call.
    pub fn strike(&mut self, subject: &Subject<'_>) -> Strike {
        let mut strike = Strike::default();
        for armed in &mut self.armed {
            let latency = armed.rule.effect.latency();
            if (latency.is_none() && strike.effect.is_some()) || !armed.fires(subject) {
                continue;
            }
            match latency {
                Some(ms) => strike.delay_ms = strike.delay_ms.saturating_add(ms),
                None => strike.effect = Some(armed.rule.effect.clone()),
            }
        }
        strike
    }
}

impl Armed {
    fn fires(&mut self, subject: &Subject<'_>) -> bool {
        let item_only = matches!(self.rule.effect, Effect::Named(Named::NullItem));
        if (item_only && !subject.batch_item) || !self.rule.wanted.fits(subject) {
            return false;
        }
        let used = match subject.asset {
            Some(asset) if self.rule.per_asset => {
                self.by_asset.entry(asset.to_owned()).or_default()
            }
            None if self.rule.per_asset => return false,
            _ => &mut self.fired,
        };
        if self.rule.times.is_some_and(|times| *used >= times) {
            return false;
        }
        *used = used.saturating_add(1);
        true
    }
}

impl Effect {
    fn latency(&self) -> Option<u64> {
        match self {
            Self::Named(Named::LatencyMs(ms)) => Some(*ms),
            _ => None,
        }
    }
}

impl Match {
    fn fits(&self, subject: &Subject<'_>) -> bool {
        self.path
            .as_deref()
            .is_none_or(|path| glob(normal(path), subject.path))
            && self
                .asset
                .as_ref()
                .is_none_or(|ids| subject.asset.is_some_and(|id| ids.has(id)))
            && self.kind.is_none_or(|kind| subject.kind == Some(kind))
            && self
                .batch_item
                .is_none_or(|item| item == subject.batch_item)
            && self
                .person
                .as_deref()
                .is_none_or(|person| subject.person.is_some_and(|it| glob(person, it)))
    }
}

impl OneOrMany {
    fn has(&self, id: &str) -> bool {
        match self {
            Self::One(one) => one == id,
            Self::Many(many) => many.iter().any(|one| one == id),
        }
    }
}

/// The root is where batches go.
fn normal(path: &str) -> &str {
    match path.trim_matches('/') {
        "" => "batch",
        path => path,
    }
}

/// Whether `text` fits a pattern in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|tail| {
            let mut starts = tail.char_indices().map(|(at, _)| at).chain([tail.len()]);
            starts.any(|at| tail.get(at..).is_some_and(|from| glob(rest, from)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn globs() {
        assert!(glob("*", "") && glob("me/*", "me/accounts") && glob("*/agencies", "12/agencies"));
        assert!(!glob("me", "me/accounts") && !glob("act_*", "12") && glob("a*b*c", "a1b2c"));
    }

    #[test]
    fn every_asset_has_its_own_count() {
        let mut faults = Faults::default();
        faults.add(rule(
            r#"{"match":{"kind":"page"},"effect":"null_item","times":1,"per_asset":true}"#,
        ));
        let mut hit = |asset| {
            let subject = Subject {
                path: asset,
                asset: Some(asset),
                kind: Some(Kind::Page),
                batch_item: true,
                person: None,
            };
            faults.strike(&subject).effect.is_some()
        };
        assert_eq!(
            [hit("1"), hit("2"), hit("1"), hit("2")],
            [true, true, false, false]
        );
    }

    #[test]
    fn any_person_is_not_the_app_itself() {
        let mut faults = Faults::default();
        faults.add(rule(r#"{"match":{"person":"*"},"effect":"drop"}"#));
        let mut hit = |person| {
            faults
                .strike(&Subject {
                    person,
                    ..Subject::default()
                })
                .effect
                .is_some()
        };
        assert_eq!([hit(Some("1")), hit(None)], [true, false]);
    }

    #[test]
    fn latency_adds_to_what_else_happens() {
        let mut faults = Faults::default();
        faults.add(rule(r#"{"effect":{"latency_ms":5}}"#));
        faults.add(rule(r#"{"effect":{"throttle":{"code":4}},"times":1}"#));
        let strike = faults.strike(&Subject::default());
        assert!(strike.delay_ms == 5 && strike.effect.is_some());
        assert!(faults.strike(&Subject::default()).effect.is_none());
    }
}
