//! The tasks of the worker: which use case each calls, and its loop.
//!
//! The rule: a task calls one use case of the vault. An error backs off this task only.
//! Start at [`WorkerTask::run_pass`]. The log calls a task a lane.

use std::time::Duration;

use regrant_domain::{closed_list, error_chain};
use regrant_vault::{Error, ProbeQueue, Vault, Watched};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info, info_span, warn};

use crate::{Settings, sleep::Pause};

closed_list! {
    /// One kind of due work; tasks that a person waits for come first.
    pub enum Lane: "worker task" {
        /// Reconnects that were deferred, or whose process ended.
        Reconnects = "reconnects",
        /// Notices of Meta about persons.
        Inbox = "inbox",
        /// Assets whose probe is due: probe them, promote credentials, record endings.
        Watching = "watching",
        /// The same for assets with a permanent failure, fewer in each pass.
        Failing = "failing",
        /// Tokens to refresh before they expire.
        Rotation = "rotation",
        /// Webhook deliveries to tenants.
        Deliveries = "deliveries",
        /// Tenants due for deletion, records past retention, and scopes that clients do not use.
        Purge = "purge",
        /// Signed checkpoints of the audit chains.
        Checkpoints = "checkpoints",
    }
}

impl Lane {
    /// Runs one pass; returns the number of processed items.
    pub(crate) async fn work(self, vault: &Vault, settings: &Settings) -> Result<u64, Error> {
        match self {
            Self::Reconnects => vault.resume_due().await.map(count),
            Self::Watching => vault
                .watch_due(ProbeQueue::Normal, settings.probes)
                .await
                .map(watched),
            Self::Failing => vault
                .watch_due(ProbeQueue::Failing, settings.failing_probes)
                .await
                .map(watched),
            Self::Rotation => vault.rotate_due(settings.refreshes).await.map(count),
            Self::Inbox => vault.receive_due(settings.messages).await.map(count),
            Self::Deliveries => vault.deliver_due(settings.messages).await.map(count),
            Self::Purge => {
                let deleted = vault.delete_due_tenants().await?;
                let purged = vault.purge().await?;
                Ok(deleted
                    .saturating_add(purged)
                    .saturating_add(vault.drop_unused_scopes().await?))
            }
            Self::Checkpoints => vault.sign_due_checkpoints().await,
        }
    }

    /// Runs passes until `stop` is cancelled; a running pass is finished first.
    pub(crate) async fn run_until(self, vault: Vault, settings: Settings, stop: CancellationToken) {
        let mut sleeps = Pause::new(self.pause(&settings), self.is_thorough());
        while !stop.is_cancelled() {
            let pass = self
                .work(&vault, &settings)
                .instrument(info_span!("worker", lane = self.as_str()));
            let done = pass.await;
            self.tell(&done, sleeps.failures());
            let sleep = sleeps.after(&done);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Logs the first failure at level `warn`, then only every failure whose number is a power of two.
    fn tell(self, done: &Result<u64, Error>, failures: u32) {
        let lane = self.as_str();
        match done {
            Ok(_) if failures > 0 => info!(lane, failures, "the lane works again"),
            Ok(0) => {}
            Ok(done) => debug!(lane, done, "worked"),
            Err(error) if (failures + 1).is_power_of_two() => {
                warn!(
                    lane,
                    failures = failures + 1,
                    error = error_chain(error),
                    "the lane failed; it rests"
                );
            }
            Err(error) => debug!(lane, error = error_chain(error), "the lane failed again"),
        }
    }

    /// The longest sleep while no work is due.
    const fn pause(self, settings: &Settings) -> Duration {
        match self {
            Self::Reconnects | Self::Inbox | Self::Deliveries => settings.look,
            Self::Watching => settings.watch,
            Self::Failing => settings.watch_failing,
            Self::Rotation => settings.rotate,
            Self::Purge => settings.purge,
            Self::Checkpoints => settings.checkpoints,
        }
    }

    /// Whether one pass does all due work, so that the next one need not follow at once.
    const fn is_thorough(self) -> bool {
        matches!(self, Self::Purge | Self::Checkpoints)
    }
}

/// Probes without a result are not counted: they are no reason to run another pass at once.
fn watched(stats: Watched) -> u64 {
    count(stats.claimed.saturating_sub(stats.lost))
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
