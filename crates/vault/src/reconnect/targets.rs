//! The assets of a reconnect or a preview: listed or selected, each once, within the caller's reach.
//!
//! The rule: an asset outside of the caller's reach is treated as unknown.

use std::collections::HashSet;

use regrant_domain::{Asset, AssetId, AssetKind, PersonId, Timestamp, state::Status};
use regrant_storage::{AssetFilter, NewItem, TenantTx};

use crate::{
    Error, Principal, Vault,
    assets::spellings::{NamedAsset, fold_spellings, list_spellings},
    reconnect::results::unknown_asset_result,
};

/// The assets of a reconnect.
#[derive(Debug, Clone)]
pub enum Targets {
    /// These assets, in this order.
    Listed(Vec<AssetId>),
    /// All assets that match.
    Selected(Selection),
}

/// A selection of assets; every part narrows it.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only of these kinds; empty for all.
    pub kinds: Vec<AssetKind>,
    /// Only assets of this business.
    pub business_id: Option<AssetId>,
    /// Only assets this person's credential serves.
    pub person_id: Option<PersonId>,
    /// Only assets in these states; empty for all.
    pub statuses: Vec<Status>,
}

impl Vault {
    /// Resolves targets to one item for each distinct asset, in the request's order, and the assets. Items of unknown
    /// assets have their result already.
    pub(crate) async fn resolve_targets(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        targets: &Targets,
        now: Timestamp,
    ) -> Result<(Vec<NewItem>, Vec<Asset>), Error> {
        match targets {
            Targets::Listed(ids) => {
                self.check_asset_count("asset_ids", ids.len())?;
                let mut known = tx.find_assets(&list_spellings(ids)).await?;
                known.retain(|it| caller.can_reach(it));
                let items = merge_spellings(ids, &known);
                // Both spellings of an id may be assets; keep the one that an item names.
                let named: HashSet<_> = items.iter().map(|it| &it.asset_id).collect();
                known.retain(|it| named.contains(&it.id));
                Ok((items, known))
            }
            Targets::Selected(selection) => {
                let listed = tx
                    .list_assets(&self.selection_filter(caller, selection, now))
                    .await?;
                self.check_asset_count("select", listed.found)?;
                let known = listed.rows;
                let open = |it: &Asset| open_item(it.id.clone(), it.id.as_str());
                Ok((known.iter().map(open).collect(), known))
            }
        }
    }

    /// The items alone.
    pub(super) async fn resolve_items(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        targets: &Targets,
        now: Timestamp,
    ) -> Result<Vec<NewItem>, Error> {
        let Targets::Listed(ids) = targets else {
            return Ok(self.resolve_targets(tx, caller, targets, now).await?.0);
        };
        self.check_asset_count("asset_ids", ids.len())?;
        let mut known = tx.find_assets_alone(&list_spellings(ids)).await?;
        known.retain(|it| caller.can_reach(it));
        Ok(merge_spellings(ids, &known))
    }

    /// Checks that a request names at least one asset, and no more than it may.
    ///
    /// # Errors
    /// `Invalid`, `TooMany`.
    pub(crate) fn check_asset_count(&self, field: &'static str, n: usize) -> Result<(), Error> {
        let limit = self.settings.reconnect.max_assets;
        match n {
            0 => {
                let reason = "expected at least one asset".to_owned();
                Err(Error::Invalid {
                    field: field.to_owned(),
                    reason,
                })
            }
            n if n > limit => Err(Error::TooMany { field, limit }),
            _ => Ok(()),
        }
    }

    /// The query for the selected assets, with room for one more than a request may name.
    pub(super) fn selection_filter(
        &self,
        caller: &Principal,
        selection: &Selection,
        now: Timestamp,
    ) -> AssetFilter {
        AssetFilter {
            kinds: selection.kinds.clone(),
            business_id: selection.business_id.clone(),
            person_id: selection.person_id.clone(),
            statuses: selection.statuses.clone(),
            ending_before: None,
            after: None,
            limit: u32::try_from(self.settings.reconnect.max_assets.saturating_add(1))
                .unwrap_or(u32::MAX),
            now,
            notice: self.settings.assets.notice,
            within: caller.reach_limit(),
        }
    }
}

/// One item for each distinct asset; items of unknown assets have their result.
fn merge_spellings(ids: &[AssetId], known: &[Asset]) -> Vec<NewItem> {
    let item = |it: NamedAsset| {
        let result = it.known.is_none().then(unknown_asset_result);
        let asked = it.requested.as_str().to_owned();
        NewItem {
            asset_id: it.known.unwrap_or(it.requested),
            requested_id: asked,
            result,
        }
    };
    fold_spellings(ids, known).into_iter().map(item).collect()
}

fn open_item(asset_id: AssetId, asked: &str) -> NewItem {
    NewItem {
        asset_id,
        requested_id: asked.to_owned(),
        result: None,
    }
}

/// The person that the token must belong to. A session may allow one person only.
///
/// # Errors
/// `Invalid`: the request expects another person than the session allows.
pub(super) fn expected_person(
    caller: &Principal,
    requested: Option<PersonId>,
) -> Result<Option<PersonId>, Error> {
    match (caller.person(), requested) {
        (Some(person), Some(other)) if *person != other => {
            let reason = "this session is another person's".to_owned();
            Err(Error::Invalid {
                field: "expect_person".to_owned(),
                reason,
            })
        }
        (Some(person), _) => Ok(Some(person.clone())),
        (None, requested) => Ok(requested),
    }
}
