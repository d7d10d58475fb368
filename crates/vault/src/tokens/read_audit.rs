//! The audit of tokens that leave: concurrent reads share a commit.
//!
//! The rule: a read waits until its rows are committed; where the commit fails, every read of it fails. A lane is
//! what commits one after the other: on SQLite all tenants, on PostgreSQL one tenant. While one commit of a lane is
//! under way the next reads gather, and the next commit carries all of them: nobody waits for company.
//! Nothing here hangs on the request: one that goes away leaves its rows behind.

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

/// How many rows one commit carries at most, unless a single read has more.
const MOST_ROWS: usize = 2_000;

/// Commits the audit of reads. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reads {
    store: Store,
    tracker: TaskTracker,
    runtime: Handle,
    lanes: Arc<Mutex<HashMap<TenantId, Vec<Read>>>>,
    commits: Arc<AtomicU64>,
}

/// One read that waits.
struct Read {
    scope: TenantScope,
    events: Vec<AuditEvent>,
    at: Timestamp,
    done: oneshot::Sender<Result<(), Shared>>,
}

/// One failure answers many reads.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the audit of a read was not committed")]
struct Shared(#[source] Arc<regrant_storage::Error>);

/// Lets go of a lane whose task broke off: its reads fail, and the next one begins anew.
struct BrokenLane<'a> {
    reads: &'a Reads,
    lane: TenantId,
    ended: bool,
}

impl Drop for BrokenLane<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.reads
                .lanes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&self.lane);
        }
    }
}

impl Reads {
    pub(crate) fn new(store: Store, tracker: TaskTracker, runtime: Handle) -> Self {
        Self {
            store,
            tracker,
            runtime,
            lanes: Arc::default(),
            commits: Arc::default(),
        }
    }

    /// Comes back when the events are committed.
    ///
    /// # Errors
    /// They are not, or it is not known: nothing may leave.
    pub(super) async fn record(
        &self,
        scope: &TenantScope,
        events: Vec<AuditEvent>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (done, told) = oneshot::channel();
        self.enqueue(Read {
            scope: scope.clone(),
            events,
            at,
            done,
        });
        told.await
            .map_err(Error::internal)?
            .map_err(Error::internal)
    }

    /// How many commits there were.
    #[cfg(test)]
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    fn enqueue(&self, read: Read) {
        let lane = self.lane(&read.scope);
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = lanes.get_mut(&lane) {
            waiting.push(read);
            return;
        }
        // An entry, empty or not, says that the lane has a task.
        lanes.insert(lane, vec![read]);
        drop(lanes);
        let reads = self.clone();
        self.tracker
            .spawn_on(async move { reads.run(lane).await }, &self.runtime);
    }

    fn lane(&self, scope: &TenantScope) -> TenantId {
        if self.store.is_sqlite() {
            TenantId::SYSTEM
        } else {
            scope.tenant()
        }
    }

    async fn run(&self, lane: TenantId) {
        let mut broken = BrokenLane {
            reads: self,
            lane,
            ended: false,
        };
        while let Some(batch) = self.next(lane) {
            let committed = self
                .commit(&batch)
                .await
                .map_err(|error| Shared(Arc::new(error)));
            for read in batch {
                // Whoever went away does not wait for the answer.
                let _gone = read.done.send(committed.clone());
            }
        }
        broken.ended = true;
    }

    /// What is committed next; none ends the lane.
    fn next(&self, lane: TenantId) -> Option<Vec<Read>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = lanes.get_mut(&lane)?;
        if waiting.is_empty() {
            lanes.remove(&lane);
            return None;
        }
        let mut rows = 0_usize;
        let fits = waiting.iter().take_while(|read| {
            let first = rows == 0;
            rows = rows.saturating_add(read.events.len());
            first || rows <= MOST_ROWS
        });
        let n = fits.count();
        Some(waiting.drain(..n).collect())
    }

    /// One transaction, from tenant to tenant in the order of their ids.
    async fn commit(&self, batch: &[Read]) -> Result<(), regrant_storage::Error> {
        let mut tenants: BTreeMap<TenantId, Vec<&Read>> = BTreeMap::new();
        for read in batch {
            tenants.entry(read.scope.tenant()).or_default().push(read);
        }
        let mut open = None;
        for reads in tenants.values() {
            let Some(first) = reads.first() else { continue };
            let tx = match open.take() {
                None => self.store.begin(&first.scope).await?,
                Some(tx) => regrant_storage::TenantTx::go_on_as(tx, &first.scope).await?,
            };
            for read in reads {
                tx.audit(&read.events, read.at).await?;
            }
            open = Some(tx);
        }
        if let Some(tx) = open {
            tx.commit().await?;
            self.commits.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}
