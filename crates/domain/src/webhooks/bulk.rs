//! Changes of several assets in one event.
//!
//! The rule: an event counts each change, names each asset once, and is full at [`MAX_ASSETS`] assets.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{EventId, EventKind};

/// How many assets one event names.
pub const MAX_ASSETS: usize = 500;

/// The `data` of an event [`EventKind::AssetsChanged`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkChanges {
    /// How many changes of each kind there were.
    counts: BTreeMap<EventKind, u32>,
    /// The assets that changed.
    asset_ids: BTreeSet<String>,
    /// Where the single events are read, beginning with the first of these.
    events_url: String,
}

impl BulkChanges {
    /// No changes yet; `first` is the event of the first one.
    #[must_use]
    pub fn since(first: EventId) -> Self {
        let before = Uuid::from_u128(first.uuid().as_u128().saturating_sub(1));
        Self {
            counts: BTreeMap::new(),
            asset_ids: BTreeSet::new(),
            events_url: format!("/v1/events?after={}", EventId::from_uuid(before)),
        }
    }

    /// Adds a change of an asset; `false` if the event is full.
    #[must_use]
    pub fn add_change(&mut self, kind: EventKind, asset: &str) -> bool {
        if !self.asset_ids.contains(asset) {
            if self.asset_ids.len() >= MAX_ASSETS {
                return false;
            }
            self.asset_ids.insert(asset.to_owned());
        }
        let count = self.counts.entry(kind).or_default();
        *count = count.saturating_add(1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted_and_an_asset_is_named_once() {
        let mut bulk = BulkChanges::since(EventId::from_uuid(Uuid::from_u128(16)));
        for (kind, asset) in [
            (EventKind::AssetSuspect, "1"),
            (EventKind::AssetDisconnected, "1"),
            (EventKind::AssetSuspect, "2"),
        ] {
            assert!(bulk.add_change(kind, asset));
        }
        assert_eq!(
            serde_json::to_value(&bulk).unwrap(),
            serde_json::json!({
                "counts": { "asset.suspect": 2, "asset.disconnected": 1 },
                "asset_ids": ["1", "2"],
                "events_url": "/v1/events?after=evt_0000000000000000000000000000000f",
            })
        );
    }

    #[test]
    fn a_full_event_takes_only_changes_of_the_assets_that_it_names() {
        let mut bulk = BulkChanges::since(EventId::mint());
        for n in 0..MAX_ASSETS {
            assert!(bulk.add_change(EventKind::AssetSuspect, &n.to_string()));
        }
        assert!(!bulk.add_change(EventKind::AssetSuspect, "another"));
        assert!(bulk.add_change(EventKind::AssetRecovered, "0"));
    }
}
