//! Prefixed identifiers of stored objects: `ten_`, `cli_`, `grt_`, `crd_`, `rcn_`, `evt_`, `whk_`, `dlv_`,
//! `opr_`, `ops_`, `rse_`, `cns_`, `lnk_`, `req_` and a UUIDv7.
//!
//! The rule: every identifier has its own type; only storage and cryptography use a bare `Uuid`.
//! Identifiers sort by time of creation.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not an identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an identifier that starts with `{expected}`")]
pub struct InvalidId {
    /// The expected prefix.
    pub expected: &'static str,
}

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of the text form.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier; later ones sort after it.
            #[must_use]
            pub fn mint() -> Self {
                Self(Uuid::now_v7())
            }

            /// The identifier with this UUID.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, for storage and cryptography.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix($prefix)
                    .filter(|rest| rest.len() == 32)
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or(InvalidId { expected: $prefix })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )+};
}

typed_id! {
    /// A tenant: one customer of the provider.
    TenantId "ten_",
    /// An API client of a tenant.
    ClientId "cli_",
    /// A grant: one received token and the facts about it.
    GrantId "grt_",
    /// A credential: one sealed token of one asset.
    CredentialId "crd_",
    /// A reconnect: one bulk replacement of tokens.
    ReconnectId "rcn_",
    /// An audit event or an event for tenants.
    EventId "evt_",
    /// A webhook endpoint of a tenant.
    WebhookEndpointId "whk_",
    /// The delivery of one event to one endpoint.
    DeliveryId "dlv_",
    /// A person who runs the installation.
    OperatorId "opr_",
    /// One log-in session of an operator.
    OperatorSessionId "ops_",
    /// A short-lived session in which a browser reconnects for one person.
    ReconnectSessionId "rse_",
    /// One log-in at Meta that was handed over and not yet used.
    ConsentId "cns_",
    /// A hosted page at which one person gives a consent.
    LinkId "lnk_",
    /// A secret address under which calendar programs read the forecast.
    CalendarFeedId "fed_",
    /// A discovery: what one token lists.
    DiscoveryId "dsc_",
    /// A preview: what a reconnect with one token would do.
    PreviewId "rpv_",
    /// One HTTP request.
    RequestId "req_",
}

impl TenantId {
    /// The reserved tenant that owns the secrets of the installation: app secrets and signing keys.
    pub const SYSTEM: Self = Self::from_uuid(Uuid::nil());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_reads_back_what_it_writes() {
        let id = TenantId::mint();
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_identifier_of_another_kind_is_refused() {
        let text = ClientId::mint().to_string();
        assert_eq!(
            text.parse::<TenantId>(),
            Err(InvalidId { expected: "ten_" })
        );
    }

    #[test]
    fn a_hyphenated_or_short_uuid_is_refused() {
        assert!("ten_018f".parse::<TenantId>().is_err());
        assert!(
            format!("ten_{}", Uuid::now_v7())
                .parse::<TenantId>()
                .is_err()
        );
    }
}
