//! What undoing a reconnect does to an asset: the decision table of an item of an undo.
//!
//! The rule: a previous token serves again only if it was proved on the asset now. Whatever came after the reconnect that
//! is undone wins, and every other result keeps what serves.
//! Start at [`UndoStanding::step`], then at [`decide_undo`]; `storage` applies the decision by compare-and-set.

use crate::{
    Certainty, NextStep, Outcome, ProbeResult, Reason, ReasonCode, Refusal, RefusalKind, Serving,
    Timestamp, Who,
};

/// What an asset holds before an item of an undo is settled. Reconnects are named by their numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UndoStanding {
    /// The reconnect that is undone.
    pub undone: i64,
    /// The newest reconnect that settled the asset; 0 if none did.
    pub settled: i64,
    /// The reconnect of the active credential; `None` without one.
    pub active: Option<i64>,
    /// The reconnect of the candidate; `None` without one.
    pub candidate: Option<i64>,
    /// Whether the credential that served before the active one is kept.
    pub has_previous: bool,
    /// Whether the active credential is believed to work.
    pub serves: bool,
}

/// What undoing needs on an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoStep {
    /// Prove the previous credential on the asset, and restore it if it works.
    ProvePrevious,
    /// Drop the candidate; the active credential stays.
    DropCandidate,
    /// A later reconnect has settled the asset, or its token waits there.
    Superseded,
    /// The token of the reconnect serves, and none is kept from before.
    NoPrevious,
    /// The token of the reconnect neither serves nor waits.
    NotServing,
}

/// What settling an item of an undo changes in the asset's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoChange {
    /// Seal the previous credential for the next generation and make it active; move the active one to `previous`.
    RestorePrevious,
    /// Delete the candidate.
    DropCandidate,
    /// Store only the item's outcome.
    Nothing,
}

/// The outcome of one item of an undo and what it does to the asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoDecision {
    /// The outcome of the item.
    pub outcome: Outcome,
    /// The change to store.
    pub change: UndoChange,
    /// Which token serves afterwards.
    pub serving: Serving,
    /// Why; `None` if the previous token simply serves again.
    pub reason: Option<Reason>,
    /// When to retry, where Graph named a time; `deferred` only.
    pub retry_at: Option<Timestamp>,
    /// Graph's trace id of the refusal.
    pub fbtrace_id: Option<String>,
}

impl UndoStanding {
    /// What undoing needs on this asset.
    #[must_use]
    pub fn step(&self) -> UndoStep {
        let newest = [Some(self.settled), self.active, self.candidate]
            .into_iter()
            .flatten()
            .max();
        if newest > Some(self.undone) {
            UndoStep::Superseded
        } else if self.active == Some(self.undone) && self.has_previous {
            UndoStep::ProvePrevious
        } else if self.active == Some(self.undone) {
            UndoStep::NoPrevious
        } else if self.candidate == Some(self.undone) {
            UndoStep::DropCandidate
        } else {
            UndoStep::NotServing
        }
    }

    /// Whether an undo can restore what served before, as far as the stored rows say.
    #[must_use]
    pub fn is_undoable(&self) -> bool {
        matches!(
            self.step(),
            UndoStep::ProvePrevious | UndoStep::DropCandidate
        )
    }

    /// What serves while the token of the reconnect stays.
    #[must_use]
    pub const fn token_of_reconnect(&self) -> Serving {
        if self.serves {
            Serving::New
        } else {
            Serving::None
        }
    }

    const fn token_of_before(&self) -> Serving {
        if self.serves {
            Serving::Old
        } else {
            Serving::None
        }
    }
}

/// Decides about an item; `proof` is the result of probing the previous credential on the asset. `None` where that
/// result is needed and absent.
#[must_use]
pub fn decide_undo(standing: &UndoStanding, proof: Option<&ProbeResult>) -> Option<UndoDecision> {
    let decision = match (standing.step(), proof) {
        (UndoStep::ProvePrevious, None) => return None,
        (UndoStep::ProvePrevious, Some(ProbeResult::Works(_))) => UndoDecision::new(
            Outcome::Restored,
            UndoChange::RestorePrevious,
            Serving::Old,
            None,
        ),
        (UndoStep::ProvePrevious, Some(ProbeResult::Refused(refusal))) => {
            decide_refused(refusal, standing)
        }
        (UndoStep::DropCandidate, _) => UndoDecision::new(
            Outcome::Restored,
            UndoChange::DropCandidate,
            standing.token_of_before(),
            Some(Reason::new(
                ReasonCode::ParkedTokenDropped,
                Who::NoOne,
                "The token that the reconnect had parked here was dropped.",
                NextStep::Nothing,
            )),
        ),
        (UndoStep::Superseded, _) => decide_without_change(
            Outcome::Superseded,
            Serving::New,
            ReasonCode::NewerReconnect,
            "A later reconnect of this asset settled first.",
        ),
        (UndoStep::NoPrevious, _) => decide_without_change(
            Outcome::NothingToUndo,
            standing.token_of_reconnect(),
            ReasonCode::NoPreviousToken,
            "No token served this asset before the reconnect, or it is not kept any more.",
        ),
        (UndoStep::NotServing, _) => decide_without_change(
            Outcome::NothingToUndo,
            standing.token_of_before(),
            ReasonCode::NoLongerServes,
            "The token of the reconnect does not serve this asset any more.",
        ),
    };
    Some(decision)
}

fn decide_refused(refusal: &Refusal, standing: &UndoStanding) -> UndoDecision {
    match (&refusal.kind, refusal.kind.certainty()) {
        (RefusalKind::Throttled { retry_at }, _) => UndoDecision {
            retry_at: Some(*retry_at),
            ..decide_deferred(refusal, standing)
        },
        (_, Certainty::Silent) => decide_deferred(refusal, standing),
        (_, Certainty::Doubtful) => decide_failed_undo(refusal, standing),
        (_, Certainty::Definitive | Certainty::Spaced) => decide_previous_dead(refusal, standing),
    }
}

fn decide_deferred(refusal: &Refusal, standing: &UndoStanding) -> UndoDecision {
    let meaning = refusal.kind.meaning();
    let next_step = match refusal.kind {
        RefusalKind::AppFault => NextStep::CorrectAppWhileRunning,
        _ => NextStep::WaitForReconnect,
    };
    let detail = refusal.message.clone();
    let reason = Reason::new(meaning.code, meaning.who, detail, next_step);
    refused_decision(Outcome::Deferred, refusal, standing, reason)
}

/// The decision for an item whose previous token is neither proved nor known to be dead, at the last retry at the latest.
#[must_use]
pub fn decide_failed_undo(refusal: &Refusal, standing: &UndoStanding) -> UndoDecision {
    let meaning = refusal.kind.meaning();
    let next_step = match refusal.kind {
        RefusalKind::AppFault => NextStep::CorrectAppThenUndo,
        _ => NextStep::UndoLater,
    };
    let (who, detail) = (meaning.who_after_last_try(), refusal.message.clone());
    let reason = Reason::new(meaning.code, who, detail, next_step);
    refused_decision(Outcome::Failed, refusal, standing, reason)
}

fn decide_previous_dead(refusal: &Refusal, standing: &UndoStanding) -> UndoDecision {
    let (who, next_step) = if standing.serves {
        (Who::NoOne, NextStep::Nothing)
    } else {
        (Who::Person, NextStep::Replace)
    };
    let detail = format!(
        "The token that served before does not work on this asset any more. {}",
        refusal.message
    );
    let reason = Reason::new(refusal.kind.meaning().code, who, detail, next_step);
    refused_decision(Outcome::PreviousDead, refusal, standing, reason)
}

fn refused_decision(
    outcome: Outcome,
    refusal: &Refusal,
    standing: &UndoStanding,
    reason: Reason,
) -> UndoDecision {
    let serving = standing.token_of_reconnect();
    UndoDecision {
        fbtrace_id: refusal.fbtrace_id.clone(),
        ..UndoDecision::new(outcome, UndoChange::Nothing, serving, Some(reason))
    }
}

fn decide_without_change(
    outcome: Outcome,
    serving: Serving,
    code: ReasonCode,
    detail: &str,
) -> UndoDecision {
    let reason = Reason::new(code, Who::NoOne, detail, NextStep::Nothing);
    UndoDecision::new(outcome, UndoChange::Nothing, serving, Some(reason))
}

impl UndoDecision {
    const fn new(
        outcome: Outcome,
        change: UndoChange,
        serving: Serving,
        reason: Option<Reason>,
    ) -> Self {
        Self {
            outcome,
            change,
            serving,
            reason,
            retry_at: None,
            fbtrace_id: None,
        }
    }
}

#[cfg(test)]
mod tests;
