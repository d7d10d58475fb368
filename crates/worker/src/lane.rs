//! What each lane calls, and how it goes on after that.
//!
//! The rule: a lane is one use case of the vault. An error rests the lane, ever longer, and no other.

use std::time::Duration;

use regrant_vault::{Error, ProbeQueue, Vault, Watched};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info, info_span, warn};

use crate::{Settings, chain, pause::Pause};

/// One kind of due work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Reconnects that were deferred, or whose process is gone.
    Reconnects,
    /// What Meta told about persons.
    Inbox,
    /// Assets whose probe is due: proofs, promotions, endings.
    Watching,
    /// The same of assets that failed for good, a smaller share at a time.
    Failing,
    /// Tokens that are to be refreshed before their end.
    Rotation,
    /// Webhooks on their way to tenants.
    Deliveries,
    /// Tenants whose time to be deleted has come, what is past retention, and scopes that clients do not use.
    Purge,
    /// Signed statements of where audits ended.
    Checkpoints,
}

impl Lane {
    /// Every lane, what somebody waits for first.
    pub const ALL: [Self; 8] = [
        Self::Reconnects,
        Self::Inbox,
        Self::Watching,
        Self::Failing,
        Self::Rotation,
        Self::Deliveries,
        Self::Purge,
        Self::Checkpoints,
    ];

    /// The name in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reconnects => "reconnects",
            Self::Watching => "watching",
            Self::Failing => "failing",
            Self::Rotation => "rotation",
            Self::Inbox => "inbox",
            Self::Deliveries => "deliveries",
            Self::Purge => "purge",
            Self::Checkpoints => "checkpoints",
        }
    }

    /// One pass: how much was done.
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

    /// Passes until `stop` is cancelled; one that is under way comes to its end.
    pub(crate) async fn run_until(self, vault: Vault, settings: Settings, stop: CancellationToken) {
        let mut pause = Pause::new(self.pause(&settings), self.is_thorough());
        while !stop.is_cancelled() {
            let pass = self
                .work(&vault, &settings)
                .instrument(info_span!("worker", lane = self.as_str()));
            let done = pass.await;
            self.tell(&done, pause.failures());
            let rest = pause.after(&done);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// A failure is told when it begins and ever less often while it lasts.
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
                    error = &*chain(error),
                    "the lane failed; it rests"
                );
            }
            Err(error) => debug!(lane, error = &*chain(error), "the lane failed again"),
        }
    }

    /// The longest rest while nothing is due.
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

    /// Whether one pass does all there is, so that none follows at once.
    const fn is_thorough(self) -> bool {
        matches!(self, Self::Purge | Self::Checkpoints)
    }
}

/// What broke off or was lost to another worker is no reason to look again at once.
fn watched(it: Watched) -> u64 {
    count(it.claimed.saturating_sub(it.lost))
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
