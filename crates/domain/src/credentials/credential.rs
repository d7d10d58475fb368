//! Credentials: sealed tokens of one asset, each in a slot.
//!
//! The rule: a new token is a new credential. A credential can change its slot, but its row never gets another
//! token.

use crate::{
    AssetId, AssetKind, CredentialId, GrantId, PersonId, SealedRecord, Timestamp, closed_list,
};

closed_list! {
    /// The kind of token that a credential holds.
    ///
    /// The texts are bound into sealed records: one that changes makes records unreadable.
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
    /// The role of a credential for its asset.
    pub enum Slot: "slot of a credential", serde {
        /// The token endpoint serves it.
        Active = "active",
        /// Parked: valid, but it does not reach the asset yet.
        Candidate = "candidate",
        /// The one before the active credential, kept for undo.
        Previous = "previous",
        /// Works on the asset and replaces the active credential if that fails.
        Standby = "standby",
    }
}

/// A sealed token with the facts that are readable without opening it.
///
/// The plain columns are an index; the authoritative copy is inside the sealed payload.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The row's id; bound into the sealed record.
    pub id: CredentialId,
    /// The asset it serves; bound into the sealed record.
    pub asset_id: AssetId,
    /// The kind of that asset; bound into the sealed record.
    pub asset_kind: AssetKind,
    /// The kind of token; bound into the sealed record.
    pub kind: CredentialKind,
    /// The asset's generation that it was sealed for; bound into the sealed record.
    pub generation: i64,
    /// The slot. Not bound: it changes without a reseal.
    pub slot: Slot,
    /// The grant it came from.
    pub grant_id: Option<GrantId>,
    /// The person who granted it.
    pub person_id: Option<PersonId>,
    /// The `intent_seq` of the reconnect that stored it.
    pub intent_seq: i64,
    /// The ciphertext.
    pub sealed: SealedRecord,
    /// Keyed hash of the token: equal hashes mean the same token within one tenant and data key.
    pub fingerprint: Vec<u8>,
    /// When the token expires, if ever.
    pub expires_at: Option<Timestamp>,
    /// When data access expires, if ever.
    pub data_access_expires_at: Option<Timestamp>,
    /// When it last worked in a probe of its asset.
    pub proved_at: Option<Timestamp>,
    /// When it was first sealed.
    pub created_at: Timestamp,
}

impl Credential {
    /// Whether it may hold a person's token where the page's own is wanted: its token was never inspected, or the page's
    /// token was not minted from it yet.
    #[must_use]
    pub fn is_page_token_pending(&self) -> bool {
        let is_pending = match self.kind {
            CredentialKind::Page => self.grant_id.is_none(),
            CredentialKind::User | CredentialKind::SystemUser => true,
            CredentialKind::WorkplaceApp => false,
        };
        self.asset_kind == AssetKind::Page && is_pending
    }
}
