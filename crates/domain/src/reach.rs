//! Which of a tenant's assets a caller may reach.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::AssetId;

/// The assets a caller may reach. To it the others do not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// All of its tenant's.
    #[default]
    All,
    /// Some.
    Within(Within),
}

/// These assets, and all assets of these businesses. Neither means: none at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Within {
    /// Assets by their canonical ids.
    pub assets: BTreeSet<AssetId>,
    /// Businesses.
    pub businesses: BTreeSet<AssetId>,
}

impl Reach {
    /// Whether an asset of this business is reached.
    #[must_use]
    pub fn includes(&self, asset: &AssetId, business: Option<&AssetId>) -> bool {
        match self {
            Self::All => true,
            Self::Within(it) => {
                it.assets.contains(asset) || business.is_some_and(|id| it.businesses.contains(id))
            }
        }
    }

    /// Whether every asset is reached, those to come too.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// What it is confined to.
    #[must_use]
    pub const fn within(&self) -> Option<&Within> {
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
        let within = Within {
            assets: [id("1")].into(),
            businesses: [id("9")].into(),
        };
        let reach = Reach::Within(within);
        assert!(reach.includes(&id("1"), None));
        assert!(reach.includes(&id("2"), Some(&id("9"))));
        assert!(!reach.includes(&id("2"), Some(&id("8"))));
        assert!(!Reach::Within(Within::default()).includes(&id("1"), Some(&id("9"))));
        assert!(Reach::All.includes(&id("1"), None));
    }
}
