//! Discoveries: what a token reaches, compared with what the tenant has.

use crate::{AssetId, AssetKind, closed_list};

closed_list! {
    /// Where a discovery is.
    pub enum DiscoveryStatus: "status of a discovery", serde {
        /// It reads the Graph API.
        Running = "running",
        /// It has read all that the token lists, or as much as a discovery may find.
        Completed = "completed",
        /// The token stopped working, or the app is at fault; what was found so far is kept.
        Failed = "failed",
    }
}

closed_list! {
    /// Whether the tenant has a discovered asset.
    pub enum Familiarity: "familiarity of a discovered asset", serde {
        /// It is an asset of the tenant.
        Registered = "registered",
        /// The tenant does not have it.
        New = "new",
        /// The tenant has an asset with this id of another kind.
        AnotherKind = "another_kind",
    }
}

closed_list! {
    /// Why a discovery did not register all that is new.
    pub enum RegistrationRefusal: "refusal of a registration", serde {
        /// The tenant has as many assets as it may have.
        AssetQuota = "too_many_assets",
        /// The client may no longer register assets.
        ClientRights = "client_rights",
    }
}

/// An asset that a token lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredAsset {
    /// The canonical id.
    pub id: AssetId,
    /// The kind.
    pub kind: AssetKind,
    /// The name at Meta.
    pub name: Option<String>,
    /// The business through whose edge it was found.
    pub business_id: Option<AssetId>,
    /// Whether the person granted it to the app, as far as the granted targets say.
    pub is_granted: bool,
}

impl Familiarity {
    /// The familiarity of a discovered asset of a kind, where the tenant has an asset of that id with the kind `known`.
    #[must_use]
    pub fn from_kinds(discovered: AssetKind, known: Option<AssetKind>) -> Self {
        match known {
            None => Self::New,
            Some(kind) if kind == discovered => Self::Registered,
            Some(_) => Self::AnotherKind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_registered_only_with_its_kind() {
        let page = AssetKind::Page;
        assert_eq!(Familiarity::from_kinds(page, None), Familiarity::New);
        assert_eq!(
            Familiarity::from_kinds(page, Some(page)),
            Familiarity::Registered
        );
        assert_eq!(
            Familiarity::from_kinds(page, Some(AssetKind::Pixel)),
            Familiarity::AnotherKind
        );
    }
}
