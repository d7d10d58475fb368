//! Reach: the assets of a tenant that a caller may see and use.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::AssetId;

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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachLimit {
    /// Canonical ids of assets.
    pub assets: BTreeSet<AssetId>,
    /// Ids of businesses.
    pub businesses: BTreeSet<AssetId>,
}

impl Reach {
    /// Whether an asset is in reach; `business` is the business that owns it.
    #[must_use]
    pub fn includes_asset(&self, asset: &AssetId, business: Option<&AssetId>) -> bool {
        match self {
            Self::All => true,
            Self::Within(it) => {
                it.assets.contains(asset) || business.is_some_and(|id| it.businesses.contains(id))
            }
        }
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
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_reached_by_itself_or_by_its_business() {
        let id = |text: &str| text.parse::<AssetId>().unwrap();
        let within = ReachLimit {
            assets: [id("1")].into(),
            businesses: [id("9")].into(),
        };
        let reach = Reach::Within(within);
        assert!(reach.includes_asset(&id("1"), None));
        assert!(reach.includes_asset(&id("2"), Some(&id("9"))));
        assert!(!reach.includes_asset(&id("2"), Some(&id("8"))));
        assert!(!Reach::Within(ReachLimit::default()).includes_asset(&id("1"), Some(&id("9"))));
        assert!(Reach::All.includes_asset(&id("1"), None));
    }
}
