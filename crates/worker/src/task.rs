//! The tasks of the worker: which use case each calls, and its loop.
//!
//! The rule: a task calls one use case of the vault. An error backs off this task only.
//! Start at [`WorkerTask::run_pass`]. The log calls a task a lane.

use std::time::Duration;

use regrant_domain::{closed_list, error_chain};
use regrant_vault::{Error, ProbePassStats, ProbeQueue, Vault};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info, info_span, warn};

use crate::{Settings, sleep::SleepSchedule};

closed_list! {
    /// One kind of due work; tasks that a person waits for come first.
    pub enum WorkerTask: "worker task" {
        /// Reconnects that were deferred, or whose process ended.
        Reconnects = "reconnects",
        /// Notices of Meta about persons.
        MetaNotices = "inbox",
        /// Assets whose probe is due: probe them, promote credentials, record endings.
        DueProbes = "watching",
        /// The same for assets with a permanent failure, fewer in each pass.
        FailingProbes = "failing",
        /// Tokens to refresh before they expire.
        TokenRefreshes = "rotation",
        /// Webhook deliveries to tenants.
        Deliveries = "deliveries",
        /// Tenants due for deletion, records past retention, and scopes that clients do not use.
        Purge = "purge",
        /// Bytes of deleted rows that are to leave a SQLite file.
        Erasure = "erasure",
        /// Errors of Graph that Regrant does not know.
        UnknownErrors = "graph_errors",
        /// Data keys that an older version of the key-encryption key wraps.
        Keys = "keys",
        /// Records that a data key sealed which leaked.
        CompromisedKeys = "compromised_keys",
        /// Data keys of tenants that are too old, and records that an old one sealed.
        DataKeys = "data_keys",
        /// Signed checkpoints of the audit chains.
        Checkpoints = "checkpoints",
    }
}

impl WorkerTask {
    /// Runs one pass; returns the number of processed items.
    pub(crate) async fn run_pass(self, vault: &Vault, settings: &Settings) -> Result<u64, Error> {
        match self {
            Self::Reconnects => vault.resume_due().await.map(to_count),
            Self::DueProbes => vault
                .probe_due_assets(ProbeQueue::Normal, settings.probes_per_pass)
                .await
                .map(count_probed),
            Self::FailingProbes => vault
                .probe_due_assets(ProbeQueue::Failing, settings.failing_probes_per_pass)
                .await
                .map(count_probed),
            Self::TokenRefreshes => vault
                .refresh_due_tokens(settings.refreshes_per_pass)
                .await
                .map(to_count),
            Self::MetaNotices => vault
                .apply_due_notices(settings.messages_per_pass)
                .await
                .map(to_count),
            Self::Deliveries => vault
                .deliver_due_webhooks(settings.messages_per_pass)
                .await
                .map(to_count),
            Self::Purge => {
                // Each runs, whatever the others return.
                let steps = [
                    vault.delete_due_tenants().await,
                    vault.purge_expired().await,
                    vault.drop_unused_scopes().await,
                ];
                steps.into_iter().sum()
            }
            Self::Erasure => vault.erase_deleted_bytes().await,
            Self::UnknownErrors => vault.store_unknown_errors().await,
            Self::Keys => {
                // Each runs, whatever the other returns.
                let steps = [
                    vault.rewrap_data_keys().await,
                    vault.settle_deletions().await,
                ];
                steps.into_iter().sum()
            }
            Self::CompromisedKeys => vault.reseal_compromised_records().await,
            Self::DataKeys => vault.reseal_due_records().await,
            Self::Checkpoints => vault.sign_due_checkpoints().await,
        }
    }

    /// Runs passes until `stop` is cancelled; a running pass is finished first.
    pub(crate) async fn run_until_stopped(
        self,
        vault: Vault,
        settings: Settings,
        stop: CancellationToken,
    ) {
        let mut sleeps = SleepSchedule::new(self.idle_interval(&settings), self.is_exhaustive());
        while !stop.is_cancelled() {
            let pass = self
                .run_pass(&vault, &settings)
                .instrument(info_span!("worker", lane = self.as_str()));
            let done = pass.await;
            self.log_outcome(&done, sleeps.failures());
            let sleep = sleeps.next_sleep(&done);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Logs the first failure at level `warn`, then only every failure whose number is a power of two.
    fn log_outcome(self, done: &Result<u64, Error>, failures: u32) {
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
    const fn idle_interval(self, settings: &Settings) -> Duration {
        match self {
            Self::Reconnects | Self::MetaNotices | Self::Deliveries => settings.poll_interval,
            Self::DueProbes => settings.probe_interval,
            Self::FailingProbes => settings.failing_probe_interval,
            Self::TokenRefreshes => settings.refresh_interval,
            Self::Purge => settings.purge_interval,
            Self::Erasure => settings.erasure_interval,
            Self::UnknownErrors => settings.unknown_error_interval,
            Self::Keys | Self::CompromisedKeys | Self::DataKeys => settings.key_interval,
            Self::Checkpoints => settings.checkpoint_interval,
        }
    }

    /// Whether one pass does all due work, so that the next one need not follow at once.
    const fn is_exhaustive(self) -> bool {
        matches!(
            self,
            Self::Purge | Self::Erasure | Self::UnknownErrors | Self::Checkpoints
        )
    }
}

/// Probes without a result are not counted: they are no reason to run another pass at once.
fn count_probed(stats: ProbePassStats) -> u64 {
    to_count(stats.claimed.saturating_sub(stats.lost))
}

fn to_count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
