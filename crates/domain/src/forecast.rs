//! The forecast: which asset stops working when, why, and how it can keep working.
//!
//! The rule: no known ending means unknown, never safe. A parked token covers nothing for certain, because it does not
//! reach its asset yet. An asset that is already disconnected cannot end again.
//! Start at [`list_calendar_endings`] for the endings of one asset and at [`find_cover`] for their covers.

mod cover;
mod day;
mod departure;
mod line;
mod person;

pub use cover::{Cover, CredentialOutlook, find_cover};
pub use day::{EndingTally, ForecastDay, tally_by_day};
pub use departure::{DepartureEffect, ending_by_departure};
pub use line::{ForecastLine, ForecastPosition, ForecastTotals};
pub use person::{PersonCounts, PersonFacts};

use crate::{
    AssetFacts, NextStep, Reason, ReasonCode, Timestamp, Who,
    state::{AssetState, Ending, list_endings},
};

/// The endings that the forecast of `now` shows for an asset, the earliest first.
///
/// `leaves` assumes that the person of the active credential leaves at `now`. An asset that has stopped working has
/// no later endings, nor has an asset whose person leaves.
#[must_use]
pub fn list_calendar_endings(facts: &AssetFacts, now: Timestamp, leaves: bool) -> Vec<Ending> {
    let works = AssetState::from_facts(facts, now, chrono::Duration::zero()).is_serving();
    let mut shown: Vec<_> = list_endings(facts)
        .into_iter()
        .filter(|it| (works && !leaves) || it.at <= now)
        .collect();
    if works && leaves {
        shown.push(ending_by_departure(now));
    }
    // The sort is stable: endings at the same moment keep the order of `list_endings`.
    shown.sort_by_key(|it| it.at);
    shown
}

/// When a parked token becomes active, and who must act for it.
#[must_use]
pub fn promotion_reason() -> Reason {
    Reason::new(
        ReasonCode::NotReachedYet,
        Who::BusinessAdmin,
        "It becomes active by itself as soon as it reaches this asset: when the business has migrated and the person has access.",
        NextStep::AwaitMigration,
    )
}

#[cfg(test)]
mod tests;
