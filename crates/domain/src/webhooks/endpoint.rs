//! Webhook endpoints: which events one subscribes to, and why it may be disabled.

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
