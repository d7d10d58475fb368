//! The life of the vault's process: the reconnects that run in it, and how it closes.
//!
//! The rule: a background run outlives the request that started it, and ends only with the process or its lease.

use std::{sync::Arc, time::Duration};

use regrant_domain::{Clock, Timestamp, error_chain};
use tokio::{runtime::Handle, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::warn;

use crate::{Error, Vault};

/// How long work under way may take to settle when the vault closes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reconnects that run in this process. They outlive the request that started them.
#[derive(Clone)]
pub(crate) struct BackgroundRuns {
    pub(crate) tracker: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) runtime: Handle,
    /// Names this process in leases.
    pub(crate) owner: Arc<str>,
}

impl BackgroundRuns {
    /// At most `at_once` runs probe at the same time. Must be called on the runtime that is to run them.
    pub(crate) fn new(at_once: usize) -> Self {
        Self {
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
            permits: Arc::new(Semaphore::new(at_once)),
            runtime: Handle::current(),
            owner: uuid::Uuid::now_v7().to_string().into(),
        }
    }
}

impl Vault {
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
                warn!(
                    error = error_chain(&error),
                    "cannot look for due reconnects"
                );
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
                error = error_chain(&error),
                "cannot give leases back; they end by themselves"
            );
        }
        self.store.leave();
    }

    pub(crate) fn lease_from_now(&self) -> (&str, Timestamp, Timestamp) {
        let now = Clock::wall();
        (&*self.jobs.owner, now + self.settings.lease, now)
    }
}
