//! The status of a reconnect and its totals.

use std::collections::BTreeMap;

use crate::{Outcome, closed_list};

closed_list! {
    /// Where a reconnect stands.
    pub enum ReconnectStatus: "status of a reconnect", serde {
        /// Items are open.
        Running = "running",
        /// Every item has its outcome.
        Completed = "completed",
        /// Stopped by the tenant; items that were open then are `failed` with reason `cancelled`.
        Cancelled = "cancelled",
    }
}

/// How many items have each outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Outcome, u64>);

impl Counts {
    /// How many items have this outcome.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0.get(&outcome).copied().unwrap_or(0)
    }

    /// How many items have any outcome.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Outcomes that occur, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u64)> {
        self.0.iter().map(|(outcome, n)| (*outcome, *n))
    }
}

impl FromIterator<Outcome> for Counts {
    fn from_iter<T: IntoIterator<Item = Outcome>>(outcomes: T) -> Self {
        let mut counts = BTreeMap::new();
        for outcome in outcomes {
            *counts.entry(outcome).or_insert(0) += 1;
        }
        Self(counts)
    }
}
