//! The worker's backlog for operators: how much work is due, since when, and which apps are suspected.
//!
//! The rule: counts and times only, no tenant's data.
//! Start at [`Vault::read_backlog`].

use regrant_domain::{AppId, Clock, Timestamp};
use regrant_graph::SuspectedApp;
use regrant_storage::{DueKind, TenantCounts, WaitingWork};

use crate::{Error, Vault};

/// The backlog over all tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogView {
    /// Due work without a lease, by kind; the first kind is `probe`.
    pub due: Vec<(&'static str, WaitingWork)>,
    /// How many leases are held.
    pub leased: u64,
    /// How many leases have expired without a new holder: their process is gone.
    pub expired: u64,
    /// How many reconnects run in this process.
    pub running_here: usize,
    /// How many reconnects have not completed, in any process.
    pub running_reconnects: u64,
    /// How many tenants there are, by status.
    pub tenants: TenantCounts,
    /// Apps whose calls this process pauses.
    pub paused_apps: Vec<PausedApp>,
}

/// An app whose calls are paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PausedApp {
    /// The app's id at Meta.
    pub app: AppId,
    /// When the pause began.
    pub since: Timestamp,
    /// The cause, as a sentence.
    pub reason: &'static str,
}

impl BacklogView {
    /// Since when the oldest due work waits; `None` if nothing is due.
    #[must_use]
    pub fn oldest_due(&self) -> Option<Timestamp> {
        self.due.iter().filter_map(|(_, it)| it.oldest).min()
    }
}

impl Vault {
    /// Reads the backlog over all tenants.
    pub async fn read_backlog(&self) -> Result<BacklogView, Error> {
        let (now, system_time) = (self.clock.now(), Clock::system_time());
        let paused = |it: SuspectedApp| PausedApp {
            app: it.app,
            since: it.since,
            reason: it.cause.as_sentence(),
        };
        let backlog = self.store.read_backlog(now, system_time).await?;
        let mut due = vec![("probe", backlog.probes)];
        for kind in DueKind::ALL {
            due.push((
                kind.as_str(),
                self.store.count_waiting_of(kind, system_time).await?,
            ));
        }
        Ok(BacklogView {
            due,
            leased: backlog.leased,
            expired: backlog.expired,
            running_here: self.count_running(),
            running_reconnects: self.store.count_unfinished_reconnects().await?,
            tenants: self.store.count_tenants().await?,
            paused_apps: self
                .graph
                .suspected_apps()
                .into_iter()
                .map(paused)
                .collect(),
        })
    }
}
