//! What an asset is worth now: one pure function of facts and time.
//!
//! The rule: an absent cut-off means unknown, never safe; one failed proof is `suspect`, two spaced
//! ones or a definitive class are `disconnected`; a Graph outage is no proof at all; a date that was
//! announced but never read on the asset disconnects nothing by itself.

use crate::{
    AssetFacts, Confidence, CredentialKind, CutOffSource, Reason, ReasonCode, Timestamp, Who,
    closed_list,
};

closed_list! {
    /// The state of an asset (closed list).
    pub enum Status: "state of an asset", serde {
        /// Proved, and no ending is near.
        Healthy = "healthy",
        /// An ending lies within the notice window.
        Expiring = "expiring",
        /// A cut-off is known; a candidate may be parked.
        Migrating = "migrating",
        /// One proof failed.
        Suspect = "suspect",
        /// No working credential.
        Disconnected = "disconnected",
        /// Imported, not probed.
        Unproven = "unproven",
    }
}

closed_list! {
    /// Why an asset will stop, or has stopped, working.
    pub enum EndingCause: "cause of an ending", serde {
        /// The token ends.
        TokenExpiry = "token_expiry",
        /// Data access ends (90 days).
        DataAccess = "data_access",
        /// A system user's token of the 60-day kind ends.
        SystemUser60Days = "system_user_60_days",
        /// The person's access to the asset ends.
        CutOff = "cut_off",
        /// The person took the app's access back.
        Revoked = "revoked",
        /// The person leaves; only where that is asked for (`what_if_person_leaves`).
        PersonLeaves = "person_leaves",
    }
}

impl EndingCause {
    /// Who must act on it.
    #[must_use]
    pub const fn who(self) -> Who {
        match self {
            // The worker refreshes these itself.
            Self::SystemUser60Days => Who::Nobody,
            Self::TokenExpiry | Self::DataAccess | Self::CutOff | Self::Revoked => Who::Person,
            // Who leaves can no longer act.
            Self::PersonLeaves => Who::BusinessAdmin,
        }
    }
}

/// The earliest known date on which an asset stops working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: EndingCause,
    /// Since when it is known.
    pub since: Timestamp,
    /// How far it may be relied on.
    pub confidence: Confidence,
    /// How it was learned; cut-offs only.
    pub source: Option<CutOffSource>,
    /// Who must act.
    pub who: Who,
}

/// The state of an asset at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetState {
    /// The state.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// Why it is in this state, who must act and what comes next.
    pub reason: Reason,
    /// The earliest known ending.
    pub ending: Option<Ending>,
    /// When a probe asks next; `None` where there is nothing to ask with.
    pub next_check_at: Option<Timestamp>,
}

impl AssetState {
    /// The state of an asset with these facts at `now`; `notice` is how early an ending shows.
    #[must_use]
    pub fn of(facts: &AssetFacts, now: Timestamp, notice: chrono::Duration) -> Self {
        let endings = endings(facts);
        let ending = endings.iter().min_by_key(|it| it.at).copied();
        let passed = endings
            .iter()
            // A revocation is told by what failed, like every other failed proof.
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

fn told_or(failing: Option<&(Timestamp, Reason)>, since: Timestamp) -> (Timestamp, Reason) {
    failing.cloned().unwrap_or_else(|| {
        let detail = "Proofs of the token failed.";
        (
            since,
            Reason::new(ReasonCode::Unclassified, Who::Person, detail, REPLACE),
        )
    })
}

/// Every known ending of what serves now.
#[must_use]
pub fn endings(facts: &AssetFacts) -> Vec<Ending> {
    let token_cause = if facts.active == Some(CredentialKind::SystemUser) {
        EndingCause::SystemUser60Days
    } else {
        EndingCause::TokenExpiry
    };
    let known = facts
        .working_since
        .or(facts.proved_at)
        .unwrap_or(facts.registered_at);
    let own = |at: Option<Timestamp>, cause: EndingCause| {
        let certain = Confidence::Certain;
        at.map(|at| Ending {
            at,
            cause,
            since: known,
            confidence: certain,
            source: None,
            who: cause.who(),
        })
    };
    let cut_off = facts.cut_off.map(|it| Ending {
        at: it.at,
        cause: EndingCause::CutOff,
        since: it.learned_at,
        confidence: it.source.confidence(),
        source: Some(it.source),
        who: EndingCause::CutOff.who(),
    });
    let revoked = facts
        .failing
        .as_ref()
        .filter(|(_, reason)| reason.code == ReasonCode::Revoked);
    let revoked = revoked.and_then(|(since, _)| own(Some(*since), EndingCause::Revoked));
    let revoked = revoked.map(|it| Ending { since: it.at, ..it });
    [
        cut_off,
        own(facts.expires_at, token_cause),
        own(facts.data_access_expires_at, EndingCause::DataAccess),
        revoked,
    ]
    .into_iter()
    .flatten()
    .collect()
}

const REPLACE: &str = "Log in again and replace with the new token.";

fn never_connected() -> Reason {
    let detail = "No token was ever stored for this asset.";
    Reason::new(
        ReasonCode::NeverConnected,
        Who::Person,
        detail,
        "Replace tokens with one that reaches it.",
    )
}

fn ended(cause: EndingCause) -> Reason {
    let (code, detail) = match cause {
        EndingCause::CutOff => (
            ReasonCode::CutOffPassed,
            "The cut-off of this asset has passed for the token's person.",
        ),
        EndingCause::DataAccess => (
            ReasonCode::DataAccessExpired,
            "Data access of this token has lapsed.",
        ),
        EndingCause::TokenExpiry | EndingCause::SystemUser60Days => {
            (ReasonCode::TokenExpired, "The token has expired.")
        }
        EndingCause::Revoked | EndingCause::PersonLeaves => (
            ReasonCode::Revoked,
            "The person took the app's access back.",
        ),
    };
    Reason::new(code, Who::Person, detail, REPLACE)
}

fn not_probed() -> Reason {
    let detail = "The token was imported and no probe has asked yet.";
    Reason::new(
        ReasonCode::NotProbed,
        Who::Nobody,
        detail,
        "The worker probes it.",
    )
}

fn migrating(parked: bool) -> Reason {
    let detail =
        "The person's access to this asset ends at its cut-off: they move to a managed account.";
    if parked {
        let next_step =
            "A new token waits; it takes over by itself once the business has migrated.";
        return Reason::new(
            ReasonCode::CutOffKnown,
            Who::BusinessAdmin,
            detail,
            next_step,
        );
    }
    let next_step = "Replace with a token of the managed account before the cut-off.";
    Reason::new(ReasonCode::CutOffKnown, Who::Person, detail, next_step)
}

fn ends_soon(cause: EndingCause) -> Reason {
    let (who, detail, next_step) = match cause {
        EndingCause::SystemUser60Days => (
            Who::Nobody,
            "The system user's token ends soon.",
            "The worker refreshes it before its end.",
        ),
        EndingCause::DataAccess => (
            Who::Person,
            "Data access of the token lapses soon.",
            REPLACE,
        ),
        EndingCause::TokenExpiry
        | EndingCause::CutOff
        | EndingCause::Revoked
        | EndingCause::PersonLeaves => (Who::Person, "The token ends soon.", REPLACE),
    };
    Reason::new(ReasonCode::EndsSoon, who, detail, next_step)
}

fn works() -> Reason {
    Reason::new(
        ReasonCode::Works,
        Who::Nobody,
        "The token was proved and no ending is near.",
        "Nothing to do.",
    )
}

#[cfg(test)]
mod tests;
