//! One run of a check: claims the probes of its assets, and runs them.
//!
//! The rule: `[tx] network [tx]`. The transaction that begins the check makes its probes due and claims those that no
//! other process holds, so that the worker takes them over if this process dies.

use std::time::Duration;

use regrant_domain::{Asset, AssetId, TenantId, Timestamp, error_chain};
use regrant_permits::Permit;
use regrant_storage::{ProbeClaim, ProbeLease, TenantScope, TenantTx};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};
use tracing::{Instrument, info_span, warn};

use super::LIMITS;
use crate::{Error, Vault};

/// How long a run waits for probes that another process holds.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it tries to claim them, and how often a read tries to get a permit.
const TRY_EVERY: Duration = Duration::from_millis(250);
/// How long the read of a token waits for the check of its asset.
const READ_PATIENCE: Duration = Duration::from_secs(8);

/// A check that is running: the probes that it holds, and the assets whose probes another process holds.
pub(super) struct CheckRun {
    scope: TenantScope,
    /// The name of this run in leases.
    owner: String,
    since: Timestamp,
    leases: Vec<ProbeLease>,
    waiting: Vec<AssetId>,
}

impl Vault {
    /// Checks assets before their tokens are read, as far as their probes are due; waits [`READ_PATIENCE`] at most.
    pub(crate) async fn check_before_read(
        &self,
        scope: &TenantScope,
        ids: &[AssetId],
    ) -> Result<(), Error> {
        let deadline = Instant::now() + READ_PATIENCE;
        let permit = timeout_at(deadline, self.await_check_permit(scope.tenant())).await;
        let Ok(permit) = permit else { return Ok(()) };
        let now = self.clock.now();
        let tx = self.store.begin(scope).await?;
        let assets = tx.lock_assets(ids).await?;
        let run = self.claim_check(&tx, scope, &assets, now).await?;
        tx.commit().await?;
        let _elapsed = timeout_at(deadline, self.spawn_check(run, permit)).await;
        Ok(())
    }

    async fn await_check_permit(&self, tenant: TenantId) -> Permit<TenantId> {
        loop {
            match self.check_permits.try_take(tenant, LIMITS.of_key) {
                Some(permit) => return permit,
                None => tokio::time::sleep(TRY_EVERY).await,
            }
        }
    }

    /// Claims the probes of these locked assets, as far as no other process holds them.
    pub(super) async fn claim_check(
        &self,
        tx: &TenantTx,
        scope: &TenantScope,
        assets: &[Asset],
        now: Timestamp,
    ) -> Result<CheckRun, Error> {
        let mut run = CheckRun {
            scope: scope.clone(),
            owner: self.new_probe_owner(),
            since: now,
            leases: Vec::new(),
            waiting: Vec::new(),
        };
        self.claim_unchecked(tx, &mut run, assets).await?;
        Ok(run)
    }

    /// Claims the probes of those assets that were not probed since the check began.
    async fn claim_unchecked(
        &self,
        tx: &TenantTx,
        run: &mut CheckRun,
        assets: &[Asset],
    ) -> Result<(), Error> {
        let is_open = |it: &&Asset| {
            let is_checked = it.facts.checked_at.is_some_and(|at| at >= run.since);
            it.facts.next_check_at.is_some() && !is_checked
        };
        let mut open: Vec<_> = assets
            .iter()
            .filter(is_open)
            .map(|it| it.id.clone())
            .collect();
        run.leases = tx
            .claim_probes_of(&open, self.probe_claimer(&run.owner))
            .await?;
        open.retain(|id| !run.leases.iter().any(|it| it.asset_id == *id));
        run.waiting = open;
        Ok(())
    }

    /// Runs a check in the background; the receiver gets its end.
    pub(super) fn spawn_check(
        &self,
        run: CheckRun,
        permit: Permit<TenantId>,
    ) -> oneshot::Receiver<()> {
        let (done, ended) = oneshot::channel();
        let (vault, span) = (
            self.clone(),
            info_span!("check", tenant.id = %run.scope.tenant()),
        );
        let task = async move {
            let _permit = permit;
            if let Err(error) = Box::pin(vault.run_check(run)).await {
                warn!(
                    error = error_chain(&error),
                    "a check failed; the worker probes its assets"
                );
            }
            // The caller may have disconnected.
            let _disconnected = done.send(());
        };
        self.runs
            .tracker
            .spawn_on(task.instrument(span), &self.runs.runtime);
        ended
    }

    /// Probes what the run holds, then what other processes give back unprobed.
    async fn run_check(&self, mut run: CheckRun) -> Result<(), Error> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            self.run_claimed_probes(&mut run).await?;
            let is_over = Instant::now() >= give_up || self.runs.stop.is_cancelled();
            if run.waiting.is_empty() || is_over {
                return Ok(());
            }
            tokio::time::sleep(TRY_EVERY).await;
            let tx = self.store.begin(&run.scope).await?;
            let assets = tx.lock_assets(&run.waiting).await?;
            self.claim_unchecked(&tx, &mut run, &assets).await?;
            tx.commit().await?;
        }
    }

    async fn run_claimed_probes(&self, run: &mut CheckRun) -> Result<(), Error> {
        if run.leases.is_empty() {
            return Ok(());
        }
        let claims = [ProbeClaim {
            scope: run.scope.clone(),
            leases: std::mem::take(&mut run.leases),
        }];
        let [claim] = &claims;
        let probed = self.probe_tenant(&run.owner, claim);
        self.keep_probe_leases(&run.owner, &claims, probed).await;
        self.store.release_probes(&run.owner, &claims).await?;
        Ok(())
    }
}
