//! Faults: rules that make calls fail, and how often each has fired.
//!
//! The rule: the first rule that matches and has uses left fires; latency rules add to it. With
//! `per_asset` every asset has a count of its own.
//! Start at [`Faults::apply_rules`]; `fault/rule.rs` matches one rule.

mod rule;

use std::collections::HashMap;

use serde::Serialize;

pub(crate) use rule::{Effect, ErrorFault, MatchSubject, NamedEffect, Rule, Throttle};

/// The effect of all rules on one call.
#[derive(Debug, Default)]
pub(crate) struct RuleOutcome {
    pub delay_ms: u64,
    pub effect: Option<Effect>,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<ActiveRule>,
    last_id: u64,
}

/// A rule and how often it fired.
#[derive(Debug, Serialize)]
pub(crate) struct ActiveRule {
    id: u64,
    #[serde(flatten)]
    rule: Rule,
    fired: u32,
    #[serde(skip)]
    by_asset: HashMap<String, u32>,
}

impl Faults {
    pub fn add_rule(&mut self, rule: Rule) -> u64 {
        self.last_id = self.last_id.saturating_add(1);
        self.rules.push(ActiveRule {
            id: self.last_id,
            rule,
            fired: 0,
            by_asset: HashMap::new(),
        });
        self.last_id
    }

    pub fn active_rules(&self) -> &[ActiveRule] {
        &self.rules
    }

    pub fn clear_rules(&mut self) -> usize {
        std::mem::take(&mut self.rules).len()
    }

    /// Removes one rule; false if there is none with this id.
    pub fn remove_rule(&mut self, id: u64) -> bool {
        let before = self.rules.len();
        self.rules.retain(|armed| armed.id != id);
        self.rules.len() < before
    }

    /// Fires the rules that match this call.
    pub fn apply_rules(&mut self, subject: &MatchSubject<'_>) -> RuleOutcome {
        let mut strike = RuleOutcome::default();
        for armed in &mut self.rules {
            let latency = armed.rule.effect.latency_ms();
            if (latency.is_none() && strike.effect.is_some()) || !armed.try_fire(subject) {
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

impl ActiveRule {
    fn try_fire(&mut self, subject: &MatchSubject<'_>) -> bool {
        let item_only = matches!(self.rule.effect, Effect::Named(NamedEffect::NullItem));
        if (item_only && !subject.batch_item) || !self.rule.wanted.matches_call(subject) {
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

#[cfg(test)]
mod tests;
