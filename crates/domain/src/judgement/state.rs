//! The state of an asset: one pure function of facts and time.
//!
//! The rule: a proof on the asset outranks every date and every refusal before it. No known cut-off means unknown,
//! never safe. Refusals disconnect only as `refusals.rs` says, and a date only once it was read again after it arrived.
//! A Graph outage says nothing. Every state names the fact that explains it.
//! Start at [`AssetState::from_facts`]; `state/ending.rs` lists the endings, `state/reasons.rs` has the sentences.

mod ending;
mod reasons;

pub use ending::{Ending, EndingCause, list_endings};
use reasons::{
    reason_ended, reason_ends_soon, reason_migrating, reason_never_connected, reason_not_confirmed,
    reason_not_probed, reason_works,
};
pub use reasons::{reason_not_attributed, reason_unreadable};

use serde::{Deserialize, Serialize};

use crate::{
    AssetFacts, Confidence, DateStanding, Fact, FactName, Reason, ReasonCode, Timestamp, Weight,
    Who, closed_list, judge_date,
};

closed_list! {
    /// The status of an asset.
    pub enum Status: "state of an asset", serde {
        /// The token works and no ending is near.
        Healthy = "healthy",
        /// An ending is within the notice window.
        Expiring = "expiring",
        /// A cut-off is known; a candidate may be parked.
        Migrating = "migrating",
        /// A probe was refused, or a date has arrived that Graph has not confirmed.
        Suspect = "suspect",
        /// No working credential.
        Disconnected = "disconnected",
        /// Imported and not probed yet.
        Unproven = "unproven",
    }
}

/// The state of an asset at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetState {
    /// The status.
    pub status: Status,
    /// Since when the asset has this status.
    pub since: Timestamp,
    /// Why it has this status, who must act and how.
    pub reason: Reason,
    /// The fact that explains the status.
    pub fact: Fact,
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
        let ending = list_endings(facts).into_iter().min_by_key(|it| it.at);
        let Judgement {
            status,
            since,
            reason,
            fact,
        } = judge_status(facts, now, notice, ending);
        Self {
            status,
            since,
            reason,
            fact: facts
                .find_fact(fact)
                .unwrap_or_else(|| facts.registration()),
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

/// A status with what explains it.
struct Judgement {
    status: Status,
    since: Timestamp,
    reason: Reason,
    fact: FactName,
}

impl Judgement {
    const fn new(status: Status, since: Timestamp, reason: Reason, fact: FactName) -> Self {
        Self {
            status,
            since,
            reason,
            fact,
        }
    }
}

fn judge_status(
    facts: &AssetFacts,
    now: Timestamp,
    notice: chrono::Duration,
    ending: Option<Ending>,
) -> Judgement {
    judge_unreadable(facts)
        .or_else(|| judge_disconnected(facts, now))
        .or_else(|| judge_suspect(facts, now))
        .unwrap_or_else(|| judge_working(facts, now, notice, ending))
}

fn judge_unreadable(facts: &AssetFacts) -> Option<Judgement> {
    let (status, since) = (Status::Disconnected, facts.registered_at);
    facts
        .is_unreadable
        .then(|| Judgement::new(status, since, reason_unreadable(), FactName::Registration))
}

fn judge_disconnected(facts: &AssetFacts, now: Timestamp) -> Option<Judgement> {
    let refused = judge_refusals(facts, Status::Disconnected);
    if !facts.is_served() {
        let never = || {
            let since = facts.registered_at;
            let (status, fact) = (Status::Disconnected, FactName::Registration);
            Judgement::new(status, since, reason_never_connected(), fact)
        };
        return Some(refused.unwrap_or_else(never));
    }
    if facts.refusal_weight() == Some(Weight::Final) {
        return judge_expired(facts).or(refused);
    }
    find_arrived(facts, now, DateStanding::Passed).map(|it| {
        let (status, fact) = (Status::Disconnected, it.cause.fact());
        Judgement::new(status, it.at, reason_ended(it.cause), fact)
    })
}

/// The judgement where the token was refused as dead after it had expired: the refusal decides, and the reason is the
/// expiry.
fn judge_expired(facts: &AssetFacts) -> Option<Judgement> {
    let refusals = facts.refusals.as_ref();
    let died_at = refusals
        .filter(|it| it.reason.code == ReasonCode::TokenDead)?
        .since;
    let expiry = list_endings(facts).into_iter().find(|it| {
        let is_expiry = matches!(
            it.cause,
            EndingCause::TokenExpiry | EndingCause::SystemUser60Days
        );
        is_expiry && it.at <= died_at
    })?;
    let (status, fact) = (Status::Disconnected, FactName::Refusal);
    Some(Judgement::new(
        status,
        expiry.at,
        reason_ended(expiry.cause),
        fact,
    ))
}

fn judge_suspect(facts: &AssetFacts, now: Timestamp) -> Option<Judgement> {
    if facts.refusal_weight() == Some(Weight::Suspect) {
        return judge_refusals(facts, Status::Suspect);
    }
    find_arrived(facts, now, DateStanding::Unconfirmed).map(|it| {
        let (status, fact) = (Status::Suspect, it.cause.fact());
        Judgement::new(status, it.at, reason_not_confirmed(it.cause), fact)
    })
}

fn judge_working(
    facts: &AssetFacts,
    now: Timestamp,
    notice: chrono::Duration,
    ending: Option<Ending>,
) -> Judgement {
    let Some(proved_at) = facts.proved_at else {
        let (since, fact) = (facts.registered_at, FactName::Registration);
        return Judgement::new(Status::Unproven, since, reason_not_probed(), fact);
    };
    if let Some(cut_off) = facts.cut_off.filter(|it| it.at > proved_at) {
        let reason = reason_migrating(facts.has_candidate);
        return Judgement::new(
            Status::Migrating,
            cut_off.learned_at,
            reason,
            FactName::CutOff,
        );
    }
    match ending.filter(|it| it.at - now <= notice) {
        Some(it) => Judgement::new(
            Status::Expiring,
            window_opened_at(it, notice),
            reason_ends_soon(it.cause, facts.refresh_failed),
            it.cause.fact(),
        ),
        None => Judgement::new(
            Status::Healthy,
            facts.working_since.unwrap_or(proved_at),
            reason_works(),
            FactName::Proof,
        ),
    }
}

/// When the notice window of an ending opened, or when the ending became known in it.
fn window_opened_at(ending: Ending, notice: chrono::Duration) -> Timestamp {
    let opens_at = ending.at.checked_sub_signed(notice);
    opens_at.map_or(ending.since, |it| it.max(ending.since))
}

/// The judgement that the refusals give, where there are any.
fn judge_refusals(facts: &AssetFacts, status: Status) -> Option<Judgement> {
    let refusals = facts.refusals.as_ref()?;
    let is_revoked = refusals.reason.code == ReasonCode::Revoked;
    let fact = if is_revoked {
        FactName::Revocation
    } else {
        FactName::Refusal
    };
    Some(Judgement::new(
        status,
        refusals.since,
        refusals.reason.clone(),
        fact,
    ))
}

/// The earliest certain ending that has arrived with this standing.
fn find_arrived(facts: &AssetFacts, now: Timestamp, standing: DateStanding) -> Option<Ending> {
    let has_standing = |it: &Ending| match it.cause {
        // The refused probe itself reports a revocation, as it does every other refusal.
        EndingCause::Revoked | EndingCause::PersonLeaves => false,
        // Only a probe confirms a cut-off, and then its refusal is known.
        EndingCause::CutOff => {
            it.confidence == Confidence::Certain
                && judge_date(it.at, None, facts.proved_at, now) == standing
        }
        EndingCause::TokenExpiry | EndingCause::DataAccess | EndingCause::SystemUser60Days => {
            judge_date(it.at, facts.dates_read_at, facts.proved_at, now) == standing
        }
    };
    list_endings(facts)
        .into_iter()
        .filter(has_standing)
        .min_by_key(|it| it.at)
}

#[cfg(test)]
mod tests;
