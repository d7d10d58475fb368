//! Changes of several assets in one event.
//!
//! The rule: an event counts each change, names each asset once, and is full at [`MAX_ASSETS`] assets. Its link begins
//! before all events that it counts, in whatever order they are added.

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
    /// Where the single events are read, beginning with the least of these.
    events_url: String,
}

impl BulkChanges {
    /// No changes yet; `first` is the event of the first one.
    #[must_use]
    pub fn since(first: EventId) -> Self {
        Self {
            counts: BTreeMap::new(),
            asset_ids: BTreeSet::new(),
            events_url: events_url_from(first),
        }
    }

    /// Adds a change of an asset, which `event` reports; `false` if the event is full.
    #[must_use]
    pub fn add_change(&mut self, event: EventId, kind: EventKind, asset: &str) -> bool {
        if !self.asset_ids.contains(asset) {
            if self.asset_ids.len() >= MAX_ASSETS {
                return false;
            }
            self.asset_ids.insert(asset.to_owned());
        }
        let count = self.counts.entry(kind).or_default();
        *count = count.saturating_add(1);
        self.begin_before(event);
        true
    }

    /// Lets the link begin before this event. Another transaction may have made the id of an event earlier than those that
    /// are counted already.
    fn begin_before(&mut self, event: EventId) {
        // Ids are texts of equal length, so that the texts have the order of the ids.
        let url = events_url_from(event);
        if url < self.events_url {
            self.events_url = url;
        }
    }
}

/// Where the events are read that begin with this one.
fn events_url_from(first: EventId) -> String {
    let before = Uuid::from_u128(first.uuid().as_u128().saturating_sub(1));
    format!("/v1/events?after={}", EventId::from_uuid(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(n: u128) -> EventId {
        EventId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn changes_are_counted_and_an_asset_is_named_once() {
        let mut bulk = BulkChanges::since(event(16));
        for (n, kind, asset) in [
            (16, EventKind::AssetSuspect, "1"),
            (17, EventKind::AssetDisconnected, "1"),
            (18, EventKind::AssetSuspect, "2"),
        ] {
            assert!(bulk.add_change(event(n), kind, asset));
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
    fn the_link_begins_before_an_earlier_event_that_is_added_later() {
        let mut bulk = BulkChanges::since(event(0x100));
        for (n, link) in [(0x99, "98"), (0x101, "98"), (0x2, "01")] {
            assert!(bulk.add_change(event(n), EventKind::AssetSuspect, "1"));
            let url = format!("/v1/events?after=evt_{}{link}", "0".repeat(30));
            assert_eq!(bulk.events_url, url);
        }
    }

    #[test]
    fn a_full_event_takes_only_changes_of_the_assets_that_it_names() {
        let mut bulk = BulkChanges::since(event(2));
        for n in 0..MAX_ASSETS {
            assert!(bulk.add_change(event(2), EventKind::AssetSuspect, &n.to_string()));
        }
        let full = bulk.clone();
        assert!(!bulk.add_change(event(1), EventKind::AssetSuspect, "another"));
        assert_eq!(bulk, full);
        assert!(bulk.add_change(event(3), EventKind::AssetRecovered, "0"));
    }
}
