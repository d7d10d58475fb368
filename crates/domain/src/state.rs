//! What an asset is worth now: one pure function of facts and time.
//!
//! The rule: an absent cut-off means unknown, never safe; one failed proof is `suspect`, two spaced
//! ones or a definitive class are `disconnected`; a Graph outage is no proof at all.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AssetFacts, Reason, Timestamp, Who};

/// The state of an asset (closed list).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Proved, and no ending is near.
    Healthy,
    /// An ending lies within the notice window.
    Expiring,
    /// A cut-off is known; a candidate may be parked.
    Migrating,
    /// One proof failed.
    Suspect,
    /// No working credential.
    Disconnected,
    /// Imported, not probed.
    Unproven,
}

impl Status {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Healthy, Self::Expiring, Self::Migrating, Self::Suspect, Self::Disconnected, Self::Unproven];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Expiring => "expiring",
            Self::Migrating => "migrating",
            Self::Suspect => "suspect",
            Self::Disconnected => "disconnected",
            Self::Unproven => "unproven",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or("unknown state of an asset")
    }
}

/// Why an asset will stop, or has stopped, working.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndingCause {
    /// The token ends.
    TokenExpiry,
    /// Data access ends (90 days).
    DataAccess,
    /// The person's access to the asset ends.
    CutOff,
}

impl EndingCause {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenExpiry => "token_expiry",
            Self::DataAccess => "data_access",
            Self::CutOff => "cut_off",
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
}

/// The state of an asset at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetState {
    /// The state.
    pub status: Status,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// The earliest known ending.
    pub ending: Option<Ending>,
    /// What is wrong, where something is.
    pub reason: Option<Reason>,
    /// Who must act.
    pub who: Who,
}

impl AssetState {
    /// The state of an asset with these facts at `now`; `notice` is how early an ending shows.
    #[must_use]
    pub fn of(facts: &AssetFacts, now: Timestamp, notice: chrono::Duration) -> Self {
        let ending = ending(facts);
        let passed = ending.filter(|it| it.at <= now);
        let failing_since = facts.failing.as_ref().map(|(since, _)| *since);
        let (status, since, who) = if !facts.served {
            (Status::Disconnected, failing_since, Who::Person)
        } else if let Some(passed) = passed {
            (Status::Disconnected, Some(passed.at), Who::Person)
        } else if facts.definitive || facts.failures > 1 {
            (Status::Disconnected, failing_since, failing_who(facts))
        } else if facts.failures == 1 {
            (Status::Suspect, failing_since, Who::Nobody)
        } else if facts.proved_at.is_none() {
            (Status::Unproven, None, Who::Nobody)
        } else if facts.cut_off.is_some() {
            (Status::Migrating, facts.checked_at, Who::Person)
        } else if ending.is_some_and(|it| it.at - now <= notice) {
            (Status::Expiring, ending.map(|it| it.at - notice), Who::Person)
        } else {
            (Status::Healthy, facts.proved_at, Who::Nobody)
        };
        Self { status, since, ending, reason: facts.failing.as_ref().map(|(_, reason)| reason.clone()), who }
    }

    /// Whether the active credential is believed to work.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.status != Status::Disconnected
    }
}

fn failing_who(facts: &AssetFacts) -> Who {
    facts.failing.as_ref().map_or(Who::Person, |(_, reason)| reason.who)
}

fn ending(facts: &AssetFacts) -> Option<Ending> {
    [
        (facts.cut_off, EndingCause::CutOff),
        (facts.expires_at, EndingCause::TokenExpiry),
        (facts.data_access_expires_at, EndingCause::DataAccess),
    ]
    .into_iter()
    .filter_map(|(at, cause)| at.map(|at| Ending { at, cause }))
    .min_by_key(|it| it.at)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};

    use super::*;

    const NOTICE: Duration = Duration::days(30);

    fn day(n: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + Duration::days(n)
    }

    fn proved() -> AssetFacts {
        AssetFacts { served: true, proved_at: Some(day(0)), ..AssetFacts::default() }
    }

    fn status(facts: &AssetFacts, at: i64) -> Status {
        AssetState::of(facts, day(at), NOTICE).status
    }

    #[test]
    fn an_asset_without_a_credential_is_disconnected() {
        assert_eq!(status(&AssetFacts::default(), 1), Status::Disconnected);
    }

    #[test]
    fn an_imported_asset_is_unproven_until_probed() {
        assert_eq!(status(&AssetFacts { proved_at: None, ..proved() }, 1), Status::Unproven);
    }

    #[test]
    fn one_failed_proof_is_suspect_and_two_are_disconnected() {
        assert_eq!(status(&AssetFacts { failures: 1, ..proved() }, 1), Status::Suspect);
        assert_eq!(status(&AssetFacts { failures: 2, ..proved() }, 1), Status::Disconnected);
        assert_eq!(
            status(&AssetFacts { failures: 1, definitive: true, ..proved() }, 1),
            Status::Disconnected
        );
    }

    #[test]
    fn a_known_cut_off_is_migrating_until_it_passes() {
        let facts = AssetFacts { cut_off: Some(day(90)), ..proved() };
        assert_eq!(status(&facts, 1), Status::Migrating);
        assert_eq!(status(&facts, 90), Status::Disconnected);
    }

    #[test]
    fn the_earliest_ending_counts_and_shows_within_the_notice() {
        let facts =
            AssetFacts { expires_at: Some(day(60)), data_access_expires_at: Some(day(90)), ..proved() };
        assert_eq!(status(&facts, 29), Status::Healthy);
        assert_eq!(status(&facts, 30), Status::Expiring);
        let ending = AssetState::of(&facts, day(30), NOTICE).ending;
        assert_eq!(ending, Some(Ending { at: day(60), cause: EndingCause::TokenExpiry }));
    }
}
