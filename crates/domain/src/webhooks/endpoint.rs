//! Webhook endpoints: which events one subscribes to, in which form, and why it may be disabled.

use std::collections::BTreeSet;

use crate::{EventKind, closed_list};

/// Which events an endpoint subscribes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventFilter {
    /// All kinds, including kinds added later.
    All,
    /// These kinds.
    Only(BTreeSet<EventKind>),
}

impl EventFilter {
    /// Whether the endpoint subscribes to events of this kind.
    #[must_use]
    pub fn wants_kind(&self, kind: EventKind) -> bool {
        match self {
            Self::All => true,
            Self::Only(kinds) => kinds.contains(&kind),
        }
    }

    /// Whether changes of this kind count in the endpoint's events [`EventKind::AssetsChanged`].
    #[must_use]
    pub fn wants_in_bulk(&self, kind: EventKind) -> bool {
        kind.is_about_asset()
            && (self.wants_kind(kind) || self.wants_kind(EventKind::AssetsChanged))
    }
}

closed_list! {
    /// In which form an endpoint receives the events about assets.
    pub enum AssetEvents: "form of the events about assets", serde {
        /// One event for each change of an asset.
        Single = "single",
        /// One event `assets.changed` for up to 500 changes.
        Bulk = "bulk",
    }
}

impl AssetEvents {
    /// Whether an event of this kind is sent to the endpoint as it is.
    #[must_use]
    pub fn sends_alone(self, kind: EventKind) -> bool {
        match self {
            Self::Single => true,
            Self::Bulk => !kind.is_about_asset(),
        }
    }
}

closed_list! {
    /// Whether events are sent to an endpoint.
    pub enum EndpointStatus: "status of a webhook endpoint" {
        /// Events are sent.
        Enabled = "enabled",
        /// No events are sent until the endpoint is enabled again.
        Disabled = "disabled",
    }
}

closed_list! {
    /// Why an endpoint is disabled.
    pub enum DisabledReason: "reason to disable a webhook endpoint" {
        /// Its tenant disabled it.
        ByTenant = "by_tenant",
        /// The consumer answered 410.
        Gone = "gone",
        /// No delivery succeeded for five days.
        Failing = "failing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_in_bulk_gets_alone_only_what_is_not_about_an_asset() {
        for kind in EventKind::ALL {
            assert!(AssetEvents::Single.sends_alone(kind), "{kind}");
            assert_eq!(
                AssetEvents::Bulk.sends_alone(kind),
                !EventFilter::All.wants_in_bulk(kind),
                "{kind}"
            );
        }
    }

    #[test]
    fn a_filter_chooses_which_changes_count_in_bulk() {
        let only = |kind| EventFilter::Only([kind].into());
        let lost = only(EventKind::AssetDisconnected);
        assert!(lost.wants_in_bulk(EventKind::AssetDisconnected));
        assert!(!lost.wants_in_bulk(EventKind::AssetRecovered));
        let all = only(EventKind::AssetsChanged);
        assert!(all.wants_in_bulk(EventKind::CredentialPromoted));
        assert!(!all.wants_in_bulk(EventKind::ReconnectCompleted));
    }
}
