//! The calendar: endings counted by day.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Cover;
use crate::{Confidence, state::EndingCause};

/// The endings of one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForecastDay {
    /// How many assets stop working.
    pub count: u64,
    /// How many of them keep working without interruption.
    pub covered: u64,
    /// How many per cause.
    pub causes: BTreeMap<EndingCause, u64>,
    /// How many per degree of confidence.
    pub confidence: BTreeMap<Confidence, u64>,
}

/// The number of equal endings on one day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndingTally {
    /// The day.
    pub date: NaiveDate,
    /// Why the assets stop working.
    pub cause: EndingCause,
    /// How reliable the date is.
    pub confidence: Confidence,
    /// How the assets keep working, if they do.
    pub cover: Option<Cover>,
    /// How many endings.
    pub count: u64,
    /// Of how many of them the asset does not work. A date that has arrived ends nothing before Graph confirms it.
    pub gone: u64,
}

/// Sums tallies by day.
#[must_use]
pub fn tally_by_day(
    tallies: impl IntoIterator<Item = EndingTally>,
) -> BTreeMap<NaiveDate, ForecastDay> {
    let mut days: BTreeMap<NaiveDate, ForecastDay> = BTreeMap::new();
    for it in tallies {
        let day = days.entry(it.date).or_default();
        day.count += it.count;
        *day.causes.entry(it.cause).or_default() += it.count;
        *day.confidence.entry(it.confidence).or_default() += it.count;
        if it.cover.is_some_and(Cover::is_seamless) {
            day.covered += it.count;
        }
    }
    days
}
