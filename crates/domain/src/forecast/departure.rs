//! Departures: what happens to an asset when its person leaves.

use super::Cover;
use crate::{
    Confidence, Timestamp, closed_list,
    state::{Ending, EndingCause},
};

closed_list! {
    /// What happens to an asset when its person leaves.
    pub enum DepartureEffect: "effect of a departure", serde {
        /// The asset stops working.
        Ends = "ends",
        /// The asset stops working until the parked token reaches it.
        Waits = "waits",
        /// The asset keeps working: a standby becomes active.
        Continues = "goes_on",
    }
}

impl DepartureEffect {
    /// The effect that follows from a cover.
    #[must_use]
    pub const fn from_cover(cover: Option<Cover>) -> Self {
        match cover {
            None => Self::Ends,
            Some(Cover::Candidate) => Self::Waits,
            Some(Cover::Standby | Cover::Refresh) => Self::Continues,
        }
    }
}

/// The ending of an asset whose person leaves at `now`.
#[must_use]
pub const fn ending_by_departure(now: Timestamp) -> Ending {
    let cause = EndingCause::PersonLeaves;
    Ending {
        at: now,
        cause,
        since: now,
        confidence: Confidence::Certain,
        source: None,
        who: cause.who_must_act(),
    }
}
