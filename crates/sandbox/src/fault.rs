//! Faults: rules that make calls fail or change their answers, and how often each has fired.
//!
//! The rule: of the rules that replace an answer the first that matches and has uses left fires.
//! Latency adds to it, and changes of facts add up: the first rule that names a fact decides it. With
//! `per_asset` every asset has a count of its own.
//! Start at [`Faults::apply_rules`]; `fault/rule.rs` matches one rule, `fault/effect.rs` has the effects.

mod effect;
mod rule;

use std::collections::HashMap;

use serde::Serialize;

pub(crate) use effect::{
    Effect, ErrorFault, ExchangeResult, HeaderMap, Members, NamedEffect, Throttle, UsageHeader,
};
pub(crate) use rule::{MatchSubject, Operation, Rule};

/// The effect of all rules on one call.
#[derive(Debug, Default)]
pub(crate) struct RuleOutcome {
    pub delay_ms: u64,
    pub effect: Option<Effect>,
    pub changes: AnswerChanges,
}

/// What rules change in an answer that the sandbox gives.
#[derive(Debug, Default)]
pub(crate) struct AnswerChanges {
    pub debug: Members,
    pub fields: Members,
    pub exchange: Option<ExchangeResult>,
    pub empty_page: bool,
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
    pub fn apply_rules(&mut self, call: &MatchSubject) -> RuleOutcome {
        let mut outcome = RuleOutcome::default();
        for armed in &mut self.rules {
            let is_late = armed.rule.effect.replaces_answer() && outcome.effect.is_some();
            if !is_late && armed.try_fire(call) {
                outcome.add_effect(&armed.rule.effect);
            }
        }
        outcome
    }
}

impl RuleOutcome {
    fn add_effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Named(NamedEffect::LatencyMs(ms)) => {
                self.delay_ms = self.delay_ms.saturating_add(*ms);
            }
            Effect::Named(NamedEffect::Debug(members)) => {
                add_missing(&mut self.changes.debug, members);
            }
            Effect::Named(NamedEffect::Fields(members)) => {
                add_missing(&mut self.changes.fields, members);
            }
            Effect::Named(NamedEffect::EmptyPage) => self.changes.empty_page = true,
            Effect::Named(NamedEffect::Exchange(result)) => {
                self.changes.exchange.get_or_insert(*result);
            }
            replacing => self.effect = Some(replacing.clone()),
        }
    }
}

fn add_missing(members: &mut Members, more: &Members) {
    for (name, value) in more {
        members.entry(name).or_insert_with(|| value.clone());
    }
}

impl ActiveRule {
    fn try_fire(&mut self, call: &MatchSubject) -> bool {
        let effect = &self.rule.effect;
        let concerns = effect.concerns_call(call.operation, call.batch_item);
        if !concerns || !self.rule.wanted.matches_call(call) {
            return false;
        }
        let used = match &call.asset {
            Some(asset) if self.rule.per_asset => self.by_asset.entry(asset.clone()).or_default(),
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
