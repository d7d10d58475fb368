//! The status of a reconnect and its totals.

use std::collections::BTreeMap;

use crate::{Outcome, closed_list};

closed_list! {
    /// The status of a reconnect.
    pub enum ReconnectStatus: "status of a reconnect", serde {
        /// Some items have no final outcome yet.
        Running = "running",
        /// Every item has a final outcome.
        Completed = "completed",
        /// The tenant cancelled it; items that were open then are `failed` with the reason `cancelled`.
        Cancelled = "cancelled",
    }
}

/// The number of items per outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomeCounts(BTreeMap<Outcome, u64>);

impl OutcomeCounts {
    /// How many items have this outcome.
    #[must_use]
    pub fn count_of(&self, outcome: Outcome) -> u64 {
        self.0.get(&outcome).copied().unwrap_or(0)
    }

    /// How many items have an outcome.
    #[must_use]
    pub fn total_count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The outcomes that occur, each with its number of items.
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u64)> {
        self.0.iter().map(|(outcome, n)| (*outcome, *n))
    }
}

impl FromIterator<Outcome> for OutcomeCounts {
    fn from_iter<T: IntoIterator<Item = Outcome>>(outcomes: T) -> Self {
        let mut counts = BTreeMap::new();
        for outcome in outcomes {
            *counts.entry(outcome).or_insert(0) += 1;
        }
        Self(counts)
    }
}
