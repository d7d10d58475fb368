//! The audit of token reads: concurrent reads share a commit.
//!
//! The rule: a read waits until its events are committed; if the commit fails, all of its reads fail, but each tenant of
//! it is committed alone first. A commit group commits in sequence: on SQLite one group for all tenants, on PostgreSQL one
//! group per tenant, whose events are appended after the end of the chain that this process wrote last. If another
//! process wrote to the chain since, the end is locked and read first.
//! Start at [`ReadAudit::record_reads`]; `call/batches.rs` gathers the reads of a commit.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use moka::sync::Cache;
use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{AuditEvent, AuditHead, Store, TenantScope, TenantTx};
use tokio::{runtime::Handle, sync::oneshot};
use tokio_util::task::TaskTracker;

use crate::{
    Error,
    call::batches::{BatchLimit, Batches},
};

/// How many events one commit carries at most, unless a single read has more.
const MAX_ROWS: usize = 2_000;

/// How many ends of chains are remembered.
const MAX_ENDS: u64 = 10_000;

/// Commits the audit events of reads. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ReadAudit {
    store: Store,
    batches: Batches<TenantId, WaitingRead>,
    /// The ends of chains as this process wrote them last.
    ends: Cache<TenantId, AuditHead>,
    count_commits: Arc<AtomicU64>,
}

/// One read that waits for its commit.
struct WaitingRead {
    scope: TenantScope,
    events: Vec<AuditEvent>,
    at: Timestamp,
    done: oneshot::Sender<Result<(), Arc<regrant_storage::Error>>>,
}

/// The reads of one commit, in the order of the tenants' ids.
type ReadsByTenant = BTreeMap<TenantId, Vec<WaitingRead>>;

/// The transaction of a batch, if it was begun before the batch was taken.
type Begun = Option<Result<TenantTx, regrant_storage::Error>>;

impl ReadAudit {
    pub(crate) fn new(store: Store, tracker: TaskTracker, runtime: Handle) -> Self {
        let limit = BatchLimit {
            size: MAX_ROWS,
            size_of_item: |read: &WaitingRead| read.events.len(),
            // Each of these calls has read its rows, which bounds how many there are.
            waiting: usize::MAX,
        };
        Self {
            store,
            batches: Batches::new(tracker, runtime, limit),
            ends: Cache::new(MAX_ENDS),
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
        let read = WaitingRead {
            scope: scope.clone(),
            events,
            at,
            done,
        };
        let (store, audit) = (self.store.clone(), self.clone());
        self.batches.add_after(
            self.group_of(scope),
            read,
            move || begin_on_sqlite(store.clone()),
            move |begun, batch| {
                let audit = audit.clone();
                async move { audit.commit_or_divide(begun, group_by_tenant(batch)).await }
            },
        )?;
        let committed = committed.await.map_err(Error::from_cause)?;
        committed.map_err(Error::of_batch)
    }

    /// How many commits were made.
    #[cfg(test)]
    pub(crate) fn commits(&self) -> u64 {
        self.count_commits.load(Ordering::SeqCst)
    }

    fn group_of(&self, scope: &TenantScope) -> TenantId {
        if self.store.is_sqlite() {
            TenantId::SYSTEM
        } else {
            scope.tenant()
        }
    }

    /// Commits a batch. Where that fails, one tenant's chain may be damaged: each tenant commits alone then, so that
    /// only its own reads fail.
    async fn commit_or_divide(&self, begun: Begun, tenants: ReadsByTenant) {
        match self.commit_batch(begun, &tenants).await {
            Err(_) if tenants.len() > 1 => {
                for (tenant, reads) in tenants {
                    let alone = BTreeMap::from([(tenant, reads)]);
                    let committed = self.commit_batch(None, &alone).await;
                    answer_reads(alone, committed);
                }
            }
            committed => answer_reads(tenants, committed),
        }
    }

    async fn commit_batch(
        &self,
        begun: Begun,
        tenants: &ReadsByTenant,
    ) -> Result<(), regrant_storage::Error> {
        let mut all = tenants.values();
        if let (Some(reads), None) = (all.next(), all.next())
            && !self.store.is_sqlite()
            && self.append_events(reads).await?
        {
            return Ok(());
        }
        self.commit_locked(begun.transpose()?, tenants).await
    }

    /// Appends the events of a tenant's reads after the end that is remembered; whether it still is the end.
    async fn append_events(&self, reads: &[WaitingRead]) -> Result<bool, regrant_storage::Error> {
        let Some(scope) = reads.first().map(|it| &it.scope) else {
            return Ok(false);
        };
        // Forgotten until the events are known to be committed.
        let Some(end) = self.ends.remove(&scope.tenant()) else {
            return Ok(false);
        };
        let of_read = |read: &WaitingRead| {
            let at = read.at;
            read.events
                .iter()
                .cloned()
                .map(move |it| (it, at))
                .collect::<Vec<_>>()
        };
        let events: Vec<_> = reads.iter().flat_map(of_read).collect();
        let Some(end) = self.store.append_audit_events(scope, &end, &events).await? else {
            return Ok(false);
        };
        self.ends.insert(scope.tenant(), end);
        self.count_commits.fetch_add(1, Ordering::SeqCst);
        Ok(true)
    }

    /// Commits a batch in one transaction, tenant by tenant in the order of their ids.
    async fn commit_locked(
        &self,
        begun: Option<TenantTx>,
        tenants: &ReadsByTenant,
    ) -> Result<(), regrant_storage::Error> {
        let mut open = begun;
        for reads in tenants.values() {
            let Some(first) = reads.first() else { continue };
            let tx = match open.take() {
                None => self.store.begin_short(&first.scope).await?,
                Some(tx) => tx.switch_tenant(&first.scope).await?,
            };
            for read in reads {
                tx.write_audit_events(&read.events, read.at).await?;
            }
            open = Some(tx);
        }
        let (Some(tx), Some(last)) = (open, tenants.keys().next_back()) else {
            return Ok(());
        };
        if let Some(end) = tx.commit_audit().await? {
            self.ends.insert(*last, end);
        }
        self.count_commits.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// SQLite has one writer: the batch waits for its turn first and carries what arrived meanwhile. A batch of PostgreSQL
/// needs no transaction as long as the end of its chain is remembered.
async fn begin_on_sqlite(store: Store) -> Begun {
    if !store.is_sqlite() {
        return None;
    }
    Some(store.begin_short(&store.system_scope()).await)
}

fn group_by_tenant(batch: Vec<WaitingRead>) -> ReadsByTenant {
    let mut tenants = ReadsByTenant::new();
    for read in batch {
        tenants.entry(read.scope.tenant()).or_default().push(read);
    }
    tenants
}

fn answer_reads(tenants: ReadsByTenant, committed: Result<(), regrant_storage::Error>) {
    let committed = committed.map_err(Arc::new);
    for read in tenants.into_values().flatten() {
        // The request may have disconnected.
        let _disconnected = read.done.send(committed.clone());
    }
}
