//! The audit of token reads: concurrent reads share a commit.
//!
//! The rule: a read waits until its events are committed; if the commit fails, all of its reads fail, but each tenant of
//! it is committed alone first. A commit group commits in sequence: on SQLite one group for all tenants, on PostgreSQL one
//! group per tenant. While a commit of a group runs, further reads queue, and the next commit carries all of them. A read
//! never waits for others to join. Commits run outside of requests: a request that disconnects leaves its events to be
//! committed.
//! Start at [`ReadAudit::record_reads`].

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{AuditEvent, Store, TenantScope};
use tokio::{runtime::Handle, sync::oneshot};
use tokio_util::task::TaskTracker;

use crate::Error;

/// How many events one commit carries at most, unless a single read has more.
const MAX_ROWS: usize = 2_000;

/// Commits the audit events of reads. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ReadAudit {
    store: Store,
    tracker: TaskTracker,
    runtime: Handle,
    groups: Arc<Mutex<HashMap<TenantId, Vec<WaitingRead>>>>,
    count_commits: Arc<AtomicU64>,
}

/// One read that waits for its commit.
struct WaitingRead {
    scope: TenantScope,
    events: Vec<AuditEvent>,
    at: Timestamp,
    done: oneshot::Sender<Result<(), SharedCommitError>>,
}

/// The reads of one commit, in the order of the tenants' ids.
type ReadsByTenant = BTreeMap<TenantId, Vec<WaitingRead>>;

/// The error of a commit, for each of its reads.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the audit of a read was not committed")]
struct SharedCommitError(#[source] Arc<regrant_storage::Error>);

impl From<SharedCommitError> for Error {
    fn from(error: SharedCommitError) -> Self {
        match &*error.0 {
            regrant_storage::Error::Unavailable(outage, _) => {
                Self::Unavailable(*outage, error.into())
            }
            regrant_storage::Error::Busy => Self::DatabaseBusy,
            regrant_storage::Error::TenantBusy => Self::TenantBusy,
            _ => Self::from_cause(error),
        }
    }
}

/// Removes a group if its task panics: its reads fail, and the next read starts the group again.
struct GroupGuard<'a> {
    audit: &'a ReadAudit,
    group: TenantId,
    has_ended: bool,
}

impl Drop for GroupGuard<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.audit
                .groups
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&self.group);
        }
    }
}

impl ReadAudit {
    pub(crate) fn new(store: Store, tracker: TaskTracker, runtime: Handle) -> Self {
        Self {
            store,
            tracker,
            runtime,
            groups: Arc::default(),
            count_commits: Arc::default(),
        }
    }

    /// Returns when the events are committed.
    ///
    /// # Errors
    /// They are not committed, or the outcome is unknown: no token may be returned.
    pub(super) async fn record_reads(
        &self,
        scope: &TenantScope,
        events: Vec<AuditEvent>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (done, committed) = oneshot::channel();
        self.enqueue_read(WaitingRead {
            scope: scope.clone(),
            events,
            at,
            done,
        });
        committed
            .await
            .map_err(Error::from_cause)?
            .map_err(Error::from)
    }

    /// How many commits were made.
    #[cfg(test)]
    pub(crate) fn commits(&self) -> u64 {
        self.count_commits.load(Ordering::SeqCst)
    }

    fn enqueue_read(&self, read: WaitingRead) {
        let group = self.group_of(&read.scope);
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = groups.get_mut(&group) {
            waiting.push(read);
            return;
        }
        // An entry, empty or not, means that the group has a task.
        groups.insert(group, vec![read]);
        drop(groups);
        let reads = self.clone();
        self.tracker
            .spawn_on(async move { reads.run_group(group).await }, &self.runtime);
    }

    fn group_of(&self, scope: &TenantScope) -> TenantId {
        if self.store.is_sqlite() {
            TenantId::SYSTEM
        } else {
            scope.tenant()
        }
    }

    async fn run_group(&self, group: TenantId) {
        let mut guard = GroupGuard {
            audit: self,
            group,
            has_ended: false,
        };
        while let Some(batch) = self.next_batch(group) {
            let tenants = group_by_tenant(batch);
            match self.commit_batch(&tenants).await {
                // One tenant's chain may be damaged: each commits alone, so that only its own reads fail.
                Err(_) if tenants.len() > 1 => {
                    for (tenant, reads) in tenants {
                        let alone = BTreeMap::from([(tenant, reads)]);
                        let committed = self.commit_batch(&alone).await;
                        answer_reads(alone, committed);
                    }
                }
                committed => answer_reads(tenants, committed),
            }
        }
        guard.has_ended = true;
    }

    /// The reads of the next commit; `None` ends the group.
    fn next_batch(&self, group: TenantId) -> Option<Vec<WaitingRead>> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = groups.get_mut(&group)?;
        if waiting.is_empty() {
            groups.remove(&group);
            return None;
        }
        let mut rows = 0_usize;
        let fits = waiting.iter().take_while(|read| {
            let first = rows == 0;
            rows = rows.saturating_add(read.events.len());
            first || rows <= MAX_ROWS
        });
        let n = fits.count();
        Some(waiting.drain(..n).collect())
    }

    /// Commits a batch in one transaction, tenant by tenant in the order of their ids.
    async fn commit_batch(&self, tenants: &ReadsByTenant) -> Result<(), regrant_storage::Error> {
        let mut open = None;
        for reads in tenants.values() {
            let Some(first) = reads.first() else { continue };
            let tx = match open.take() {
                None => self.store.begin_short(&first.scope).await?,
                Some(tx) => regrant_storage::TenantTx::switch_tenant(tx, &first.scope).await?,
            };
            for read in reads {
                tx.write_audit_events(&read.events, read.at).await?;
            }
            open = Some(tx);
        }
        if let Some(tx) = open {
            tx.commit().await?;
            self.count_commits.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

fn group_by_tenant(batch: Vec<WaitingRead>) -> ReadsByTenant {
    let mut tenants = ReadsByTenant::new();
    for read in batch {
        tenants.entry(read.scope.tenant()).or_default().push(read);
    }
    tenants
}

fn answer_reads(tenants: ReadsByTenant, committed: Result<(), regrant_storage::Error>) {
    let committed = committed.map_err(|error| SharedCommitError(Arc::new(error)));
    for read in tenants.into_values().flatten() {
        // The request may have disconnected.
        let _disconnected = read.done.send(committed.clone());
    }
}
