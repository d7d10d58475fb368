//! Settles probed items asset by asset (design D3, step 4).
//!
//! The rule: one short transaction for a chunk; the lease is checked first, the assets are locked,
//! what stands there is read and decided upon in that same transaction, and the writes compare the
//! generation they were decided for. A newer intent wins.
//! What a proof does is decided by [`regrant_domain::settle`]; this file carries it out.

use std::collections::HashMap;

use regrant_domain::{
    Asset, AssetId, AssetKind, Grant, GrantId, GrantedScope, Proof, Refusal, RefusalKind,
    Timestamp, settle::Standing,
};
use regrant_graph::Target;
use regrant_storage::{Item, Lease, StoredCredential, TenantScope, TenantTx};

use crate::{
    Error, Vault,
    reconnect::{
        settlement::{Found, Offer, Writes},
        verify_token::Credentials,
    },
};

impl Vault {
    /// Settles items that were probed with a proved token.
    pub(crate) async fn settle(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        credentials: &Credentials,
        probed: Vec<(&Item, Proof)>,
    ) -> Result<(), Error> {
        let key = self.keys.active(scope).await?;
        let fingerprint = key
            .fingerprint(credentials.token.expose().as_bytes())
            .as_bytes()
            .to_vec();
        let offer = Offer {
            credentials,
            fingerprint,
            key: &key,
        };
        self.settle_offer(scope, lease, credentials.intent_seq, Some(offer), probed)
            .await
    }

    /// Settles items that the same refusal holds for, before any token was proved.
    pub(crate) async fn settle_refused(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        intent_seq: i64,
        probed: Vec<(&Item, Proof)>,
    ) -> Result<(), Error> {
        self.settle_offer(scope, lease, intent_seq, None, probed)
            .await
    }

    /// Settles what needs no probe; gives back the items that do, with their assets' kinds.
    pub(crate) async fn settle_unasked(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        credentials: &Credentials,
        open: Vec<Item>,
    ) -> Result<Vec<(Item, Target)>, Error> {
        let ids: Vec<_> = open.iter().map(|item| item.asset_id.clone()).collect();
        let tx = self.store.begin_read(scope).await?;
        let assets = by_id(tx.assets(&ids).await?);
        tx.commit().await?;
        let (mut unasked, mut asked) = (Vec::new(), Vec::new());
        for item in open {
            match assets.get(&item.asset_id) {
                None => unasked.push((item, refused(RefusalKind::Unavailable))),
                Some(asset) if asset.intent_seq > credentials.intent_seq => {
                    unasked.push((item, refused(RefusalKind::Unavailable)));
                }
                Some(asset) => match missing_scope(asset.kind, &asset.id, &credentials.grant) {
                    Some(refusal) => unasked.push((item, refusal)),
                    None => asked.push((item, target_of(asset))),
                },
            }
        }
        for chunk in chunks_of(unasked) {
            let probed = chunk
                .iter()
                .map(|(item, refusal)| (item, Proof::Refused(refusal.clone())))
                .collect();
            self.settle(scope, lease, credentials, probed).await?;
        }
        Ok(asked)
    }

    async fn settle_offer(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        intent_seq: i64,
        offer: Option<Offer<'_>>,
        probed: Vec<(&Item, Proof)>,
    ) -> Result<(), Error> {
        let ids: Vec<_> = probed
            .iter()
            .map(|(item, _)| item.asset_id.clone())
            .collect();
        let now = self.clock.now();
        let tx = self.store.begin(scope).await?;
        tx.hold(lease).await?;
        let found = self.found(&tx, &ids, offer.as_ref(), now).await?;
        let mut writes = Writes::new(lease, scope.tenant(), intent_seq, offer, now);
        for (item, proof) in probed {
            writes.add(item, proof, found.get(&item.asset_id), self)?;
        }
        writes.carry_out(&tx).await?;
        self.follow_up(&tx, &ids, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Locks the assets and reads what stands at each.
    async fn found(
        &self,
        tx: &TenantTx,
        ids: &[AssetId],
        offer: Option<&Offer<'_>>,
        now: Timestamp,
    ) -> Result<HashMap<AssetId, Found>, Error> {
        let assets = tx.lock_assets(ids).await?;
        let offered = offer.map(|it| it.fingerprint.as_slice());
        let mut standings = self.standings(tx, &assets, offered, now).await?;
        let candidates = tx.candidate_credentials(ids).await?.into_iter();
        let candidates: HashMap<_, _> = candidates
            .map(|it| (it.credential.asset_id, it.credential.intent_seq))
            .collect();
        let found = |asset: Asset| {
            let standing = standings.remove(&asset.id).unwrap_or_default();
            let candidate_seq = candidates.get(&asset.id).copied().unwrap_or(0);
            (
                asset.id.clone(),
                Found {
                    asset,
                    standing,
                    candidate_seq,
                },
            )
        };
        Ok(assets.into_iter().map(found).collect())
    }

    /// What stands at each asset, beside an offered token of this fingerprint.
    pub(crate) async fn standings(
        &self,
        tx: &TenantTx,
        assets: &[Asset],
        offered: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<HashMap<AssetId, Standing>, Error> {
        let ids: Vec<_> = assets.iter().map(|it| it.id.clone()).collect();
        let active = tx.active_credentials(&ids).await?;
        let grant_ids: Vec<_> = active
            .iter()
            .filter_map(|it| it.credential.grant_id)
            .collect();
        let grants: HashMap<GrantId, Grant> = tx
            .grants(&grant_ids)
            .await?
            .into_iter()
            .map(|it| (it.id, it))
            .collect();
        let mut active: HashMap<_, _> = active
            .into_iter()
            .map(|it| (it.credential.asset_id.clone(), it))
            .collect();
        let standing = |asset: &Asset| {
            let standing = match active.remove(&asset.id) {
                Some(held) => standing_of(asset, held, &grants, offered, now, self.settings.notice),
                None => Standing {
                    cut_off_passed: cut_off_passed(asset, now),
                    ..Standing::default()
                },
            };
            (asset.id.clone(), standing)
        };
        Ok(assets.iter().map(standing).collect())
    }
}

fn standing_of(
    asset: &Asset,
    held: StoredCredential,
    grants: &HashMap<GrantId, Grant>,
    offered: Option<&[u8]>,
    now: Timestamp,
    notice: chrono::Duration,
) -> Standing {
    let grant = held.credential.grant_id.and_then(|id| grants.get(&id));
    Standing {
        // A page token ranks as the grant it was minted from; what was never proved ranks as nothing.
        proved: held
            .credential
            .proved_at
            .map(|_| grant.map_or(held.credential.kind, |grant| grant.kind)),
        serves: asset.state(now, notice).serves(),
        same_token: offered.is_some_and(|it| it == held.credential.fingerprint),
        tasks: held.tasks,
        cut_off_passed: cut_off_passed(asset, now),
    }
}

pub(crate) fn target_of(asset: &Asset) -> Target {
    Target {
        id: asset.id.clone(),
        kind: asset.kind,
        business: asset.business_id.clone(),
    }
}

fn cut_off_passed(asset: &Asset, now: Timestamp) -> bool {
    asset.facts.cut_off.is_some_and(|it| it.at <= now)
}

/// Kinds whose node may be readable without a role need the permission that guards them.
pub(crate) fn missing_scope(kind: AssetKind, id: &AssetId, grant: &Grant) -> Option<Refusal> {
    let any_of: &[&str] = match kind {
        AssetKind::Page | AssetKind::AdAccount => return None, // proved by their tasks
        AssetKind::Business => &["business_management"],
        AssetKind::ProductCatalog => &["catalog_management"],
        AssetKind::Pixel => &["ads_management", "ads_read"],
        AssetKind::InstagramAccount => &["instagram_basic", "instagram_business_basic"],
        AssetKind::WhatsappBusinessAccount => &["whatsapp_business_management"],
    };
    let mut granted = grant
        .scopes
        .iter()
        .filter(|it| any_of.contains(&it.scope.as_str()))
        .peekable();
    if granted.peek().is_none() {
        let lacking = any_of.iter().take(1).map(|it| (*it).to_owned()).collect();
        let message = format!("It was granted none of: {}.", any_of.join(", "));
        return Some(Refusal {
            kind: RefusalKind::MissingScope(lacking),
            message,
            fbtrace_id: None,
        });
    }
    // A business may be readable though it was not ticked at the login; targets of the others' scopes may be
    // numbers of another kind, so that only the probe can tell.
    let ticked = |it: &GrantedScope| {
        it.target_ids
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|it| it == id.digits()))
    };
    let unticked = kind == AssetKind::Business && !granted.any(ticked);
    unticked.then(|| Refusal {
        kind: RefusalKind::NotReached,
        message: "The token was not granted for this business.".to_owned(),
        fbtrace_id: None,
    })
}

fn refused(kind: RefusalKind) -> Refusal {
    Refusal {
        kind,
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

fn chunks_of<T>(mut all: Vec<T>) -> Vec<Vec<T>> {
    let mut chunks = Vec::new();
    while !all.is_empty() {
        let rest = all.split_off(all.len().min(500));
        chunks.push(std::mem::replace(&mut all, rest));
    }
    chunks
}
