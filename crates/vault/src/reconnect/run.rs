//! Runs an accepted reconnect until every item has an outcome (design D3, steps 2 to 5), here or after a restart.
//!
//! The rule: all state of a run is in the database. A run owns a lease with a fencing number, and each settling
//! transaction checks it, so that a run that lost its lease writes nothing.
//! Start at [`Vault::spawn_run`]; `verify_token.rs` and `settle.rs` are the steps of [`Run`], `undo/` those of an undo.

use std::{convert::Infallible, future, sync::Arc, time::Duration};

use futures_util::{StreamExt, pin_mut};
use regrant_domain::{Clock, ProbeResult, ReconnectStatus, error_chain};
use regrant_graph::{AppCredentials, ProbeChunk, Target};
use regrant_permits::{Urgency, Wait};
use regrant_storage::{
    AuditEvent, DueKind, Item, Lease, PassedOver, Reconnect, TenantScope, UndoneReconnect,
};
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::{Instrument, info_span, warn};

use crate::{
    Error, Vault,
    credentials::second_opinion::ReviewedToken,
    reconnect::{
        offer::Credentials,
        verify_token::{TokenVerdict, Validation},
    },
};

/// How long after its time a deferred item may be listed at the latest.
const MAX_DELAY: chrono::Duration = chrono::Duration::minutes(1);
/// How many open items one round probes.
const ROUND: u32 = 1_600;
/// How many open items one round of an undo probes, before one transaction settles them.
const UNDO_ROUND: u32 = 500;
/// How many chunks of probed items one transaction settles at most; as many wait meanwhile.
const MAX_ARRIVED: usize = 10;
/// How a round waits for its permit. A tenant's runs are bounded by its quota.
const WAIT: Wait = Wait {
    urgency: Urgency::Normal,
    patience: Duration::from_hours(24),
    max_waiting: usize::MAX,
};

/// Chunks of probed items that were not settled, and what is known of their token.
struct Arrived<'a> {
    chunks: mpsc::Receiver<ProbeChunk>,
    reviewed: ReviewedToken<'a>,
}

/// What the rounds of a run do with their items.
enum Work<'a> {
    /// Probe this token on each asset.
    Replace(&'a Credentials),
    /// Probe each asset's previous token.
    Undo(UndoneReconnect),
}

impl Work<'_> {
    const fn round_size(&self) -> u32 {
        match self {
            Self::Replace(_) => ROUND,
            Self::Undo(_) => UNDO_ROUND,
        }
    }
}

/// One run of a reconnect: what all of its steps share.
pub(super) struct Run<'a> {
    pub(super) vault: &'a Vault,
    pub(super) scope: &'a TenantScope,
    pub(super) lease: &'a Lease,
    pub(super) reconnect: Reconnect,
    pub(super) app: Arc<AppCredentials>,
}

impl Vault {
    /// Claims due reconnects and runs them here: deferred ones, and those whose process is gone; discoveries too. Returns
    /// how many reconnects.
    pub async fn resume_due(&self) -> Result<usize, Error> {
        self.resume_discoveries().await?;
        let lease_for =
            chrono::Duration::from_std(self.settings.lease).map_err(Error::from_cause)?;
        // What cannot run here is left to other processes.
        let (free, full) = self.runs.of_tenants.find_room(self.runs.permits.limits());
        let passed_over = PassedOver {
            tenants: &full,
            ..PassedOver::default()
        };
        let claims = self
            .store
            .claim_due_except(
                DueKind::Reconnect,
                Clock::system_time(),
                &self.runs.owner,
                lease_for,
                free,
                passed_over,
            )
            .await?;
        let n = claims.len();
        for claim in claims {
            self.spawn_run(claim.scope, claim.lease, None);
        }
        Ok(n)
    }

    /// Runs a leased reconnect in the background. `verdict` receives whether its token is valid.
    pub(crate) fn spawn_run(
        &self,
        scope: TenantScope,
        lease: Lease,
        verdict: Option<oneshot::Sender<TokenVerdict>>,
    ) {
        let vault = self.in_background().for_tenant(scope.tenant());
        let id = lease.reconnect_id();
        let span = info_span!("reconnect", tenant.id = %scope.tenant(), reconnect.id = %id);
        let running = self.runs.of_tenants.begin_run(scope.tenant());
        let run = async move {
            let _running = running;
            let done = vault.run_under_lease(&scope, &lease, verdict).await;
            vault.progress.notify_waiters(id);
            match done {
                Ok(()) => {}
                Err(Error::Stale | Error::NotFound(_)) => {
                    warn!("another process has taken the reconnect over");
                }
                Err(error) => vault.note_failed_run(&scope, &lease, &error).await,
            }
        };
        self.runs
            .tracker
            .spawn_on(run.instrument(span), &self.runs.runtime);
    }

    /// Runs while a heartbeat renews the lease.
    async fn run_under_lease(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        verdict: Option<oneshot::Sender<TokenVerdict>>,
    ) -> Result<(), Error> {
        let run = async {
            Run::load_run(self, scope, lease)
                .await?
                .run_to_end(verdict)
                .await
        };
        tokio::select! {
            biased;
            done = run => done,
            lost = self.renew_until_lost(scope, lease) => Err(lost),
        }
    }

    /// Renews the lease until another process holds it.
    pub(crate) async fn renew_until_lost(&self, scope: &TenantScope, lease: &Lease) -> Error {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            let until = Clock::system_time() + self.settings.lease;
            match self.store.renew_lease(scope, lease, until).await {
                Ok(()) => {}
                Err(error @ regrant_storage::Error::Stale) => return error.into(),
                Err(error) => warn!(error = error_chain(&error), "cannot renew a lease"),
            }
        }
    }
}

impl<'a> Run<'a> {
    /// Reads what the steps of a run share.
    ///
    /// # Errors
    /// `NotFound(Reconnect)`: it was refused and erased.
    async fn load_run(
        vault: &'a Vault,
        scope: &'a TenantScope,
        lease: &'a Lease,
    ) -> Result<Self, Error> {
        Ok(Self {
            reconnect: vault.read_reconnect(scope, lease.reconnect_id()).await?,
            app: vault.open_app_credentials(scope.app_id()).await?,
            vault,
            scope,
            lease,
        })
    }

    /// Validates the token, then probes and settles the items. An undo offers no token of its own.
    async fn run_to_end(
        &self,
        verdict: Option<oneshot::Sender<TokenVerdict>>,
    ) -> Result<(), Error> {
        if let Some(undone) = self.reconnect.undo {
            return self.settle_rounds(&Work::Undo(undone)).await;
        }
        match self.validate_token(verdict).await? {
            Validation::Valid(credentials) => {
                self.settle_rounds(&Work::Replace(&credentials)).await
            }
            Validation::Ended => Ok(()),
            Validation::Deferred => self.finish_or_reschedule().await,
        }
    }

    /// Probes and settles open items round by round. Each round waits for a permit, so that a long reconnect leaves its
    /// turn to other tenants; validation is quick, its caller waits, and it needs none.
    async fn settle_rounds(&self, work: &Work<'_>) -> Result<(), Error> {
        loop {
            let next = self.read_open_items(1).await?;
            if next.is_empty() || self.vault.runs.stop.is_cancelled() {
                return self.finish_or_reschedule().await;
            }
            let permits = &self.vault.runs.permits;
            let permit = permits.acquire(self.scope.tenant(), WAIT).await;
            let _permit = permit.map_err(Error::from_cause)?;
            // Read now, because many runs may wait, and the items of a round take room.
            let open = self.read_open_items(work.round_size()).await?;
            match work {
                Work::Replace(credentials) => self.settle_round(credentials, open).await?,
                Work::Undo(undone) => self.settle_undo_round(undone, open).await?,
            }
        }
    }

    /// Probes items and settles what arrives; probing continues meanwhile.
    async fn settle_round(&self, credentials: &Credentials, open: Vec<Item>) -> Result<(), Error> {
        let to_probe = self.settle_without_probe(credentials, open).await?;
        let targets: Vec<_> = to_probe.iter().map(|(_, target)| target.clone()).collect();
        let chunks = self.vault.graph.stream_probes(
            &self.app,
            &credentials.token,
            &credentials.grant.facts.person_id,
            &targets,
        );
        let (sender, arrived) = mpsc::channel(MAX_ARRIVED);
        let probe = async move {
            pin_mut!(chunks);
            while let Some(chunk) = chunks.next().await {
                if sender.send(chunk).await.is_err() {
                    break;
                }
            }
            // What was sent is settled before the round ends.
            drop(sender);
            future::pending::<Infallible>().await
        };
        let settle = self.settle_arrived(credentials, &to_probe, arrived);
        tokio::select! {
            settled = settle => settled,
            never = probe => match never {},
        }
    }

    /// Settles what arrives, two transactions at a time: while the database writes one, the next is sealed.
    async fn settle_arrived(
        &self,
        credentials: &Credentials,
        to_probe: &[(Item, Target)],
        chunks: mpsc::Receiver<ProbeChunk>,
    ) -> Result<(), Error> {
        let reviewed = ReviewedToken::new(&self.app, &credentials.token, &credentials.grant);
        let arrived = Mutex::new(Arrived { chunks, reviewed });
        let settle = || self.settle_batches(credentials, to_probe, &arrived);
        tokio::try_join!(settle(), settle()).map(drop)
    }

    /// Settles all chunks that have arrived in one transaction, again and again.
    async fn settle_batches(
        &self,
        credentials: &Credentials,
        to_probe: &[(Item, Target)],
        arrived: &Mutex<Arrived<'_>>,
    ) -> Result<(), Error> {
        while !self.vault.runs.stop.is_cancelled() {
            let batch = self
                .receive_batch(to_probe, &mut *arrived.lock().await)
                .await;
            if batch.is_empty() {
                break;
            }
            self.settle_probed(credentials, batch).await?;
            self.vault.progress.notify_waiters(self.reconnect.id);
        }
        Ok(())
    }

    /// The results of all chunks that have arrived, as they count; none when there are no more.
    async fn receive_batch<'b>(
        &self,
        to_probe: &'b [(Item, Target)],
        arrived: &mut Arrived<'_>,
    ) -> Vec<(&'b Item, ProbeResult)> {
        // A token leaves after its audit is committed, which on SQLite waits for the transaction that is open.
        let most = if self.vault.store.do_callers_share_writer() {
            1
        } else {
            MAX_ARRIVED
        };
        let mut chunks = Vec::with_capacity(most);
        arrived.chunks.recv_many(&mut chunks, most).await;
        let (items, results): (Vec<_>, Vec<_>) = chunks
            .into_iter()
            .flat_map(|chunk| chunk.indices.into_iter().zip(chunk.results))
            .filter_map(|(index, result)| Some((to_probe.get(index)?, result)))
            .map(|((item, target), result)| (item, (target, result)))
            .unzip();
        let reviewed = self.vault.review_results(&mut arrived.reviewed, results);
        items.into_iter().zip(reviewed.await).collect()
    }

    /// Ends the reconnect, or releases the lease until the next item is due.
    async fn finish_or_reschedule(&self) -> Result<(), Error> {
        let id = self.reconnect.id;
        let tx = self.vault.store.begin(self.scope).await?;
        tx.hold_lease(self.lease).await?;
        let reconnect = tx.find_reconnect(id).await?;
        self.vault.revoke_after_reconnect(&tx, &reconnect).await?;
        if reconnect.open == 0 {
            let detail = serde_json::json!({ "items": reconnect.total });
            let event = AuditEvent::new("vault", "reconnect.completed", id, detail);
            let vault = self.vault;
            vault
                .end_reconnect(&tx, (id, ReconnectStatus::Completed), event)
                .await?;
        } else {
            let wall = Clock::system_time();
            let next = tx.find_next_retry(id).await?;
            let is_stopping = self.vault.runs.stop.is_cancelled();
            // Every open item that can be read was settled or deferred to a later time.
            if !is_stopping && next.is_none_or(|at| at < wall - MAX_DELAY) {
                return Err(Error::from_cause("open items cannot be read"));
            }
            let next = next.filter(|at| *at > wall);
            // A process that stops leaves items that were never tried: they are due now.
            let due_at = next.filter(|_| !is_stopping).unwrap_or(wall);
            tx.reschedule_due(self.lease, due_at).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Reads items that are open and due now, at most `limit`.
    pub(super) async fn read_open_items(&self, limit: u32) -> Result<Vec<Item>, Error> {
        let tx = self.vault.store.begin_read(self.scope).await?;
        let items = tx
            .list_open_items(self.reconnect.id, Clock::system_time(), limit)
            .await?;
        tx.commit().await?;
        Ok(items)
    }
}
