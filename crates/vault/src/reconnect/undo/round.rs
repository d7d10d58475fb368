//! One round of an undo: reads what the assets hold, probes their previous credentials, and settles the items.
//!
//! The rule: `[tx] network [tx]`. The second transaction decides from what it reads itself; a proof counts only for the
//! credential that was probed.

use std::collections::{HashMap, HashSet};

use regrant_domain::{
    Asset, AssetId, Grant, GrantId, Slot, Timestamp,
    undo::{UndoStanding, UndoStep},
};
use regrant_storage::{Item, StoredCredential, TenantTx, UndoneReconnect};

use super::settlement::UndoSettlement;
use crate::{
    Error, Vault,
    credentials::probed_asset::{ProbeRound, ProbedAsset},
    reconnect::run::Run,
};

/// An asset with its credentials, and what the undo depends on.
pub(super) struct UndoAsset {
    pub(super) asset: Asset,
    pub(super) credentials: Vec<StoredCredential>,
    pub(super) standing: UndoStanding,
}

impl UndoAsset {
    pub(super) fn previous(&self) -> Option<&StoredCredential> {
        find_in_slot(&self.credentials, Slot::Previous)
    }

    pub(super) fn candidate(&self) -> Option<&StoredCredential> {
        find_in_slot(&self.credentials, Slot::Candidate)
    }

    /// Whether a row that the undo depends on does not parse.
    pub(super) fn is_unreadable(&self) -> bool {
        self.asset.facts.is_unreadable || self.credentials.iter().any(|it| it.is_unreadable)
    }
}

impl Run<'_> {
    /// Probes and settles items of an undo.
    pub(in crate::reconnect) async fn settle_undo_round(
        &self,
        undone: &UndoneReconnect,
        open: Vec<Item>,
    ) -> Result<(), Error> {
        let (mut probed, grants) = self.read_previous(undone, &open).await?;
        let mut round = ProbeRound::new(self.scope, &self.app, grants);
        let is_previous =
            |_: &ProbedAsset, it: &StoredCredential| it.credential.slot == Slot::Previous;
        self.vault
            .probe_credentials(&mut round, &mut probed, is_previous)
            .await;
        self.settle_undo_items(undone, round, open, probed).await?;
        self.vault.progress.notify_waiters(self.reconnect.id);
        Ok(())
    }

    /// The assets whose previous credential must be proved, with that credential alone, and the grants behind.
    pub(in crate::reconnect) async fn read_previous(
        &self,
        undone: &UndoneReconnect,
        open: &[Item],
    ) -> Result<(Vec<ProbedAsset>, HashMap<GrantId, Grant>), Error> {
        let ids: Vec<_> = open.iter().map(|it| it.asset_id.clone()).collect();
        let now = self.vault.clock.now();
        let tx = self.vault.store.begin_read(self.scope).await?;
        let assets = tx.find_assets(&ids).await?;
        let assets = self
            .vault
            .read_undo_assets(&tx, assets, undone, now)
            .await?;
        let needs_proof =
            |it: &UndoAsset| !it.is_unreadable() && it.standing.step() == UndoStep::ProvePrevious;
        let probed = assets.into_values().filter(needs_proof).map(|it| {
            let previous = it.previous().cloned().into_iter().collect();
            ProbedAsset::unprobed(it.asset, previous)
        });
        let probed: Vec<_> = probed.collect();
        let credentials = probed.iter().flat_map(|it| &it.credentials);
        let grants: HashSet<_> = credentials
            .filter_map(|it| it.credential.grant_id)
            .collect();
        let grants = tx
            .find_grants(&grants.into_iter().collect::<Vec<_>>())
            .await?;
        tx.commit().await?;
        Ok((probed, grants.into_iter().map(|it| (it.id, it)).collect()))
    }

    /// Settles items of an undo in one transaction.
    pub(in crate::reconnect) async fn settle_undo_items(
        &self,
        undone: &UndoneReconnect,
        mut round: ProbeRound<'_>,
        open: Vec<Item>,
        probed: Vec<ProbedAsset>,
    ) -> Result<(), Error> {
        let ids: Vec<_> = open.iter().map(|it| it.asset_id.clone()).collect();
        let (vault, now) = (self.vault, self.vault.clock.now());
        let key = vault.data_keys.active(self.scope).await?;
        vault.renew_prints(&mut round, &probed, &key).await?;
        let mut probed: HashMap<_, _> = probed
            .into_iter()
            .map(|it| (it.asset.id.clone(), it))
            .collect();
        let tx = vault.store.begin(self.scope).await?;
        tx.hold_lease(self.lease).await?;
        let assets = tx.lock_assets(&ids).await?;
        let assets = vault.read_undo_assets(&tx, assets, undone, now).await?;
        let mut settlement = UndoSettlement::new(self, &round, &key, now);
        for item in &open {
            let probed = probed.remove(&item.asset_id);
            settlement.add_item(item, assets.get(&item.asset_id), probed)?;
        }
        settlement.write_rows(&tx).await?;
        vault.follow_up(&tx, &ids, now).await?;
        settlement.write_results(&tx).await?;
        Ok(tx.commit().await?)
    }
}

impl Vault {
    /// Reads the credentials of these assets, and what the undo depends on.
    async fn read_undo_assets(
        &self,
        tx: &TenantTx,
        assets: Vec<Asset>,
        undone: &UndoneReconnect,
        now: Timestamp,
    ) -> Result<HashMap<AssetId, UndoAsset>, Error> {
        let ids: Vec<_> = assets.iter().map(|it| it.id.clone()).collect();
        let mut by_asset: HashMap<AssetId, Vec<StoredCredential>> = HashMap::new();
        for it in tx.list_ranked_credentials(&ids).await? {
            let id = it.credential.asset_id.clone();
            by_asset.entry(id).or_default().push(it);
        }
        let notice = self.settings.assets.notice;
        let read = assets.into_iter().map(|asset| {
            let credentials = by_asset.remove(&asset.id).unwrap_or_default();
            let number = |slot| find_in_slot(&credentials, slot).map(|it| it.credential.intent_seq);
            let standing = UndoStanding {
                undone: undone.intent_seq,
                settled: asset.intent_seq,
                active: number(Slot::Active),
                candidate: number(Slot::Candidate),
                has_previous: number(Slot::Previous).is_some(),
                serves: asset.state_at(now, notice).is_serving(),
            };
            let undo = UndoAsset {
                asset,
                credentials,
                standing,
            };
            (undo.asset.id.clone(), undo)
        });
        Ok(read.collect())
    }
}

fn find_in_slot(credentials: &[StoredCredential], slot: Slot) -> Option<&StoredCredential> {
    credentials.iter().find(|it| it.credential.slot == slot)
}
