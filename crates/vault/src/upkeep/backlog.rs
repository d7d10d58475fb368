//! The worker's backlog for operators: how much work is due, since when, and which apps are suspected.
//!
//! The rule: counts and times only, no tenant's data.
//! Start at [`Vault::read_backlog`].

use regrant_domain::{AppId, Clock, Timestamp};
use regrant_graph::SuspectedApp;
use regrant_storage::{Backlog, DueKind, Outage, TenantCounts, WaitingWork};

use crate::{Error, Vault};

/// The backlog over all tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogView {
    /// Whether a node of a distributed database did not answer: what needs all nodes is left out or zero.
    pub is_incomplete: bool,
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
        let counts = match self.count_due_work(now, system_time).await {
            Err(Error::Unavailable(Outage::NodeLost, _)) => None,
            counts => Some(counts?),
        };
        let is_incomplete = counts.is_none();
        let DueCounts {
            backlog,
            due,
            running_reconnects,
        } = counts.unwrap_or_default();
        Ok(BacklogView {
            is_incomplete,
            due,
            leased: backlog.leased,
            expired: backlog.expired,
            running_here: self.count_running(),
            running_reconnects,
            tenants: self.store.count_tenants().await?,
            paused_apps: self
                .graph
                .suspected_apps()
                .into_iter()
                .map(paused)
                .collect(),
        })
    }

    /// Counts over the due work of all tenants.
    async fn count_due_work(&self, now: Timestamp, wall: Timestamp) -> Result<DueCounts, Error> {
        let backlog = self.store.read_backlog(now, wall).await?;
        let mut due = vec![("probe", backlog.probes)];
        for kind in DueKind::ALL {
            due.push((
                kind.as_str(),
                self.store.count_waiting_of(kind, wall).await?,
            ));
        }
        Ok(DueCounts {
            backlog,
            due,
            running_reconnects: self.store.count_unfinished_reconnects().await?,
        })
    }
}

/// What needs every node of a distributed database.
#[derive(Default)]
struct DueCounts {
    backlog: Backlog,
    due: Vec<(&'static str, WaitingWork)>,
    running_reconnects: u64,
}
