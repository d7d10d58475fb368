//! Assets: list, read, delete.
//!
//! The rule: a caller sees only the assets within its reach.
//! Continue at `registration.rs` for the registration and at `follow_up.rs` for what follows each change.

pub(crate) mod businesses;
pub(crate) mod cut_offs;
mod follow_up;
mod import;
pub(crate) mod registration;
pub(crate) mod spellings;

use regrant_domain::{
    Asset, AssetId, AssetKind, PersonId, Timestamp,
    state::{AssetState, Status},
};
use regrant_storage::{AssetFilter, AuditEvent, CutOffNote, StoredCredential};
use serde_json::json;

use crate::{
    Error, Principal, Resource, Vault,
    assets::spellings::{fold_spellings, list_spellings},
    call::page::{Page, query_limit},
};

/// An asset with its state and its credentials.
#[derive(Debug)]
pub struct AssetView {
    /// The asset.
    pub asset: Asset,
    /// The asset's state now.
    pub state: AssetState,
    /// The credentials, still sealed. Empty in a list.
    pub credentials: Vec<StoredCredential>,
    /// The history of the cut-off, newest first. Empty in a list.
    pub cut_offs: Vec<CutOffNote>,
}

/// How many entries of the cut-off history an asset shows.
const MAX_CUT_OFFS: u32 = 50;

/// Which assets to list.
#[derive(Debug, Clone, Default)]
pub struct AssetQuery {
    /// Only of these kinds; empty for all.
    pub kinds: Vec<AssetKind>,
    /// Only in these states; empty for all.
    pub statuses: Vec<Status>,
    /// Only of this business.
    pub business_id: Option<AssetId>,
    /// Only served by this person's credential.
    pub person_id: Option<PersonId>,
    /// Only with a known ending before this moment.
    pub ending_before: Option<Timestamp>,
    /// Only assets after this id: the cursor of a page.
    pub after: Option<AssetId>,
}

/// One page of assets, ordered by id.
pub struct AssetList {
    /// The assets.
    pub data: Vec<AssetView>,
    /// The cursor of the next page.
    pub next: Option<AssetId>,
}

impl Vault {
    /// Lists assets by id.
    pub async fn list_assets(
        &self,
        caller: &Principal,
        query: AssetQuery,
        limit: u32,
    ) -> Result<AssetList, Error> {
        let now = self.clock.now();
        let filter = AssetFilter {
            kinds: query.kinds,
            statuses: query.statuses,
            business_id: query.business_id,
            person_id: query.person_id,
            ending_before: query.ending_before,
            after: query.after,
            limit: query_limit(limit),
            now,
            notice: self.settings.assets.notice,
            within: caller.reach_limit(),
        };
        let tx = self.store.begin_read(&caller.scope).await?;
        let assets = tx.list_assets(&filter).await?;
        tx.commit().await?;
        let page = Page::cut(assets, limit, |it| it.id.clone())?;
        Ok(AssetList {
            data: page
                .data
                .into_iter()
                .map(|it| self.asset_view(it, now))
                .collect(),
            next: page.next,
        })
    }

    /// One asset with its credentials and the history of its cut-off.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find_asset(&self, caller: &Principal, id: &AssetId) -> Result<AssetView, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let mut assets = tx
            .find_assets(&list_spellings(std::slice::from_ref(id)))
            .await?;
        let asset = take_named_asset(id, &mut assets, caller)?;
        let credentials = tx.list_credentials(&asset.id).await?;
        let cut_offs = tx.list_cut_off_notes(&asset.id, MAX_CUT_OFFS).await?;
        tx.commit().await?;
        Ok(AssetView {
            credentials,
            cut_offs,
            ..self.asset_view(asset, self.clock.now())
        })
    }

    /// Deletes an asset and its credentials.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_asset(&self, caller: &Principal, id: &AssetId) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        let mut assets = tx
            .lock_assets(&list_spellings(std::slice::from_ref(id)))
            .await?;
        let id = &take_named_asset(id, &mut assets, caller)?.id;
        tx.delete_asset(id)
            .await
            .map_err(Error::not_found_as(Resource::Asset))?;
        let app = caller.scope.app_id();
        tx.remove_from_directory(app, self.person_directory.hash_asset(app, id))
            .await?;
        tx.wipe_idle_grant_tokens().await?;
        let (actor, subject) = (caller.audit_name(), id.to_string());
        tx.write_audit_events(
            &[AuditEvent::new(actor, "asset.deleted", subject, json!({}))],
            now,
        )
        .await?;
        Ok(tx.commit().await?)
    }

    fn asset_view(&self, asset: Asset, now: Timestamp) -> AssetView {
        let state = asset.state_at(now, self.settings.assets.notice);
        AssetView {
            state,
            asset,
            credentials: Vec::new(),
            cut_offs: Vec::new(),
        }
    }
}

/// The asset that a call names by this id, if the caller reaches it.
///
/// # Errors
/// `NotFound`.
fn take_named_asset(
    id: &AssetId,
    assets: &mut Vec<Asset>,
    caller: &Principal,
) -> Result<Asset, Error> {
    assets.retain(|it| caller.can_reach(it));
    let named = fold_spellings(std::slice::from_ref(id), &*assets);
    let known = named.into_iter().find_map(|it| it.known);
    let index = known.and_then(|known| assets.iter().position(|it| it.id == known));
    let index = index.ok_or(Error::NotFound(Resource::Asset))?;
    Ok(assets.swap_remove(index))
}
