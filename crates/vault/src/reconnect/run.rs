//! Runs an accepted reconnect to its end (design D3, steps 2 to 5), here or after a restart.
//!
//! The rule: everything that is needed to go on lies in the database. A run owns a lease with a
//! fencing number; each settling transaction checks it, so that a run which was thought dead and
//! wakes up again writes nothing.
//! Start at `Vault::run`; `prove.rs` and `settle.rs` are its steps.

use std::time::Duration;

use futures_util::{StreamExt, pin_mut};
use regrant_domain::{Clock, Counts, EventKind, ReconnectId, ReconnectStatus};
use regrant_graph::AppCredentials;
use regrant_storage::{Item, Lease, NewEvent, Reconnect, TenantScope};
use tokio::sync::oneshot;
use tracing::{Instrument, info_span, warn};

use crate::{
    Error, Resource, TokenRefusal, Vault,
    reconnect::{
        DUE, event,
        verify_token::{Credentials, Prove},
    },
};

/// Whether the submitted token was accepted.
pub(crate) type Proved = Result<(), TokenRefusal>;

/// How long work under way may take to settle when the vault closes.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many open items one round takes up.
const ROUND: u32 = 2_000;

impl Vault {
    /// Takes up reconnects that are due: deferred ones, and those whose process is gone.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn resume_due(&self) -> Result<usize, Error> {
        let lease_for = chrono::Duration::from_std(self.settings.lease).map_err(Error::internal)?;
        // What cannot run here is left to other processes.
        let places = u32::try_from(self.jobs.places.available_permits()).unwrap_or(u32::MAX);
        let claims = self
            .store
            .claim_due(DUE, Clock::wall(), &self.jobs.owner, lease_for, places)
            .await?;
        let n = claims.len();
        for claim in claims {
            self.spawn_run(claim.scope, claim.lease, None);
        }
        Ok(n)
    }

    /// Takes over what a process that is gone has left; SQLite only, where one process works at a time.
    ///
    /// # Errors
    /// Another process works on it, or the database does not answer.
    pub async fn take_over(&self) -> Result<(), Error> {
        Ok(self.store.take_over().await?)
    }

    /// Looks for due reconnects until the vault closes.
    pub async fn resume_until_closed(&self, pause: Duration) {
        while !self.jobs.stop.is_cancelled() {
            if let Err(error) = self.resume_due().await {
                warn!(error = %error, "cannot look for due reconnects");
            }
            let closed = self.jobs.stop.cancelled();
            let _paused = tokio::time::timeout(pause, closed).await;
        }
    }

    /// How many reconnects run in this process.
    #[must_use]
    pub fn running(&self) -> usize {
        self.jobs.tracker.len()
    }

    /// Lets running reconnects come to the end of their chunk, gives every lease back and stops. Whoever still
    /// works after that writes nothing any more.
    pub async fn close(&self) {
        self.jobs.stop.cancel();
        self.jobs.tracker.close();
        if tokio::time::timeout(PATIENCE, self.jobs.tracker.wait())
            .await
            .is_err()
        {
            warn!("work under way did not settle in time; it will be taken up again");
        }
        if let Err(error) = self.store.release_leases(&self.jobs.owner).await {
            warn!(
                error = &*chain(&error),
                "cannot give leases back; they end by themselves"
            );
        }
        self.store.leave();
    }

    pub(crate) fn spawn_run(
        &self,
        scope: TenantScope,
        lease: Lease,
        tell: Option<oneshot::Sender<Proved>>,
    ) {
        let vault = self.clone();
        let span =
            info_span!("reconnect", tenant.id = %scope.tenant(), reconnect.id = %id_of(&lease));
        let run = async move {
            let done = vault.run_leased(&scope, &lease, tell).await;
            vault.progress.moved(id_of(&lease));
            match done {
                Ok(()) => {}
                Err(error) if is_lost(&error) => {
                    warn!("another process has taken the reconnect over")
                }
                Err(error) => warn!(
                    error = &*chain(&error),
                    "a run broke off; it will be taken up again"
                ),
            }
        };
        self.jobs
            .tracker
            .spawn_on(run.instrument(span), &self.jobs.runtime);
    }

    /// Runs while a heartbeat keeps the lease.
    async fn run_leased(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        tell: Option<oneshot::Sender<Proved>>,
    ) -> Result<(), Error> {
        tokio::select! {
            biased;
            done = self.run(scope, lease, tell) => done,
            lost = self.keep(scope, lease) => Err(lost),
        }
    }

    /// Renews the lease until it is lost.
    async fn keep(&self, scope: &TenantScope, lease: &Lease) -> Error {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            let until = Clock::wall() + self.settings.lease;
            match self.store.renew(scope, lease, until).await {
                Ok(()) => {}
                Err(error @ regrant_storage::Error::Stale) => return error.into(),
                Err(error) => warn!(error = %error, "cannot renew a lease"),
            }
        }
    }

    async fn run(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        tell: Option<oneshot::Sender<Proved>>,
    ) -> Result<(), Error> {
        let reconnect = self.read_reconnect(scope, id_of(lease)).await?;
        let app = self.app(scope.app_id()).await?;
        match self
            .prove_token(scope, lease, &reconnect, &app, tell)
            .await?
        {
            Prove::Proved(credentials) => {
                // Proving the one token is quick and somebody waits for it; only the many probes queue.
                let _place = self.jobs.places.acquire().await.map_err(Error::internal)?;
                self.work(scope, lease, &app, &credentials).await
            }
            Prove::Ended => Ok(()),
            Prove::Later => self.finish_or_wait(scope, lease).await,
        }
    }

    /// Probes and settles open items round by round.
    async fn work(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        app: &AppCredentials,
        credentials: &Credentials,
    ) -> Result<(), Error> {
        loop {
            let open = self.open_items(scope, id_of(lease)).await?;
            if open.is_empty() || self.jobs.stop.is_cancelled() {
                return self.finish_or_wait(scope, lease).await;
            }
            self.round(scope, lease, app, credentials, open).await?;
        }
    }

    async fn round(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        app: &AppCredentials,
        credentials: &Credentials,
        open: Vec<Item>,
    ) -> Result<(), Error> {
        let open = self.settle_unasked(scope, lease, credentials, open).await?;
        let targets: Vec<_> = open.iter().map(|(_, target)| target.clone()).collect();
        let chunks = self.graph.probe_stream(
            app,
            &credentials.token,
            &credentials.grant.person_id,
            &targets,
        );
        pin_mut!(chunks);
        while let Some(chunk) = chunks.next().await {
            let items = chunk
                .indices
                .iter()
                .filter_map(|index| open.get(*index))
                .map(|(item, _)| item);
            let probed: Vec<_> = items.zip(chunk.proofs).collect();
            self.settle(scope, lease, credentials, probed).await?;
            self.progress.moved(id_of(lease));
            if self.jobs.stop.is_cancelled() {
                break;
            }
        }
        Ok(())
    }

    /// Ends the reconnect, or gives the lease back until its next item is due.
    pub(crate) async fn finish_or_wait(
        &self,
        scope: &TenantScope,
        lease: &Lease,
    ) -> Result<(), Error> {
        let (id, now) = (id_of(lease), self.clock.now());
        let tx = self.store.begin(scope).await?;
        tx.hold(lease).await?;
        let reconnect = tx.reconnect(id).await?;
        if reconnect.open == 0 {
            tx.finish_reconnect(id, ReconnectStatus::Completed, now)
                .await?;
            tx.wipe_idle_grants().await?;
            let detail = serde_json::json!({ "items": reconnect.total });
            tx.audit(
                &[event("vault".to_owned(), "reconnect.completed", id, detail)],
                now,
            )
            .await?;
            let counts = tx.counts(&[id]).await?.remove(&id).unwrap_or_default();
            tx.emit(&[completed(id, &counts)], now).await?;
        } else {
            let wall = Clock::wall();
            let next = tx.next_retry(id).await?.filter(|at| *at > wall);
            // A process that stops leaves items nobody has tried: they are due now, whatever else waits.
            let due_at = next
                .filter(|_| !self.jobs.stop.is_cancelled())
                .unwrap_or(wall);
            tx.reschedule(lease, due_at).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn read_reconnect(
        &self,
        scope: &TenantScope,
        id: ReconnectId,
    ) -> Result<Reconnect, Error> {
        let tx = self.store.begin_read(scope).await?;
        let reconnect = tx
            .reconnect(id)
            .await
            .map_err(Error::missing(Resource::Reconnect))?;
        tx.commit().await?;
        Ok(reconnect)
    }

    async fn open_items(&self, scope: &TenantScope, id: ReconnectId) -> Result<Vec<Item>, Error> {
        let tx = self.store.begin_read(scope).await?;
        let items = tx.open_items(id, Clock::wall(), ROUND).await?;
        tx.commit().await?;
        Ok(items)
    }
}

pub(crate) fn id_of(lease: &Lease) -> ReconnectId {
    ReconnectId::from_uuid(lease.object)
}

/// What the outside is told of a reconnect that has ended.
fn completed(id: ReconnectId, counts: &Counts) -> NewEvent {
    let counts: serde_json::Map<_, _> = counts
        .iter()
        .map(|(it, n)| (it.as_str().to_owned(), n.into()))
        .collect();
    let data = serde_json::json!({ "reconnect_id": id, "status": ReconnectStatus::Completed, "counts": counts });
    NewEvent {
        kind: EventKind::ReconnectCompleted,
        subject: id.to_string(),
        data,
    }
}

/// Whether the lease belongs to somebody else now.
fn is_lost(error: &Error) -> bool {
    match error {
        Error::NotFound(_) => true,
        Error::Internal(cause) => {
            matches!(
                cause.downcast_ref(),
                Some(regrant_storage::Error::Stale | regrant_storage::Error::NotFound)
            )
        }
        _ => false,
    }
}

/// An error with its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |it| it.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
