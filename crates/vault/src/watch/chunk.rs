//! One chunk of due assets: read, probed and settled.
//!
//! The rule: a chunk that fails is postponed alone; the other chunks of its tenant continue.

use std::collections::{HashMap, HashSet};

use regrant_domain::{
    Asset, AssetId, CredentialKind, Grant, GrantId, Slot, error_chain, retry::probe_pause,
};
use regrant_graph::AppCredentials;
use regrant_storage::{ProbeLease, StoredCredential, TenantScope};
use tracing::{error, warn};

use crate::{
    Error, ProbePassStats, Vault,
    credentials::probed_asset::{ProbeRound, ProbedAsset},
    watch::{
        findings::Findings,
        sibling_cut_offs::{Siblings, cut_off_readings},
    },
};

impl Vault {
    /// Probes and settles a chunk; postpones it if that fails.
    pub(super) async fn probe_chunk_or_postpone(
        &self,
        owner: &str,
        scope: &TenantScope,
        app: &AppCredentials,
        leases: &[ProbeLease],
    ) -> ProbePassStats {
        let failure = match self.probe_chunk(owner, scope, app, leases).await {
            Ok(stats) => return stats,
            Err(failure) => failure,
        };
        error!(error = error_chain(&failure), "a chunk of probes failed");
        if let Err(error) = self.postpone_chunk(owner, scope, leases).await {
            warn!(error = error_chain(&error), "cannot postpone probes");
        }
        ProbePassStats {
            lost: leases.len(),
            ..ProbePassStats::default()
        }
    }

    async fn postpone_chunk(
        &self,
        owner: &str,
        scope: &TenantScope,
        leases: &[ProbeLease],
    ) -> Result<(), Error> {
        let ids: Vec<_> = leases.iter().map(|it| it.asset_id.clone()).collect();
        let now = self.clock.now();
        let tx = self.store.begin(scope).await?;
        tx.lock_assets(&ids).await?;
        let held = tx.hold_probes(owner, leases).await?;
        let later: Vec<_> = leases
            .iter()
            .filter(|it| held.contains(&it.asset_id))
            .map(|it| (it.asset_id.clone(), now + probe_pause(it.tries)))
            .collect();
        tx.postpone_probes(&later).await?;
        Ok(tx.commit().await?)
    }

    async fn probe_chunk(
        &self,
        owner: &str,
        scope: &TenantScope,
        app: &AppCredentials,
        leases: &[ProbeLease],
    ) -> Result<ProbePassStats, Error> {
        let (due, grants) = self.read_attributed_assets(scope, app, leases).await?;
        let (unreadable, mut due): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|it| it.asset.facts.is_unreadable);
        let unreadable = leases_of(leases, &unreadable);
        if !unreadable.is_empty() {
            self.postpone_chunk(owner, scope, &unreadable).await?;
        }
        let mut round = ProbeRound::new(scope, app, grants);
        let is_first =
            |it: &StoredCredential| matches!(it.credential.slot, Slot::Active | Slot::Candidate);
        self.probe_credentials(&mut round, &mut due, |_, it| is_first(it))
            .await;
        let now = self.clock.now();
        let failing: HashSet<_> = due
            .iter()
            .filter(|it| it.needs_standby(now, &self.settings))
            .map(|it| it.asset.id.clone())
            .collect();
        if !failing.is_empty() {
            let is_standby = |due: &ProbedAsset, it: &StoredCredential| {
                failing.contains(&due.asset.id) && !is_first(it)
            };
            self.probe_credentials(&mut round, &mut due, is_standby)
                .await;
        }
        let leases = leases_of(leases, &due);
        let stats = self.settle_due_assets(round, due, (owner, &leases)).await?;
        Ok(ProbePassStats {
            postponed: stats.postponed + unreadable.len(),
            ..stats
        })
    }

    /// Reads the due assets; asks first whose the tokens are that were never inspected.
    async fn read_attributed_assets(
        &self,
        scope: &TenantScope,
        app: &AppCredentials,
        leases: &[ProbeLease],
    ) -> Result<(Vec<ProbedAsset>, HashMap<GrantId, Grant>), Error> {
        let (due, grants) = self.read_due_assets(scope, leases).await?;
        let is_unknown = |it: &&StoredCredential| {
            it.credential.grant_id.is_none() && it.credential.kind != CredentialKind::WorkplaceApp
        };
        let unknown: Vec<_> = due
            .iter()
            .flat_map(|it| &it.credentials)
            .filter(is_unknown)
            .cloned()
            .collect();
        if unknown.is_empty()
            || self
                .attribute_tokens(scope, app, &unknown)
                .await?
                .attributed
                == 0
        {
            return Ok((due, grants));
        }
        self.read_due_assets(scope, leases).await
    }

    async fn read_due_assets(
        &self,
        scope: &TenantScope,
        leases: &[ProbeLease],
    ) -> Result<(Vec<ProbedAsset>, HashMap<GrantId, Grant>), Error> {
        let ids: Vec<_> = leases.iter().map(|it| it.asset_id.clone()).collect();
        let tx = self.store.begin_read(scope).await?;
        let assets = tx.find_assets(&ids).await?;
        let credentials = tx.list_ranked_credentials(&ids).await?;
        let grant_ids: HashSet<_> = credentials
            .iter()
            .filter_map(|it| it.credential.grant_id)
            .collect();
        let grant_ids: Vec<_> = grant_ids.into_iter().collect();
        let grants = tx.find_grants(&grant_ids).await?;
        tx.commit().await?;
        let mut assets: HashMap<_, _> = assets.into_iter().map(|it| (it.id.clone(), it)).collect();
        let mut by_asset = group_by_asset(credentials);
        let due = |lease: &ProbeLease| {
            let credentials = by_asset.remove(&lease.asset_id).unwrap_or_default();
            Some(ProbedAsset::unprobed(
                assets.remove(&lease.asset_id)?,
                credentials,
            ))
        };
        let due = leases.iter().filter_map(due).collect();
        Ok((due, grants.into_iter().map(|it| (it.id, it)).collect()))
    }

    /// Settles the assets whose leases still hold.
    async fn settle_due_assets(
        &self,
        mut round: ProbeRound<'_>,
        due: Vec<ProbedAsset>,
        (owner, leases): (&str, &[ProbeLease]),
    ) -> Result<ProbePassStats, Error> {
        let ids: Vec<_> = due.iter().map(|it| it.asset.id.clone()).collect();
        let (key, now) = (self.data_keys.active(round.scope).await?, self.clock.now());
        self.renew_prints(&mut round, &due, &key).await?;
        let held_kinds = self.hold_mass_refusals(&round, &due, now);
        let readings = cut_off_readings(&due, now);
        let pairs: Vec<_> = readings.iter().map(|(it, at)| (it.clone(), *at)).collect();
        let tx = self.store.begin(round.scope).await?;
        let siblings = tx.find_sibling_assets(&pairs).await?;
        let locked: HashMap<_, _> = tx
            .lock_assets(&[ids.as_slice(), &siblings].concat())
            .await?
            .into_iter()
            .map(|it| (it.id.clone(), it))
            .collect();
        let held = tx.hold_probes(owner, leases).await?;
        let mut stored = group_by_asset(tx.list_ranked_credentials(&ids).await?);
        let mut businesses = Vec::new();
        let mut findings = Findings::new(&round, leases, (&key, &self.settings), now, held_kinds);
        for it in due {
            let credentials = stored.remove(&it.asset.id).unwrap_or_default();
            match locked
                .get(&it.asset.id)
                .filter(|asset| held.contains(&asset.id) && !asset.facts.is_unreadable)
            {
                Some(asset) => {
                    businesses.extend(it.business_proof());
                    findings.add_asset(it, asset, &credentials)?;
                }
                None => findings.stats.lost += 1,
            }
        }
        // A cut-off belongs to a person and a business; this transaction may give the asset to others.
        // A business may have thousands of siblings, so nothing is searched for each.
        let named = businesses.iter().map(|it| (&it.asset_id, &it.business_id));
        let (named, promoted): (HashMap<_, _>, _) = (named.collect(), findings.promoted_assets());
        let keeps_its_owners = |it: &&Asset| {
            let moves = named.get(&it.id).is_some_and(|at| **at != it.business_id);
            !it.facts.is_unreadable && !promoted.contains(&it.id) && !moves
        };
        let siblings = Siblings {
            assets: siblings
                .iter()
                .filter_map(|id| locked.get(id))
                .filter(keeps_its_owners)
                .collect(),
            readings,
        };
        tx.write_business_proofs(&businesses).await?;
        let stats = findings.write_rows(&tx, self, &siblings).await?;
        tx.commit().await?;
        Ok(stats)
    }
}

/// The leases of these assets.
fn leases_of(leases: &[ProbeLease], assets: &[ProbedAsset]) -> Vec<ProbeLease> {
    let ids: HashSet<_> = assets.iter().map(|it| &it.asset.id).collect();
    let held = leases.iter().filter(|it| ids.contains(&it.asset_id));
    held.cloned().collect()
}

fn group_by_asset(credentials: Vec<StoredCredential>) -> HashMap<AssetId, Vec<StoredCredential>> {
    let mut by_asset = HashMap::<_, Vec<_>>::new();
    for it in credentials {
        by_asset
            .entry(it.credential.asset_id.clone())
            .or_default()
            .push(it);
    }
    by_asset
}
