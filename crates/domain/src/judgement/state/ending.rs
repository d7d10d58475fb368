//! Endings: the dates on which an asset stops working, and why.
//!
//! The rule: every known ending of the active credential is listed here once, unless a proof on the asset disproved it;
//! the state and the forecast both read this list.

use serde::{Deserialize, Serialize};

use crate::{
    AssetFacts, Confidence, CredentialKind, CutOffSource, FactName, ReasonCode, Timestamp, Who,
    closed_list,
};

closed_list! {
    /// Why an asset stops working.
    pub enum EndingCause: "cause of an ending", serde {
        /// The token expires.
        TokenExpiry = "token_expiry",
        /// Data access expires after 90 days.
        DataAccess = "data_access",
        /// A 60-day token of a system user expires.
        SystemUser60Days = "system_user_60_days",
        /// The person's access to the asset ends.
        CutOff = "cut_off",
        /// The person revoked the app's access.
        Revoked = "revoked",
        /// The person leaves; only in a forecast with `what_if_person_leaves`.
        PersonLeaves = "person_leaves",
    }
}

impl EndingCause {
    /// The fact that names the date.
    #[must_use]
    pub const fn fact(self) -> FactName {
        match self {
            Self::TokenExpiry | Self::SystemUser60Days => FactName::TokenExpiry,
            Self::DataAccess => FactName::DataAccess,
            Self::CutOff => FactName::CutOff,
            Self::Revoked | Self::PersonLeaves => FactName::Revocation,
        }
    }

    /// Who must act to prevent or repair it.
    #[must_use]
    pub const fn who_must_act(self) -> Who {
        match self {
            // The worker refreshes these tokens by itself.
            Self::SystemUser60Days => Who::NoOne,
            Self::TokenExpiry | Self::DataAccess | Self::CutOff | Self::Revoked => Who::Person,
            // The person has left and cannot act any more.
            Self::PersonLeaves => Who::BusinessAdmin,
        }
    }
}

/// A date on which an asset stops working.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// When the asset stops working.
    pub at: Timestamp,
    /// Why it stops working.
    pub cause: EndingCause,
    /// Since when Regrant knows the date.
    pub since: Timestamp,
    /// How reliable the date is.
    pub confidence: Confidence,
    /// How Regrant learned it; cut-offs only.
    pub source: Option<CutOffSource>,
    /// Who must act.
    pub who: Who,
}

/// Every known ending of the active credential that no later proof disproves, in no particular order.
#[must_use]
pub fn list_endings(facts: &AssetFacts) -> Vec<Ending> {
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
            who: match cause {
                EndingCause::SystemUser60Days if facts.refresh_failed => Who::BusinessAdmin,
                _ => cause.who_must_act(),
            },
        })
    };
    let stands = |at: &Timestamp| facts.proved_at.is_none_or(|proved| proved < *at);
    let cut_off = facts.standing_cut_off().map(|it| Ending {
        at: it.at,
        cause: EndingCause::CutOff,
        since: it.learned_at,
        confidence: it.source.to_confidence(),
        source: Some(it.source),
        who: EndingCause::CutOff.who_must_act(),
    });
    let revoked = facts.refusals.as_ref();
    let revoked = revoked.filter(|it| it.reason.code == ReasonCode::Revoked);
    let revoked = revoked.and_then(|it| own(Some(it.since), EndingCause::Revoked));
    let revoked = revoked.map(|it| Ending { since: it.at, ..it });
    [
        cut_off,
        own(facts.expires_at.filter(stands), token_cause),
        own(
            facts.data_access_expires_at.filter(stands),
            EndingCause::DataAccess,
        ),
        revoked,
    ]
    .into_iter()
    .flatten()
    .collect()
}
