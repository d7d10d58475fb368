//! Reach: the assets of a tenant that a caller may see and use.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Asset, AssetId};

/// The assets that a caller may see and use. All others look as if they do not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// All assets of the tenant.
    #[default]
    All,
    /// Only these assets.
    Within(ReachLimit),
}

/// Single assets and all assets of the listed businesses. If both sets are empty, no asset is in reach.
///
/// A business counts only where [`Asset::owning_business`] says so: never by what a confined client says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachLimit {
    /// Canonical ids of assets.
    pub assets: BTreeSet<AssetId>,
    /// Ids of businesses.
    pub businesses: BTreeSet<AssetId>,
}

impl Reach {
    /// Whether a registered asset is in reach.
    #[must_use]
    pub fn includes_asset(&self, asset: &Asset) -> bool {
        let is_owned = |it: &ReachLimit| {
            let business = asset.owning_business();
            business.is_some_and(|id| it.businesses.contains(id))
        };
        self.lists_asset(&asset.id) || self.as_limit().is_some_and(is_owned)
    }

    /// Whether an id is in reach by itself, whatever is registered: such an asset the caller may create.
    #[must_use]
    pub fn lists_asset(&self, id: &AssetId) -> bool {
        self.as_limit().is_none_or(|it| it.assets.contains(id))
    }

    /// Whether every asset is in reach, including assets registered later.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// The limit, unless every asset is in reach.
    #[must_use]
    pub const fn as_limit(&self) -> Option<&ReachLimit> {
        match self {
            Self::All => None,
            Self::Within(it) => Some(it),
        }
    }
}

#[cfg(test)]
mod tests;
