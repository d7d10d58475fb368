//! Events: what a tenant is told outwards (design D10), and which change of state tells which.
//!
//! The rule: an event is written in the transaction of the act it tells of, and holds no secret.

use crate::{closed_list, state::Status};

closed_list! {
    /// The kinds of events (closed list).
    pub enum EventKind: "kind of event", serde {
        /// An ending came within the notice window.
        AssetExpiring = "asset.expiring",
        /// A cut-off became known.
        AssetMigrating = "asset.migrating",
        /// One proof failed.
        AssetSuspect = "asset.suspect",
        /// No credential works any more.
        AssetDisconnected = "asset.disconnected",
        /// A credential works again.
        AssetRecovered = "asset.recovered",
        /// A parked credential reached its asset and serves it now.
        CredentialPromoted = "credential.promoted",
        /// A spare credential took over.
        CredentialFailedOver = "credential.failed_over",
        /// A parked or spare credential is of no use any more and was dropped.
        CredentialDropped = "credential.dropped",
        /// A token was given a new life before its end.
        GrantRefreshed = "grant.refreshed",
        /// A token could not be given a new life; a person must act before its end.
        GrantRefreshFailed = "grant.refresh_failed",
        /// A person took the app's access back, or asked for deletion.
        PersonRevoked = "person.revoked",
        /// A reconnect has ended.
        ReconnectCompleted = "reconnect.completed",
        /// The calendar of endings changed.
        ForecastChanged = "forecast.changed",
        /// Sent on demand, to try an endpoint.
        WebhookTest = "webhook.test",
    }
}

impl EventKind {
    /// What a change of an asset's state tells; `told` is the state that was told last.
    #[must_use]
    pub const fn of_change(told: Option<Status>, now: Status) -> Option<Self> {
        use Status as S;
        match (told, now) {
            (Some(S::Disconnected), S::Healthy | S::Expiring | S::Migrating) => {
                Some(Self::AssetRecovered)
            }
            // What stays is no news, nor is a fresh asset that has no token yet.
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
    fn coming_back_is_told_and_staying_is_not() {
        let told = |before, now| EventKind::of_change(Some(before), now);
        for working in [Status::Healthy, Status::Expiring, Status::Migrating] {
            assert_eq!(
                told(Status::Disconnected, working),
                Some(EventKind::AssetRecovered)
            );
        }
        for status in Status::ALL {
            assert_eq!(told(status, status), None, "{status}");
        }
        assert_eq!(
            told(Status::Healthy, Status::Disconnected),
            Some(EventKind::AssetDisconnected)
        );
    }

    #[test]
    fn a_fresh_asset_without_a_token_is_no_news() {
        assert_eq!(EventKind::of_change(None, Status::Disconnected), None);
        assert_eq!(
            EventKind::of_change(None, Status::Expiring),
            Some(EventKind::AssetExpiring)
        );
    }
}
