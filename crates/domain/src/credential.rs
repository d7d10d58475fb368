//! Credentials: the sealed token that serves one asset, and the slots they stand in.
//!
//! The rule: a credential's ciphertext never changes meaning. A new token is a new credential;
//! slots change, rows are not rewritten with another token.

use crate::{AssetId, AssetKind, CredentialId, GrantId, PersonId, Sealed, Timestamp, closed_list};

closed_list! {
    /// What kind of token a credential holds.
    pub enum CredentialKind: "kind of credential", serde {
        /// A person's token.
        User = "user",
        /// A page token minted from a grant.
        Page = "page",
        /// A system user's token; outranks a person's.
        SystemUser = "system_user",
        /// A Workplace app token.
        WorkplaceApp = "workplace_app",
    }
}

closed_list! {
    /// Where a credential stands for its asset.
    pub enum Slot: "slot of a credential", serde {
        /// Served by the token endpoint.
        Active = "active",
        /// Parked: good, but not yet able to reach the asset.
        Candidate = "candidate",
        /// Kept for undo.
        Previous = "previous",
        /// Ranked spare.
        Standby = "standby",
    }
}

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
