//! Events: what a tenant is told outwards (design D10), and which change of state tells which.
//!
//! The rule: an event is written in the transaction of the act it tells of, and holds no secret.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::state::Status;

/// The kinds of events (closed list).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// An ending came within the notice window.
    #[serde(rename = "asset.expiring")]
    AssetExpiring,
    /// A cut-off became known.
    #[serde(rename = "asset.migrating")]
    AssetMigrating,
    /// One proof failed.
    #[serde(rename = "asset.suspect")]
    AssetSuspect,
    /// No credential works any more.
    #[serde(rename = "asset.disconnected")]
    AssetDisconnected,
    /// A credential works again.
    #[serde(rename = "asset.recovered")]
    AssetRecovered,
    /// A parked credential reached its asset and serves it now.
    #[serde(rename = "credential.promoted")]
    CredentialPromoted,
    /// A spare credential took over.
    #[serde(rename = "credential.failed_over")]
    CredentialFailedOver,
    /// A parked or spare credential is of no use any more and was dropped.
    #[serde(rename = "credential.dropped")]
    CredentialDropped,
    /// A token was given a new life before its end.
    #[serde(rename = "grant.refreshed")]
    GrantRefreshed,
    /// A token could not be given a new life; a person must act before its end.
    #[serde(rename = "grant.refresh_failed")]
    GrantRefreshFailed,
    /// A person took the app's access back, or asked for deletion.
    #[serde(rename = "person.revoked")]
    PersonRevoked,
    /// A reconnect has ended.
    #[serde(rename = "reconnect.completed")]
    ReconnectCompleted,
    /// The calendar of endings changed.
    #[serde(rename = "forecast.changed")]
    ForecastChanged,
    /// Sent on demand, to try an endpoint.
    #[serde(rename = "webhook.test")]
    WebhookTest,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::AssetExpiring,
        Self::AssetMigrating,
        Self::AssetSuspect,
        Self::AssetDisconnected,
        Self::AssetRecovered,
        Self::CredentialPromoted,
        Self::CredentialFailedOver,
        Self::CredentialDropped,
        Self::GrantRefreshed,
        Self::GrantRefreshFailed,
        Self::PersonRevoked,
        Self::ReconnectCompleted,
        Self::ForecastChanged,
        Self::WebhookTest,
    ];

    /// The name in the API, the database and the `type` of a webhook.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AssetExpiring => "asset.expiring",
            Self::AssetMigrating => "asset.migrating",
            Self::AssetSuspect => "asset.suspect",
            Self::AssetDisconnected => "asset.disconnected",
            Self::AssetRecovered => "asset.recovered",
            Self::CredentialPromoted => "credential.promoted",
            Self::CredentialFailedOver => "credential.failed_over",
            Self::CredentialDropped => "credential.dropped",
            Self::GrantRefreshed => "grant.refreshed",
            Self::GrantRefreshFailed => "grant.refresh_failed",
            Self::PersonRevoked => "person.revoked",
            Self::ReconnectCompleted => "reconnect.completed",
            Self::ForecastChanged => "forecast.changed",
            Self::WebhookTest => "webhook.test",
        }
    }

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

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or("unknown kind of event")
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
