//! The life of the vault's process: the reconnects that run in it, and how it closes.
//!
//! The rule: a background run outlives the request that started it, and ends only with the process or its lease.

use std::{sync::Arc, time::Duration};

use regrant_domain::{Clock, TenantId, Timestamp, error_chain};
use regrant_permits::{Limits, Permits};
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::warn;

use super::tenant_runs::TenantRuns;
use crate::{Error, Vault};

/// How long running work may take to finish when the vault closes.
const CLOSE_PATIENCE: Duration = Duration::from_secs(30);

/// How often the leases of this process are released, until one try succeeds.
const RELEASE_TRIES: u32 = 10;
/// How long a try waits for the one before it.
const RELEASE_PAUSE: Duration = Duration::from_millis(100);

/// The background runs of this process, and what they share.
#[derive(Clone)]
pub(crate) struct BackgroundRuns {
    pub(crate) tracker: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) permits: Permits<TenantId>,
    pub(crate) of_tenants: TenantRuns,
    pub(crate) runtime: Handle,
    /// The name of this process in leases.
    pub(crate) owner: Arc<str>,
    /// The announcements of this process.
    pub(crate) announcements: TaskTracker,
    /// The same among the processes that announce themselves.
    pub(crate) node: uuid::Uuid,
}

impl BackgroundRuns {
    /// At most `at_once` runs probe at the same time, at most half of them for one tenant. Must be called on the runtime that is to run them.
    pub(crate) fn new(at_once: usize) -> Self {
        let node = uuid::Uuid::now_v7();
        Self {
            tracker: TaskTracker::new(),
            announcements: TaskTracker::new(),
            stop: CancellationToken::new(),
            permits: Permits::new(Limits {
                total: at_once,
                of_key: at_once / 2,
            }),
            of_tenants: TenantRuns::default(),
            runtime: Handle::current(),
            owner: node.to_string().into(),
            node,
        }
    }
}

impl Vault {
    /// Makes this process the only one that works on the database, and frees the leases of its predecessor. SQLite
    /// only.
    ///
    /// # Errors
    /// Another process works on the database.
    pub async fn become_sole_process(&self) -> Result<(), Error> {
        Ok(self.store.become_sole_process().await?)
    }

    /// The same vault for work without a caller: its transactions wait longer for their turn.
    #[must_use]
    pub fn in_background(&self) -> Self {
        Self {
            store: self.store.in_background(),
            ..self.clone()
        }
    }

    /// The same vault for the work of one tenant: its calls of Graph take only the tenant's turns.
    pub(crate) fn for_tenant(&self, tenant: TenantId) -> Self {
        Self {
            graph: self.graph.for_sharer(tenant.uuid().as_u128()),
            ..self.clone()
        }
    }

    /// Resumes due reconnects, at least every `pause`, until the vault closes.
    pub async fn resume_until_closed(&self, pause: Duration) {
        while !self.runs.stop.is_cancelled() {
            if let Err(error) = self.resume_due().await {
                warn!(error = error_chain(&error), "cannot resume due reconnects");
            }
            let closed = self.runs.stop.cancelled();
            let _paused = tokio::time::timeout(pause, closed).await;
        }
    }

    /// How many reconnects run in this process.
    #[must_use]
    pub fn count_running(&self) -> usize {
        self.runs.tracker.len()
    }

    /// Lets running reconnects finish their chunk and starts no more. Call it when the listeners have ended: their
    /// connections to the database end with them, so a chunk that is written over one of these is left to be resumed.
    pub async fn stop_runs(&self) {
        self.runs.stop.cancel();
        self.runs.tracker.close();
        self.store.drop_idle_connections();
        if tokio::time::timeout(CLOSE_PATIENCE, self.runs.tracker.wait())
            .await
            .is_err()
        {
            warn!("running work did not finish in time; it is resumed later");
        }
    }

    /// Stops running reconnects as [`Vault::stop_runs`] does, releases all leases and stops. A run that is still active
    /// after that cannot write any more.
    pub async fn shut_down(&self) {
        self.stop_runs().await;
        if let Err(error) = self.store_unknown_errors().await {
            warn!(
                error = error_chain(&error),
                "cannot store unknown errors of Graph"
            );
        }
        self.release_leases().await;
        self.forget_node().await;
        self.store.release_process_lock();
    }

    /// Releases the leases of this process. A connection that ended with the thread that opened it fails once.
    async fn release_leases(&self) {
        for tries_left in (0..RELEASE_TRIES).rev() {
            let Err(error) = self.store.release_leases(&self.runs.owner).await else {
                return;
            };
            if tries_left == 0 {
                warn!(
                    error = error_chain(&error),
                    "cannot release leases; they expire"
                );
            }
            self.store.drop_idle_connections();
            tokio::time::sleep(RELEASE_PAUSE).await;
        }
    }

    /// The terms of a lease that begins now: the owner, the end and the beginning.
    pub(crate) fn lease_from_now(&self) -> (&str, Timestamp, Timestamp) {
        let now = Clock::system_time();
        (&*self.runs.owner, now + self.settings.lease, now)
    }
}
