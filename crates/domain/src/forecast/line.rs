//! The disconnect calendar: its positions, lines and totals.

use crate::{AssetId, AssetKind, Timestamp, state::EndingCause};

/// A position in the calendar, which is ordered by time, asset and cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastPosition {
    /// When the asset stops working.
    pub at: Timestamp,
    /// The asset.
    pub asset_id: AssetId,
    /// Why it stops working.
    pub cause: EndingCause,
}

/// One asset of a day, for people to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastLine {
    /// The ending.
    pub position: ForecastPosition,
    /// The asset's kind.
    pub kind: AssetKind,
    /// The asset's name for people.
    pub name: Option<String>,
    /// The business the asset belongs to.
    pub business_id: Option<AssetId>,
}

/// Assets that no day of the calendar shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ForecastTotals {
    /// How many assets work and have no known ending ahead.
    pub unknown: u64,
    /// How many assets had a credential and stopped working.
    pub passed: u64,
}
