//! Credentials: the sealed token that serves one asset, and the slots they stand in.
//!
//! The rule: a credential's ciphertext never changes meaning. A new token is a new credential;
//! slots change, rows are not rewritten with another token.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{AssetId, AssetKind, CredentialId, GrantId, PersonId, Sealed, Timestamp};

/// What kind of token a credential holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A person's token.
    User,
    /// A page token minted from a grant.
    Page,
    /// A system user's token; outranks a person's.
    SystemUser,
    /// A Workplace app token.
    WorkplaceApp,
}

impl CredentialKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::User, Self::Page, Self::SystemUser, Self::WorkplaceApp];

    /// The name in the API, the database and the bound context of a sealed record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Page => "page",
            Self::SystemUser => "system_user",
            Self::WorkplaceApp => "workplace_app",
        }
    }
}

/// Where a credential stands for its asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// Served by the token endpoint.
    Active,
    /// Parked: good, but not yet able to reach the asset.
    Candidate,
    /// Kept for undo.
    Previous,
    /// Ranked spare.
    Standby,
}

impl Slot {
    /// Every slot.
    pub const ALL: [Self; 4] = [Self::Active, Self::Candidate, Self::Previous, Self::Standby];

    /// The name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Candidate => "candidate",
            Self::Previous => "previous",
            Self::Standby => "standby",
        }
    }
}

macro_rules! named {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or(concat!("unknown ", stringify!($name)))
            }
        }
    )+};
}

named!(CredentialKind, Slot);

/// A sealed token and what may be known of it without opening it.
///
/// The plain columns are an index; the authoritative copy lies inside the sealed payload.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its row; bound into the sealed record.
    pub id: CredentialId,
    /// The asset it serves; bound into the sealed record.
    pub asset_id: AssetId,
    /// The kind of that asset; bound into the sealed record.
    pub asset_kind: AssetKind,
    /// The kind of token; bound into the sealed record.
    pub kind: CredentialKind,
    /// The asset's generation this credential was sealed for; bound into the sealed record.
    pub generation: i64,
    /// Where it stands. Not bound: it changes without a reseal.
    pub slot: Slot,
    /// The grant it came from.
    pub grant_id: Option<GrantId>,
    /// The person who granted it.
    pub person_id: Option<PersonId>,
    /// The `intent_seq` of the reconnect that brought it.
    pub intent_seq: i64,
    /// The ciphertext.
    pub sealed: Sealed,
    /// Keyed hash of the token: equal means the same token, within one tenant and data key.
    pub fingerprint: Vec<u8>,
    /// End of the token, if it has one.
    pub expires_at: Option<Timestamp>,
    /// End of data access, if there is one.
    pub data_access_expires_at: Option<Timestamp>,
    /// When it was proved on its asset; `None` while it is not.
    pub proved_at: Option<Timestamp>,
    /// When it was sealed first.
    pub created_at: Timestamp,
}
