//! Assets: what a credential is for.
//!
//! The rule: an asset's identifier is canonical for its kind; an ad account is `act_<digits>`
//! wherever it is stored, whatever the caller wrote.

use crate::{
    AssetId, CredentialKind, CutOff, PersonId, Reason, Timestamp, closed_list,
    state::{AssetState, Status},
};

closed_list! {
    /// The kinds of asset Regrant keeps credentials for.
    pub enum AssetKind: "kind of asset", serde {
        /// A Facebook Page; it mints its own page token.
        Page = "page",
        /// An ad account.
        AdAccount = "ad_account",
        /// A business portfolio.
        Business = "business",
        /// A product catalog.
        ProductCatalog = "product_catalog",
        /// A pixel (data set).
        Pixel = "pixel",
        /// An Instagram professional account.
        InstagramAccount = "instagram_account",
        /// A WhatsApp Business account.
        WhatsappBusinessAccount = "whatsapp_business_account",
    }
}

impl AssetKind {
    /// Whether the Graph node carries `user_access_expire_time` (facts read from Meta's SDKs).
    #[must_use]
    pub const fn has_cut_off(self) -> bool {
        matches!(
            self,
            Self::Page | Self::AdAccount | Self::Business | Self::ProductCatalog | Self::Pixel
        )
    }

    /// The identifier in the canonical form of this kind.
    #[must_use]
    pub fn canonical(self, id: &AssetId) -> AssetId {
        if self == Self::AdAccount {
            id.as_ad_account()
        } else {
            id.clone()
        }
    }

    /// Whether the identifier has the form of this kind: only ad accounts carry `act_`.
    #[must_use]
    pub fn admits(self, id: &AssetId) -> bool {
        self == Self::AdAccount || !id.is_ad_account()
    }
}

/// What is known of an asset beyond its identity; what its state is computed from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssetFacts {
    /// When a probe last proved the active credential on this asset.
    pub proved_at: Option<Timestamp>,
    /// When a probe last asked, whatever it heard.
    pub checked_at: Option<Timestamp>,
    /// Since when probes fail, and why; `None` while they do not.
    pub failing: Option<(Timestamp, Reason)>,
    /// How many spaced proofs failed in a row.
    pub failures: u32,
    /// Whether the failure is of a definitive class: one proof is enough.
    pub definitive: bool,
    /// The cut-off (`user_access_expire_time`), where one is known. Absent means unknown, never safe.
    pub cut_off: Option<CutOff>,
    /// End of the active token, where it has one.
    pub expires_at: Option<Timestamp>,
    /// End of data access, where there is one.
    pub data_access_expires_at: Option<Timestamp>,
    /// What kind of credential is active; `None` where none is.
    pub active: Option<CredentialKind>,
    /// Whether a candidate is parked.
    pub parked: bool,
    /// Whether a spare stands by.
    pub spare: bool,
    /// Since when the active credential works, as far as proofs tell.
    pub working_since: Option<Timestamp>,
    /// When a probe asks next.
    pub next_check_at: Option<Timestamp>,
    /// When the asset was registered.
    pub registered_at: Timestamp,
}

impl AssetFacts {
    /// Whether a credential is active.
    #[must_use]
    pub const fn served(&self) -> bool {
        self.active.is_some()
    }
}

/// An asset of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its canonical Graph id.
    pub id: AssetId,
    /// Its kind.
    pub kind: AssetKind,
    /// A name for people, if the tenant gave one.
    pub name: Option<String>,
    /// The business it belongs to, if the tenant said so.
    pub business_id: Option<AssetId>,
    /// The person behind the active credential.
    pub person_id: Option<PersonId>,
    /// Counts the credentials that ever were active; grows by one with each.
    pub generation: i64,
    /// The `intent_seq` of the reconnect that settled last.
    pub intent_seq: i64,
    /// The state that was told outwards last.
    pub told: Option<Status>,
    /// What its state is computed from.
    pub facts: AssetFacts,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Asset {
    /// The state at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp, notice: chrono::Duration) -> AssetState {
        AssetState::of(&self.facts, now, notice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_its_name() {
        for kind in AssetKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }

    #[test]
    fn an_ad_account_is_canonical_with_its_prefix() -> Result<(), crate::InvalidGraphId> {
        assert_eq!(
            AssetKind::AdAccount.canonical(&"7".parse()?).as_str(),
            "act_7"
        );
        assert_eq!(AssetKind::Page.canonical(&"7".parse()?).as_str(), "7");
        assert!(!AssetKind::Page.admits(&"act_7".parse()?));
        Ok(())
    }
}
