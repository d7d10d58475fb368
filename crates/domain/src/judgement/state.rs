//! The state of an asset: one pure function of facts and time.
//!
//! The rule: no known cut-off means unknown, never safe. One refused probe is `suspect`; two spaced ones, or one of a
//! definitive class, are `disconnected`. A Graph outage says nothing. An announced date that was never read on the
//! asset disconnects nothing by itself.
//! Start at [`AssetState::from_facts`]; `state/ending.rs` lists the endings, `state/reasons.rs` has the sentences.

mod ending;
mod reasons;

pub use ending::{Ending, EndingCause, list_endings};
use reasons::{
    failure_or_default, reason_ended, reason_ends_soon, reason_migrating, reason_never_connected,
    reason_not_probed, reason_works,
};

use crate::{AssetFacts, Confidence, Reason, Timestamp, Who, closed_list};

closed_list! {
    /// The status of an asset.
    pub enum Status: "state of an asset", serde {
        /// The token works and no ending is near.
        Healthy = "healthy",
        /// An ending is within the notice window.
        Expiring = "expiring",
        /// A cut-off is known; a candidate may be parked.
        Migrating = "migrating",
        /// One probe was refused.
        Suspect = "suspect",
        /// No working credential.
        Disconnected = "disconnected",
        /// Imported and not probed yet.
        Unproven = "unproven",
    }
}

/// The state of an asset at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetState {
    /// The status.
    pub status: Status,
    /// Since when the asset has this status.
    pub since: Timestamp,
    /// Why it has this status, who must act and how.
    pub reason: Reason,
    /// The earliest known ending.
    pub ending: Option<Ending>,
    /// When the next probe is due; `None` for an asset without a credential.
    pub next_check_at: Option<Timestamp>,
}

impl AssetState {
    /// The state of an asset with these facts at `now`.
    ///
    /// `notice` is how long before an ending the asset counts as `expiring`.
    #[must_use]
    pub fn from_facts(facts: &AssetFacts, now: Timestamp, notice: chrono::Duration) -> Self {
        let endings = list_endings(facts);
        let ending = endings.iter().min_by_key(|it| it.at).copied();
        let passed = endings
            .iter()
            // The refused probe itself reports a revocation, as it does every other refusal.
            .filter(|it| it.cause != EndingCause::Revoked)
            .filter(|it| it.confidence == Confidence::Certain && it.at <= now)
            .min_by_key(|it| it.at)
            .copied();
        let (status, since, reason) = judge_status(facts, now, notice, ending, passed);
        Self {
            status,
            since,
            reason,
            ending,
            next_check_at: facts.next_check_at,
        }
    }

    /// Whether the active credential is believed to work.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.status != Status::Disconnected
    }

    /// Who must act.
    #[must_use]
    pub const fn who_must_act(&self) -> Who {
        self.reason.who
    }
}

fn judge_status(
    facts: &AssetFacts,
    now: Timestamp,
    notice: chrono::Duration,
    ending: Option<Ending>,
    passed: Option<Ending>,
) -> (Status, Timestamp, Reason) {
    let failing = facts.failing.as_ref();
    let registered = facts.registered_at;
    if !facts.is_served() {
        let since = failing.map_or(registered, |(since, _)| *since);
        let reason = failing.map_or_else(reason_never_connected, |(_, reason)| reason.clone());
        return (Status::Disconnected, since, reason);
    }
    if facts.definitive || facts.failures > 1 {
        let (since, reason) = failure_or_default(failing, registered);
        return (Status::Disconnected, since, reason);
    }
    if let Some(passed) = passed {
        return (Status::Disconnected, passed.at, reason_ended(passed.cause));
    }
    if facts.failures == 1 {
        let (since, reason) = failure_or_default(failing, registered);
        return (Status::Suspect, since, reason);
    }
    let Some(proved_at) = facts.proved_at else {
        return (Status::Unproven, registered, reason_not_probed());
    };
    if let Some(cut_off) = facts.cut_off {
        return (
            Status::Migrating,
            cut_off.learned_at,
            reason_migrating(facts.has_candidate),
        );
    }
    match ending.filter(|it| it.at - now <= notice) {
        Some(ending) => (
            Status::Expiring,
            ending.since.max(ending.at - notice),
            reason_ends_soon(ending.cause),
        ),
        None => (
            Status::Healthy,
            facts.working_since.unwrap_or(proved_at),
            reason_works(),
        ),
    }
}

#[cfg(test)]
mod tests;
