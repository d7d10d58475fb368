//! Probes assets that are due, with the credentials that stand for them (design D6).
//!
//! The rule: `[tx] network [tx]`: what was read is probed with no transaction open, and settled only
//! where the lease still holds and the same credentials still stand. Whoever was paused past its lease
//! writes nothing.
//! Start at [`Vault::watch_due`]; `ask.rs` asks, and `watched.rs` decides what one asset's proofs lead to.

pub(crate) mod due;
mod findings;
mod probe;
mod promote;
mod refresh;
mod sibling_cut_offs;

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, stream};
use regrant_domain::{
    AssetId, Clock, Grant, GrantId, Slot, error_chain, retry::probe_pause, schedule::Lane,
};
use regrant_graph::AppCredentials;
use regrant_storage::{Claimer, ProbeClaim, ProbeLease, StoredCredential, TenantScope};
use tracing::{Instrument, error, info, info_span, warn};

use crate::{
    Error, Vault, Watched,
    watch::{
        due::{Due, Round},
        findings::Findings,
        sibling_cut_offs::{Siblings, readings},
    },
};

/// How many tenants are probed side by side.
const TENANTS_AT_ONCE: usize = 8;
/// How many assets are probed together and settled in one transaction.
const PIECE: usize = 100;
/// How many pieces of a tenant are under way.
const PIECES_AT_ONCE: usize = 6;

impl Vault {
    /// Probes what is due in a lane, at most `limit` assets: tenants take turns, each tenant's most urgent
    /// assets come first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn watch_due(&self, lane: Lane, limit: u32) -> Result<Watched, Error> {
        let owner = format!("{}/{}", self.jobs.owner, uuid::Uuid::now_v7());
        let wall = Clock::wall();
        let claimer = Claimer {
            owner: &owner,
            now: self.clock.now(),
            wall,
            until: wall + self.settings.lease,
        };
        let claims = self.store.claim_probes(lane, claimer, limit).await?;
        if claims.is_empty() {
            return Ok(Watched::default());
        }
        // Made before the stream: a closure within it would not be known to be Send.
        let rounds: Vec<_> = claims
            .iter()
            .map(|claim| self.watch_tenant(&owner, claim))
            .collect();
        let rounds = stream::iter(rounds)
            .buffer_unordered(TENANTS_AT_ONCE)
            .fold(Watched::default(), async |sum, it| sum.plus(it));
        let watched = tokio::select! {
            biased;
            watched = rounds => watched,
            never = self.keep_probes(&owner) => never,
        };
        self.store.release_probes(&owner).await?;
        Ok(watched)
    }

    /// Keeps the leases of a pass until it is dropped.
    async fn keep_probes(&self, owner: &str) -> Watched {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            if let Err(error) = self
                .store
                .renew_probes(owner, Clock::wall() + self.settings.lease)
                .await
            {
                warn!(
                    error = error_chain(&error),
                    "cannot renew the leases of probes"
                );
            }
        }
    }

    /// One tenant's faults are its own: they are logged, and its assets are due again.
    async fn watch_tenant(&self, owner: &str, claim: &ProbeClaim) -> Watched {
        let span =
            info_span!("watch", tenant.id = %claim.scope.tenant(), assets = claim.leases.len());
        let watched = self
            .watch_claim(owner, claim)
            .instrument(span.clone())
            .await;
        let claimed = claim.leases.len();
        span.in_scope(|| match watched {
            Ok(watched) => {
                if watched.lost > 0 {
                    info!(
                        lost = watched.lost,
                        "assets were claimed or changed by somebody else meanwhile"
                    );
                }
                Watched { claimed, ..watched }
            }
            Err(error) => {
                error!(error = error_chain(&error), "a round of probes broke off");
                Watched {
                    claimed,
                    lost: claimed,
                    ..Watched::default()
                }
            }
        })
    }

    /// Piece by piece, several at once: a process that is gone leaves little to be done again.
    async fn watch_claim(&self, owner: &str, claim: &ProbeClaim) -> Result<Watched, Error> {
        let app = self.app(claim.scope.app_id()).await?;
        let pieces = claim.leases.chunks(PIECE);
        let pieces: Vec<_> = pieces
            .map(|it| self.watch_or_put_off(owner, &claim.scope, &app, it))
            .collect();
        let sum = stream::iter(pieces)
            .buffer_unordered(PIECES_AT_ONCE)
            .fold(Watched::default(), async |sum, it| sum.plus(it));
        Ok(sum.await)
    }

    /// A piece that breaks off is due again later, alone: the others go on.
    async fn watch_or_put_off(
        &self,
        owner: &str,
        scope: &TenantScope,
        app: &AppCredentials,
        leases: &[ProbeLease],
    ) -> Watched {
        let broke = match self.watch_piece(owner, scope, app, leases).await {
            Ok(watched) => return watched,
            Err(broke) => broke,
        };
        error!(error = error_chain(&broke), "a piece of probes broke off");
        if let Err(error) = self.put_off_probes(owner, scope, leases).await {
            warn!(error = error_chain(&error), "cannot put probes off");
        }
        Watched {
            lost: leases.len(),
            ..Watched::default()
        }
    }

    async fn put_off_probes(
        &self,
        owner: &str,
        scope: &TenantScope,
        leases: &[ProbeLease],
    ) -> Result<(), Error> {
        let (ids, now): (Vec<_>, _) = (
            leases.iter().map(|it| it.asset_id.clone()).collect(),
            self.clock.now(),
        );
        let tx = self.store.begin(scope).await?;
        tx.lock_assets(&ids).await?;
        let held = tx.hold_probes(owner, leases).await?;
        let later = leases.iter().filter(|it| held.contains(&it.asset_id));
        let later: Vec<_> = later
            .map(|it| (it.asset_id.clone(), now + probe_pause(it.tries)))
            .collect();
        tx.postpone_probes(&later).await?;
        Ok(tx.commit().await?)
    }

    async fn watch_piece(
        &self,
        owner: &str,
        scope: &TenantScope,
        app: &AppCredentials,
        leases: &[ProbeLease],
    ) -> Result<Watched, Error> {
        let (mut due, grants) = self.read_due(scope, leases).await?;
        let (adopted, tokens) = (HashMap::new(), HashMap::new());
        let mut round = Round {
            scope,
            owner,
            app,
            grants,
            adopted,
            tokens,
        };
        let first =
            |it: &StoredCredential| matches!(it.credential.slot, Slot::Active | Slot::Candidate);
        self.ask(&mut round, &mut due, |_, it| first(it)).await;
        let now = self.clock.now();
        let failing = due
            .iter()
            .filter(|it| it.needs_standby(now, &self.settings));
        let failing: HashSet<_> = failing.map(|it| it.asset.id.clone()).collect();
        if !failing.is_empty() {
            let spare =
                |due: &Due, it: &StoredCredential| failing.contains(&due.asset.id) && !first(it);
            self.ask(&mut round, &mut due, spare).await;
        }
        self.adopt(&mut round, &due).await;
        self.settle_due(&round, due).await
    }

    async fn read_due(
        &self,
        scope: &TenantScope,
        leases: &[ProbeLease],
    ) -> Result<(Vec<Due>, HashMap<GrantId, Grant>), Error> {
        let ids: Vec<_> = leases.iter().map(|it| it.asset_id.clone()).collect();
        let tx = self.store.begin_read(scope).await?;
        let assets = tx.assets(&ids).await?;
        let credentials = tx.standing_credentials(&ids).await?;
        let grant_ids: HashSet<_> = credentials
            .iter()
            .filter_map(|it| it.credential.grant_id)
            .collect();
        let grants = tx
            .grants(&grant_ids.into_iter().collect::<Vec<_>>())
            .await?;
        tx.commit().await?;
        let mut assets: HashMap<_, _> = assets.into_iter().map(|it| (it.id.clone(), it)).collect();
        let mut by_asset = by_asset(credentials);
        let due = |lease: &ProbeLease| {
            let asset = assets.remove(&lease.asset_id)?;
            let credentials = by_asset.remove(&lease.asset_id).unwrap_or_default();
            Some(Due {
                lease: lease.clone(),
                asset,
                credentials,
                proofs: HashMap::new(),
            })
        };
        let due = leases.iter().filter_map(due).collect();
        Ok((due, grants.into_iter().map(|it| (it.id, it)).collect()))
    }

    /// Settles a chunk where its leases still hold.
    async fn settle_due(&self, round: &Round<'_>, due: Vec<Due>) -> Result<Watched, Error> {
        let ids: Vec<_> = due.iter().map(|it| it.asset.id.clone()).collect();
        let leases: Vec<_> = due.iter().map(|it| it.lease.clone()).collect();
        let (key, now) = (self.keys.active(round.scope).await?, self.clock.now());
        let readings = readings(&due, now);
        let tx = self.store.begin(round.scope).await?;
        let siblings = tx
            .siblings(
                &readings
                    .iter()
                    .map(|(it, at)| (it.clone(), *at))
                    .collect::<Vec<_>>(),
            )
            .await?;
        let locked: HashMap<_, _> = tx
            .lock_assets(&[ids.as_slice(), &siblings].concat())
            .await?
            .into_iter()
            .map(|it| (it.id.clone(), it))
            .collect();
        let held = tx.hold_probes(round.owner, &leases).await?;
        let mut standing = by_asset(tx.standing_credentials(&ids).await?);
        let mut findings = Findings::new(round, &key, &self.settings, now);
        for it in due {
            let stands = standing.remove(&it.asset.id).unwrap_or_default();
            match locked
                .get(&it.asset.id)
                .filter(|_| held.contains(&it.asset.id))
            {
                Some(asset) => findings.add(it, asset, &stands)?,
                None => findings.watched.lost += 1,
            }
        }
        let siblings = Siblings {
            assets: siblings.iter().filter_map(|id| locked.get(id)).collect(),
            readings,
        };
        let watched = findings.carry_out(&tx, self, &siblings).await?;
        tx.commit().await?;
        Ok(watched)
    }
}

fn by_asset(credentials: Vec<StoredCredential>) -> HashMap<AssetId, Vec<StoredCredential>> {
    let mut by_asset = HashMap::<_, Vec<_>>::new();
    for it in credentials {
        by_asset
            .entry(it.credential.asset_id.clone())
            .or_default()
            .push(it);
    }
    by_asset
}
