//! The state of an asset: one pure function of facts and time.
//!
//! The rule: no known cut-off means unknown, never safe. One refused probe is `suspect`; two spaced ones, or one of a
//! definitive class, are `disconnected`. A Graph outage says nothing. An announced date that was never read on the
//! asset disconnects nothing by itself.
//! Start at [`AssetState::from_facts`]; `state/ending.rs` lists the endings, `state/reasons.rs` has the sentences.

mod ending;
mod reasons;

pub use ending::{Ending, EndingCause, endings};
use reasons::{ended, ends_soon, migrating, never_connected, not_probed, told_or, works};

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
    pub fn of(facts: &AssetFacts, now: Timestamp, notice: chrono::Duration) -> Self {
        let endings = endings(facts);
        let ending = endings.iter().min_by_key(|it| it.at).copied();
        let passed = endings
            .iter()
            // The refused probe itself reports a revocation, as it does every other refusal.
            .filter(|it| it.cause != EndingCause::Revoked)
            .filter(|it| it.confidence == Confidence::Certain && it.at <= now)
            .min_by_key(|it| it.at)
            .copied();
        let (status, since, reason) = judge(facts, now, notice, ending, passed);
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
    pub fn serves(&self) -> bool {
        self.status != Status::Disconnected
    }

    /// Who must act.
    #[must_use]
    pub const fn who(&self) -> Who {
        self.reason.who
    }
}

fn judge(
    facts: &AssetFacts,
    now: Timestamp,
    notice: chrono::Duration,
    ending: Option<Ending>,
    passed: Option<Ending>,
) -> (Status, Timestamp, Reason) {
    let failing = facts.failing.as_ref();
    let registered = facts.registered_at;
    if !facts.served() {
        let since = failing.map_or(registered, |(since, _)| *since);
        let reason = failing.map_or_else(never_connected, |(_, reason)| reason.clone());
        return (Status::Disconnected, since, reason);
    }
    if facts.definitive || facts.failures > 1 {
        let (since, reason) = told_or(failing, registered);
        return (Status::Disconnected, since, reason);
    }
    if let Some(passed) = passed {
        return (Status::Disconnected, passed.at, ended(passed.cause));
    }
    if facts.failures == 1 {
        let (since, reason) = told_or(failing, registered);
        return (Status::Suspect, since, reason);
    }
    let Some(proved_at) = facts.proved_at else {
        return (Status::Unproven, registered, not_probed());
    };
    if let Some(cut_off) = facts.cut_off {
        return (
            Status::Migrating,
            cut_off.learned_at,
            migrating(facts.parked),
        );
    }
    match ending.filter(|it| it.at - now <= notice) {
        Some(ending) => (
            Status::Expiring,
            ending.since.max(ending.at - notice),
            ends_soon(ending.cause),
        ),
        None => (
            Status::Healthy,
            facts.working_since.unwrap_or(proved_at),
            works(),
        ),
    }
}

#[cfg(test)]
mod tests;
