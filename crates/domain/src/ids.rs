//! Prefixed identifiers: `ten_`, `cli_`, `grt_`, `crd_`, `rcn_`, `evt_`, `whk_`, `dlv_`,
//! `opr_`, `ops_`, `rse_`, `req_` and a UUIDv7.
//!
//! The rule: an identifier is typed from the edge inwards; a bare `Uuid` is for storage and
//! cryptography only. They order by time of creation.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not the identifier of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an identifier that starts with `{expected}`")]
pub struct InvalidId {
    /// The prefix that was wanted.
    pub expected: &'static str,
}

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// What the text form starts with.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier, ordered by the time of its creation.
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
    /// One client of the provider; the boundary nothing crosses.
    TenantId "ten_",
    /// A machine of a tenant that calls the API.
    ClientId "cli_",
    /// One received token with the facts `debug_token` gave about it.
    GrantId "grt_",
    /// One sealed token that serves, served or may serve one asset.
    CredentialId "crd_",
    /// One bulk replacement.
    ReconnectId "rcn_",
    /// One audit record or event.
    EventId "evt_",
    /// Where a tenant is told its events.
    WebhookEndpointId "whk_",
    /// One event on its way to one endpoint.
    DeliveryId "dlv_",
    /// Somebody who runs the installation.
    OperatorId "opr_",
    /// One log-in of an operator.
    OperatorSessionId "ops_",
    /// What a browser may do for one person, for minutes.
    ReconnectSessionId "rse_",
    /// One HTTP request.
    RequestId "req_",
}

impl TenantId {
    /// The reserved tenant that owns what belongs to the installation: app secrets and signing keys.
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
    fn another_kinds_identifier_is_refused() {
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
