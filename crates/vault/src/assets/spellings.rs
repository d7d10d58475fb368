//! The assets that a request names: each once, whatever the spelling of its id.
//!
//! The rule: `123` and `act_123` name the same ad account, unless the tenant has an asset `123`.

use std::collections::HashSet;

use regrant_domain::{Asset, AssetId};

/// An asset as a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedAsset {
    /// The id in the first spelling of the request.
    pub(crate) requested: AssetId,
    /// The id of the asset; `None` where the caller has no such asset.
    pub(crate) known: Option<AssetId>,
}

/// Every spelling of these ids, each once.
pub(crate) fn list_spellings(ids: &[AssetId]) -> Vec<AssetId> {
    let mut spellings: Vec<_> = ids
        .iter()
        .flat_map(|id| [id.clone(), id.to_ad_account()])
        .collect();
    spellings.sort_unstable();
    spellings.dedup();
    spellings
}

/// Each distinct asset of the request, in its order.
pub(crate) fn fold_spellings<'a>(
    ids: &[AssetId],
    known: impl IntoIterator<Item = &'a Asset>,
) -> Vec<NamedAsset> {
    let known: HashSet<_> = known.into_iter().map(|it| &it.id).collect();
    let mut seen = HashSet::new();
    let mut named = Vec::with_capacity(ids.len());
    for id in ids {
        let spellings = [id.clone(), id.to_ad_account()];
        let found = spellings.into_iter().find(|it| known.contains(it));
        if seen.insert(found.clone().unwrap_or_else(|| id.clone())) {
            named.push(NamedAsset {
                requested: id.clone(),
                known: found,
            });
        }
    }
    named
}
