//! Assets: the pages, ad accounts and other objects that credentials are kept for.
//!
//! The rule: an asset's id is stored in the canonical form of its kind; an ad account is always
//! `act_<digits>`, even if the caller left the prefix out.

use crate::{
    AssetId, CredentialKind, CutOff, ObjectCondition, PersonId, Refusals, Timestamp, closed_list,
    state::{AssetState, Status},
};

closed_list! {
    /// The kinds of asset that Regrant keeps credentials for.
    ///
    /// The texts are bound into sealed records: one that changes makes records unreadable.
    pub enum AssetKind: "kind of asset", serde {
        /// A Facebook Page; a probe of it mints a page token.
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
    /// Whether Graph nodes of this kind have the field `user_access_expire_time` (read from Meta's SDKs).
    #[must_use]
    pub const fn has_cut_off(self) -> bool {
        matches!(
            self,
            Self::Page | Self::AdAccount | Self::Business | Self::ProductCatalog | Self::Pixel
        )
    }

    /// Whether Meta sends notices that name an asset of this kind.
    #[must_use]
    pub const fn has_notices(self) -> bool {
        matches!(self, Self::WhatsappBusinessAccount)
    }

    /// The id in the canonical form of this kind.
    #[must_use]
    pub fn canonical_id(self, id: &AssetId) -> AssetId {
        if self == Self::AdAccount {
            id.to_ad_account()
        } else {
            id.clone()
        }
    }

    /// Whether the id has a form that this kind allows: only ad accounts may start with `act_`.
    #[must_use]
    pub fn admits_id(self, id: &AssetId) -> bool {
        self == Self::AdAccount || !id.is_ad_account()
    }
}

/// The facts from which the state of an asset is computed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not exclude each other"
)]
pub struct AssetFacts {
    /// When the active credential last worked in a probe of this asset.
    pub proved_at: Option<Timestamp>,
    /// When the asset was last probed, whatever the result.
    pub checked_at: Option<Timestamp>,
    /// The refusals of the active credential since it was last proved.
    pub refusals: Option<Refusals>,
    /// The cut-off (`user_access_expire_time`), if known. `None` means unknown, never safe.
    pub cut_off: Option<CutOff>,
    /// When the active token expires, if ever.
    pub expires_at: Option<Timestamp>,
    /// When data access expires, if ever.
    pub data_access_expires_at: Option<Timestamp>,
    /// When the two dates were last read from `debug_token`; `None` if they never were.
    pub dates_read_at: Option<Timestamp>,
    /// Whether the active token was to be refreshed, and its end did not move: a person must act.
    pub refresh_failed: bool,
    /// What Graph last said of the object beside access, and when.
    pub condition: Option<(ObjectCondition, Timestamp)>,
    /// The kind of the active credential, if there is one. A page token that was minted from a system user's token is of
    /// kind `SystemUser` here, because it ends as that token does.
    pub active: Option<CredentialKind>,
    /// Whether a candidate is parked.
    pub has_candidate: bool,
    /// Whether there is a standby.
    pub has_standby: bool,
    /// Since when the active credential has worked in every probe.
    pub working_since: Option<Timestamp>,
    /// When the next probe is due.
    pub next_check_at: Option<Timestamp>,
    /// When the asset was registered.
    pub registered_at: Timestamp,
    /// Whether a stored column does not parse. The other facts may be placeholders then: nothing is decided from them.
    pub is_unreadable: bool,
}

impl AssetFacts {
    /// What is known of an asset that was just registered.
    #[must_use]
    pub const fn of_new_asset(registered_at: Timestamp) -> Self {
        Self {
            proved_at: None,
            checked_at: None,
            refusals: None,
            cut_off: None,
            expires_at: None,
            data_access_expires_at: None,
            dates_read_at: None,
            refresh_failed: false,
            condition: None,
            active: None,
            has_candidate: false,
            has_standby: false,
            working_since: None,
            next_check_at: None,
            registered_at,
            is_unreadable: false,
        }
    }

    /// Whether a credential is active.
    #[must_use]
    pub const fn is_served(&self) -> bool {
        self.active.is_some()
    }
}

closed_list! {
    /// Who named the business of an asset. A confined client cannot.
    pub enum BusinessSource: "source of a business", serde {
        /// A client that reaches the whole tenant. Graph does not replace this.
        Client = "client",
        /// Graph, in the response to a probe.
        Probe = "probe",
    }
}

/// An asset of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The canonical Graph id.
    pub id: AssetId,
    /// The kind of asset.
    pub kind: AssetKind,
    /// A name for people, if the tenant set one.
    pub name: Option<String>,
    /// The business that it was registered with or that Graph named. Decide by [`Asset::owning_business`].
    pub business_id: Option<AssetId>,
    /// Who named the business; `None` where that is not known, as for assets registered before it was stored.
    pub business_source: Option<BusinessSource>,
    /// The person behind the active credential.
    pub person_id: Option<PersonId>,
    /// Grows by one with each credential that becomes active.
    pub generation: i64,
    /// The `intent_seq` of the reconnect that settled last.
    pub intent_seq: i64,
    /// The status of the last event that was sent about this asset.
    pub notified_status: Option<Status>,
    /// The facts from which its state is computed.
    pub facts: AssetFacts,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Asset {
    /// The business that owns the asset, for every decision: named by Graph or by a client of the whole tenant.
    #[must_use]
    pub fn owning_business(&self) -> Option<&AssetId> {
        self.business_source.and(self.business_id.as_ref())
    }

    /// The state at `now`; `notice` is how long before an ending the asset counts as `expiring`.
    #[must_use]
    pub fn state_at(&self, now: Timestamp, notice: chrono::Duration) -> AssetState {
        AssetState::from_facts(&self.facts, now, notice)
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
            AssetKind::AdAccount.canonical_id(&"7".parse()?).as_str(),
            "act_7"
        );
        assert_eq!(AssetKind::Page.canonical_id(&"7".parse()?).as_str(), "7");
        assert!(!AssetKind::Page.admits_id(&"act_7".parse()?));
        Ok(())
    }
}
