//! What a probe result does to an asset: the decision table of a reconnect's item.
//!
//! The rule: only a credential that works on the asset, is not outranked and loses no task replaces an active one
//! that serves. Every other result keeps the active one.
//! Start at [`decide_outcome`]; `storage` applies the decision by compare-and-set.

mod refused;
mod tasks;

use self::{
    refused::{decide_missing_permission, decide_refused},
    tasks::find_lost_tasks,
};
pub use refused::decide_last_refusal;

use crate::{
    Certainty, CredentialKind, NextStep, Outcome, PersonId, ProbeFacts, ProbeResult, Reason,
    ReasonCode, Serving, Timestamp, Who,
};

/// The state of the asset's active credential before the item is settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not exclude each other"
)]
pub struct Standing {
    /// The kind of the active credential, if it has worked in a probe of this asset.
    pub working_kind: Option<CredentialKind>,
    /// Whether the active credential is believed to work: not expired, not cut off, not disconnected.
    pub serves: bool,
    /// Whether the active credential comes from the offered token itself.
    pub same_token: bool,
    /// The known tasks of the active credential.
    pub tasks: Vec<String>,
    /// Whether the asset's cut-off has passed, for the person whose token serves it.
    pub cut_off_passed: bool,
    /// Whether one more refusal of a class takes the active credential out of service.
    pub next_refusal_ends: bool,
    /// Whether refusals are held, because many persons are refused at once.
    pub refusals_held: bool,
}

impl Standing {
    /// The standing before a token of the person `offered`: a cut-off belongs to the person who serves the asset.
    #[must_use]
    pub fn for_person(&self, offered: Option<&PersonId>, serving: Option<&PersonId>) -> Self {
        Self {
            cut_off_passed: self.cut_off_passed && offered.is_some() && offered == serving,
            ..self.clone()
        }
    }
}

/// What settling an item changes in the asset's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialChange {
    /// Seal the new token and make it active; move the active one to `previous`.
    Activate,
    /// Reseal the active credential with the facts that the probe just read.
    Reseal,
    /// Keep the active credential; seal the new token as a standby.
    AddStandby,
    /// Keep the active credential; seal the new token as the candidate.
    Park,
    /// Keep the active credential, and count the refusal of its own token.
    CountRefusal(Certainty),
    /// Store only the item's outcome.
    Nothing,
}

/// The outcome of one item and what it does to the asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The outcome of the item.
    pub outcome: Outcome,
    /// The change to store.
    pub change: CredentialChange,
    /// Which token serves afterwards.
    pub serving: Serving,
    /// Why; `None` if the new token simply works.
    pub reason: Option<Reason>,
    /// When to retry; `deferred` only.
    pub retry_at: Option<Timestamp>,
    /// Graph's trace id of the refusal.
    pub fbtrace_id: Option<String>,
}

/// Decides what the probe result of a token of kind `offered` does to an asset with this `standing`.
#[must_use]
pub fn decide_outcome(
    offered: CredentialKind,
    result: &ProbeResult,
    standing: &Standing,
) -> Decision {
    match result {
        ProbeResult::Works(proven) => decide_working(offered, proven, standing),
        ProbeResult::Refused(refusal) => decide_refused(refusal, standing),
    }
}

fn decide_working(offered: CredentialKind, proven: &ProbeFacts, standing: &Standing) -> Decision {
    if standing.same_token {
        let reason = Reason::new(
            ReasonCode::SameToken,
            Who::NoOne,
            "This token is already active here, and it works.",
            NextStep::Nothing,
        );
        return keep_active(
            Outcome::Unchanged,
            CredentialChange::Reseal,
            Serving::Old,
            reason,
        );
    }
    let outranked = standing.working_kind == Some(CredentialKind::SystemUser)
        && offered != CredentialKind::SystemUser;
    if standing.serves && outranked {
        let reason = Reason::new(
            ReasonCode::Outranked,
            Who::NoOne,
            "A system user's token serves this asset and outranks a person's; the new one is kept as a standby.",
            NextStep::Nothing,
        );
        return keep_active(
            Outcome::Unchanged,
            CredentialChange::AddStandby,
            Serving::Old,
            reason,
        );
    }
    let lost = find_lost_tasks(proven, standing);
    if !lost.is_empty() {
        return decide_missing_permission(ReasonCode::MissingTask, &lost, standing, None);
    }
    Decision {
        outcome: Outcome::Replaced,
        change: CredentialChange::Activate,
        serving: Serving::New,
        reason: None,
        retry_at: None,
        fbtrace_id: None,
    }
}

fn old_token_or_none(standing: &Standing) -> Serving {
    if standing.serves {
        Serving::Old
    } else {
        Serving::None
    }
}

/// What becomes of a refreshed token where one of the same person waits for the asset and another person's serves it: it
/// waits in its stead. The next probe of what waits decides whether it takes over.
#[must_use]
pub fn decide_waiting(decision: Decision, result: &ProbeResult, standing: &Standing) -> Decision {
    let may_wait = match result {
        ProbeResult::Works(_) => true,
        ProbeResult::Refused(it) => it.kind.is_not_reached(),
    };
    if !may_wait {
        return decision;
    }
    let detail = "The token that waits for this asset was refreshed; it still waits.";
    let reason = Reason::new(
        ReasonCode::NotReachedYet,
        Who::BusinessAdmin,
        detail,
        NextStep::CompleteMigration,
    );
    let serving = old_token_or_none(standing);
    keep_active(Outcome::Parked, CredentialChange::Park, serving, reason)
}

/// What becomes of a refreshed token where one of the same person is a standby of the asset and another person's serves it:
/// it is the standby in its stead.
#[must_use]
pub fn decide_standby(decision: Decision, result: &ProbeResult, standing: &Standing) -> Decision {
    if matches!(result, ProbeResult::Refused(_)) {
        return decision;
    }
    let reason = Reason::new(
        ReasonCode::Outranked,
        Who::NoOne,
        "The standby of this asset was refreshed; another person's token serves it.",
        NextStep::Nothing,
    );
    let (change, serving) = (CredentialChange::AddStandby, old_token_or_none(standing));
    keep_active(Outcome::Unchanged, change, serving, reason)
}

fn keep_active(
    outcome: Outcome,
    effect: CredentialChange,
    serving: Serving,
    reason: Reason,
) -> Decision {
    Decision {
        outcome,
        change: effect,
        serving,
        reason: Some(reason),
        retry_at: None,
        fbtrace_id: None,
    }
}

#[cfg(test)]
mod tests;
