//! The kinds of events (design D10), and which change of an asset's status causes which.
//!
//! The rule: only a change causes an event; a status that stays causes none.

use crate::{closed_list, state::Status};

closed_list! {
    /// The kinds of events.
    pub enum EventKind: "kind of event", serde {
        /// An ending is within the notice window.
        AssetExpiring = "asset.expiring",
        /// A cut-off became known.
        AssetMigrating = "asset.migrating",
        /// One probe was refused.
        AssetSuspect = "asset.suspect",
        /// No credential works any more.
        AssetDisconnected = "asset.disconnected",
        /// A credential works again.
        AssetRecovered = "asset.recovered",
        /// Several assets changed; sent to endpoints that receive changes of assets in bulk.
        AssetsChanged = "assets.changed",
        /// A parked credential reached its asset and is active now.
        CredentialPromoted = "credential.promoted",
        /// A standby became active.
        CredentialFailedOver = "credential.failed_over",
        /// A parked credential or a standby became useless and was dropped.
        CredentialDropped = "credential.dropped",
        /// A token was refreshed before it expired.
        GrantRefreshed = "grant.refreshed",
        /// A token could not be refreshed; a person must act before it expires.
        GrantRefreshFailed = "grant.refresh_failed",
        /// A person revoked the app's access or asked for deletion.
        PersonRevoked = "person.revoked",
        /// A reconnect is complete.
        ReconnectCompleted = "reconnect.completed",
        /// The forecast changed.
        ForecastChanged = "forecast.changed",
        /// Sent on request, to test an endpoint.
        WebhookTest = "webhook.test",
    }
}

impl EventKind {
    /// Whether events of this kind report one change of one asset: their subject is its id.
    #[must_use]
    pub const fn is_about_asset(self) -> bool {
        matches!(
            self,
            Self::AssetExpiring
                | Self::AssetMigrating
                | Self::AssetSuspect
                | Self::AssetDisconnected
                | Self::AssetRecovered
                | Self::CredentialPromoted
                | Self::CredentialFailedOver
                | Self::CredentialDropped
        )
    }

    /// Whether events of this kind are for one endpoint alone.
    #[must_use]
    pub const fn is_for_one_endpoint(self) -> bool {
        matches!(self, Self::AssetsChanged | Self::WebhookTest)
    }

    /// Whether later changes are compared with this status. `unproven` causes no event, so the status of the last event
    /// stays: it is what the tenant knows.
    #[must_use]
    pub const fn notes_status(notified: Option<Status>, now: Status) -> bool {
        notified.is_none() || !matches!(now, Status::Unproven)
    }

    /// The event that a change of status causes; `notified` is the status of the last event.
    #[must_use]
    pub const fn from_status_change(notified: Option<Status>, now: Status) -> Option<Self> {
        use Status as S;
        match (notified, now) {
            (Some(S::Disconnected | S::Suspect), S::Healthy | S::Expiring | S::Migrating) => {
                Some(Self::AssetRecovered)
            }
            // An unchanged status causes no event, nor does a new asset without a token.
            (None | Some(S::Disconnected), S::Disconnected)
            | (Some(S::Suspect), S::Suspect)
            | (Some(S::Expiring), S::Expiring)
            | (Some(S::Migrating), S::Migrating)
            | (_, S::Healthy | S::Unproven) => None,
            (_, S::Disconnected) => Some(Self::AssetDisconnected),
            (_, S::Suspect) => Some(Self::AssetSuspect),
            (_, S::Expiring) => Some(Self::AssetExpiring),
            (_, S::Migrating) => Some(Self::AssetMigrating),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_its_name() {
        for kind in EventKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }

    #[test]
    fn a_recovery_causes_an_event_and_an_unchanged_status_does_not() {
        let event = |before, now| EventKind::from_status_change(Some(before), now);
        for failed in [Status::Disconnected, Status::Suspect] {
            for working in [Status::Healthy, Status::Expiring, Status::Migrating] {
                assert_eq!(event(failed, working), Some(EventKind::AssetRecovered));
            }
        }
        for status in Status::ALL {
            assert_eq!(event(status, status), None, "{status}");
        }
        assert_eq!(
            event(Status::Healthy, Status::Disconnected),
            Some(EventKind::AssetDisconnected)
        );
    }

    /// The events of a sequence of statuses, as `emit_state_changes` of the vault sends them.
    fn events(first: Status, later: &[Status]) -> Vec<EventKind> {
        let (mut notified, mut sent) = (Some(first), Vec::new());
        for now in later {
            sent.extend(EventKind::from_status_change(notified, *now));
            if EventKind::notes_status(notified, *now) {
                notified = Some(*now);
            }
        }
        sent
    }

    #[test]
    fn what_a_consumer_was_notified_of_last_is_taken_back_whatever_lies_between() {
        use EventKind::{AssetDisconnected, AssetRecovered, AssetSuspect};
        use Status::{Disconnected, Healthy, Suspect, Unproven};
        for (later, expected) in [
            (
                &[Disconnected, Unproven, Healthy][..],
                &[AssetDisconnected, AssetRecovered][..],
            ),
            (&[Suspect, Healthy], &[AssetSuspect, AssetRecovered]),
            (
                &[Suspect, Unproven, Healthy],
                &[AssetSuspect, AssetRecovered],
            ),
            (
                &[Disconnected, Unproven, Disconnected],
                &[AssetDisconnected],
            ),
            (&[Unproven, Healthy], &[]),
        ] {
            assert_eq!(events(Healthy, later), expected, "{later:?}");
        }
        assert_eq!(events(Unproven, &[Healthy]), []);
    }

    #[test]
    fn a_new_asset_without_a_token_causes_no_event() {
        assert_eq!(
            EventKind::from_status_change(None, Status::Disconnected),
            None
        );
        assert_eq!(
            EventKind::from_status_change(None, Status::Expiring),
            Some(EventKind::AssetExpiring)
        );
    }
}
