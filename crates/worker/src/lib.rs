//! The background worker: one loop for each kind of due work, each calling a use case of the vault.
//!
//! The rule: no business rules here. The vault decides which work is due, in which order and for
//! which tenant. The worker decides only when to call it again, so that a slow task delays no other
//! task and an idle one costs little.
//! Start at [`Worker::run_until_stopped`]; `task.rs` lists the use case of each task.

#![forbid(unsafe_code)]

mod pulse;
mod settings;
mod sleep;
mod task;

use std::time::Duration;

use regrant_vault::{Error, Vault};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

pub use pulse::Pulse;
pub use settings::Settings;
pub use task::WorkerTask;

/// The maximum number of passes of [`Worker::run_until_idle`].
const MAX_PASSES: usize = 1_000;
/// The interval at which it checks for reconnects that run in the background.
const RUNNING_CHECK_INTERVAL: Duration = Duration::from_millis(10);

/// Does the due work of an installation. On PostgreSQL several workers may run, in any number of
/// processes.
pub struct Worker {
    vault: Vault,
    settings: Settings,
    pulse: Pulse,
}

/// The results of one pass over all tasks.
#[derive(Debug)]
pub struct PassResults {
    /// Each task with the number of items it processed.
    pub by_task: Vec<(WorkerTask, Result<u64, Error>)>,
}

/// A task ended although the worker was not stopped: a bug. Restart the process.
#[derive(Debug, thiserror::Error)]
#[error("a worker task ended unexpectedly; the log has the cause")]
pub struct TaskEnded;

impl Worker {
    /// A worker over this vault.
    #[must_use]
    pub fn new(vault: &Vault, settings: Settings) -> Self {
        Self {
            vault: vault.in_background(),
            settings,
            pulse: Pulse::new(),
        }
    }

    /// A handle that shows, from any thread, whether this worker runs.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Works until `stop` is cancelled; then claims no more work and waits for the running passes, up
    /// to `Settings::shutdown_timeout`. [`Vault::shut_down`] releases the leases that are still held.
    ///
    /// # Errors
    /// [`TaskEnded`]: a task ended early; the other tasks were stopped as above.
    pub async fn run_until_stopped(&self, stop: CancellationToken) -> Result<(), TaskEnded> {
        let (stop_tasks, mut tasks) = (stop.child_token(), JoinSet::new());
        for task in WorkerTask::ALL {
            let (vault, settings) = (self.vault.clone(), self.settings.clone());
            tasks.spawn(task.run_until_stopped(vault, settings, stop_tasks.clone()));
        }
        let ended_early = tokio::select! {
            () = stop.cancelled() => false,
            // A task ends when it is stopped; before that only by a panic.
            _ended = tasks.join_next() => !stop.is_cancelled(),
        };
        self.pulse.mark_stopped();
        stop_tasks.cancel();
        if tokio::time::timeout(self.settings.shutdown_timeout, join_tasks(&mut tasks))
            .await
            .is_err()
        {
            warn!("running work did not finish in time; it will be resumed");
            tasks.shutdown().await;
        }
        if ended_early {
            error!("a worker task ended unexpectedly");
            return Err(TaskEnded);
        }
        Ok(())
    }

    /// Runs one pass of every task, one after the other.
    pub async fn run_pass(&self) -> PassResults {
        let mut results = Vec::with_capacity(WorkerTask::ALL.len());
        for task in WorkerTask::ALL {
            results.push((task, task.run_pass(&self.vault, &self.settings).await));
        }
        PassResults { by_task: results }
    }

    /// Runs passes until no work is due and no reconnect runs, at most a thousand; returns the number
    /// of processed items.
    ///
    /// # Errors
    /// The first error of a task.
    pub async fn run_until_idle(&self) -> Result<u64, Error> {
        let mut all = 0_u64;
        for _ in 0..MAX_PASSES {
            let done = self.run_pass().await.total_processed()?;
            all = all.saturating_add(done);
            if done == 0 {
                if self.vault.count_running() == 0 {
                    break;
                }
                tokio::time::sleep(RUNNING_CHECK_INTERVAL).await;
            }
        }
        Ok(all)
    }
}

impl PassResults {
    /// The number of items that all tasks processed.
    ///
    /// # Errors
    /// The first error of a task.
    pub fn total_processed(self) -> Result<u64, Error> {
        self.by_task.into_iter().map(|(_, done)| done).sum()
    }
}

async fn join_tasks(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}
