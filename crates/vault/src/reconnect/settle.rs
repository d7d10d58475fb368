//! Settles probed items asset by asset (design D3, step 4).
//!
//! The rule: one short transaction for a chunk. It checks the lease first, locks the assets, decides from what it
//! reads, and writes only where the generation is still the one that it decided for. A newer intent wins.
//! [`regrant_domain::settle`] decides; `settlement.rs` gathers and writes.

use std::collections::HashMap;

use regrant_domain::{Asset, AssetId, ProbeResult, Refusal, RefusalKind, Slot, Timestamp};
use regrant_graph::Target;
use regrant_storage::{Item, ReconnectCause, TenantTx};

use crate::{
    Error, Vault,
    reconnect::{
        offer::{Credentials, Offer},
        run::Run,
        settlement::{LockedAsset, Settlement},
    },
};

/// How many items one transaction settles.
const CHUNK: usize = 500;

impl Run<'_> {
    /// Settles items that were probed with a validated token.
    pub(super) async fn settle_probed(
        &self,
        credentials: &Credentials,
        probed: Vec<(&Item, ProbeResult)>,
    ) -> Result<(), Error> {
        let key = self.vault.data_keys.active(self.scope).await?;
        let fingerprint = key
            .compute_fingerprint(credentials.token.expose().as_bytes())
            .as_bytes()
            .to_vec();
        let token = &credentials.token;
        let prints = self.vault.compute_token_prints(self.scope, token);
        let offer = Offer {
            credentials,
            fingerprint,
            prints: prints.await?,
            key: &key,
        };
        self.settle_items(Some(offer), probed).await
    }

    /// Settles the items that need no probe; returns the others with what is probed for each.
    pub(super) async fn settle_without_probe(
        &self,
        credentials: &Credentials,
        open: Vec<Item>,
    ) -> Result<Vec<(Item, Target)>, Error> {
        let ids: Vec<_> = open.iter().map(|item| item.asset_id.clone()).collect();
        let tx = self.vault.store.begin_read(self.scope).await?;
        let assets = by_id(tx.find_assets_alone(&ids).await?);
        tx.commit().await?;
        let (mut settled, mut to_probe) = (Vec::new(), Vec::new());
        for item in open {
            let asset = assets
                .get(&item.asset_id)
                .filter(|it| it.intent_seq <= self.reconnect.intent_seq)
                .filter(|it| !item.is_unreadable && !it.facts.is_unreadable);
            // Deleted, unreadable or newly claimed by a later reconnect: the settling transaction sees which, the refusal
            // is unused.
            let Some(asset) = asset else {
                settled.push((item, unprobed()));
                continue;
            };
            to_probe.push((item, Target::with_business(asset, &credentials.grant.facts)));
        }
        for chunk in settled.chunks(CHUNK) {
            let refused = chunk
                .iter()
                .map(|(item, refusal)| (item, ProbeResult::Refused(refusal.clone())))
                .collect();
            self.settle_probed(credentials, refused).await?;
        }
        Ok(to_probe)
    }

    /// Settles items in one transaction. There is no offer where the token was never validated.
    pub(super) async fn settle_items(
        &self,
        offer: Option<Offer<'_>>,
        probed: Vec<(&Item, ProbeResult)>,
    ) -> Result<(), Error> {
        let ids: Vec<_> = probed
            .iter()
            .map(|(item, _)| item.asset_id.clone())
            .collect();
        let (vault, now) = (self.vault, self.vault.clock.now());
        let tx = vault.store.begin(self.scope).await?;
        tx.hold_lease(self.lease).await?;
        let mut locked = vault
            .lock_with_standings(&tx, &ids, offer.as_ref(), now)
            .await?;
        if self.reconnect.cause == ReconnectCause::Refresh {
            read_standby_persons(&tx, &ids, &mut locked).await?;
        }
        let mut settlement = Settlement::new(self, offer, now);
        settlement.hold_mass_refusals(&probed, &mut locked);
        for (item, proof) in probed {
            settlement.add_item(item, proof, locked.get(&item.asset_id))?;
        }
        settlement.write_rows(&tx).await?;
        vault.follow_up(&tx, &ids, now).await?;
        settlement.write_results(&tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Vault {
    /// Locks the assets and reads what serves each and what waits.
    async fn lock_with_standings(
        &self,
        tx: &TenantTx,
        ids: &[AssetId],
        offer: Option<&Offer<'_>>,
        now: Timestamp,
    ) -> Result<HashMap<AssetId, LockedAsset>, Error> {
        let assets = tx.lock_assets(ids).await?;
        let offered = offer.map(|it| &it.prints);
        let mut standings = self.read_standings(tx, &assets, offered, now).await?;
        let candidates = tx.find_candidate_credentials(ids).await?.into_iter();
        let mut candidates: HashMap<_, _> = candidates
            .map(|it| (it.credential.asset_id.clone(), it.credential))
            .collect();
        let locked = |asset: Asset| {
            let standing = standings.by_asset.remove(&asset.id).unwrap_or_default();
            let is_unreadable = standings.unreadable.contains(&asset.id);
            let candidate = candidates.remove(&asset.id);
            let locked = LockedAsset {
                asset,
                standing,
                candidate,
                standby_persons: Vec::new(),
                is_unreadable,
            };
            (locked.asset.id.clone(), locked)
        };
        Ok(assets.into_iter().map(locked).collect())
    }
}

async fn read_standby_persons(
    tx: &TenantTx,
    ids: &[AssetId],
    locked: &mut HashMap<AssetId, LockedAsset>,
) -> Result<(), Error> {
    for (id, waiting) in tx.find_standby_facts(ids).await? {
        let standbys = waiting.into_iter().filter(|it| it.slot == Slot::Standby);
        if let Some(asset) = locked.get_mut(&id) {
            asset.standby_persons = standbys.filter_map(|it| it.person_id).collect();
        }
    }
    Ok(())
}

fn unprobed() -> Refusal {
    Refusal {
        kind: RefusalKind::Unavailable,
        message: "Not asked.".to_owned(),
        fbtrace_id: None,
    }
}

fn by_id(assets: Vec<Asset>) -> HashMap<AssetId, Asset> {
    assets
        .into_iter()
        .map(|asset| (asset.id.clone(), asset))
        .collect()
}
