//! What the worker has before it, for operators: how much is due, since when, and what rests. No tenant's data.

use regrant_domain::{AppId, Clock, Timestamp};
use regrant_graph::AppAtRest;
use regrant_storage::{DueKind, TenantCounts, Waiting};

use crate::{Error, Vault};

/// How much work lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobsView {
    /// Kind by kind, what is due and nobody holds; probes are among them.
    pub due: Vec<(&'static str, Waiting)>,
    /// Leases that somebody holds.
    pub held: u64,
    /// Leases that have ended and that nobody took up: their holder is gone.
    pub stuck: u64,
    /// Reconnects that run in this process.
    pub running_here: usize,
    /// Reconnects that have not ended.
    pub running_reconnects: u64,
    /// How many tenants there are, state by state.
    pub tenants: TenantCounts,
    /// Apps whose calls this process lets rest.
    pub apps_at_rest: Vec<PausedApp>,
}

/// An app whose calls rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PausedApp {
    /// Its id.
    pub app: AppId,
    /// Since when.
    pub since: Timestamp,
    /// Why, as a sentence.
    pub reason: &'static str,
}

impl JobsView {
    /// Since when the longest due waits.
    #[must_use]
    pub fn oldest_due(&self) -> Option<Timestamp> {
        self.due.iter().filter_map(|(_, it)| it.oldest).min()
    }
}

impl Vault {
    /// How much work lies, over all tenants.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn jobs(&self) -> Result<JobsView, Error> {
        let (now, wall) = (self.clock.now(), Clock::wall());
        let paused = |it: AppAtRest| PausedApp {
            app: it.app,
            since: it.since,
            reason: it.cause.sentence(),
        };
        let backlog = self.store.backlog(now, wall).await?;
        let mut due = vec![("probe", backlog.probes)];
        for kind in DueKind::ALL {
            due.push((kind.as_str(), self.store.waiting_of(kind, wall).await?));
        }
        Ok(JobsView {
            due,
            held: backlog.held,
            stuck: backlog.stuck,
            running_here: self.running(),
            running_reconnects: self.store.reconnects_on_list().await?,
            tenants: self.store.tenant_counts().await?,
            apps_at_rest: self.graph.apps_at_rest().into_iter().map(paused).collect(),
        })
    }
}
