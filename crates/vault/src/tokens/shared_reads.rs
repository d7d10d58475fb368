//! The rows that serve assets: concurrent reads of a tenant share one statement.
//!
//! The rule: a read begins after it was asked for, so that it shows what was committed before. Rows are opened by their
//! own calls, not here.
//! Start at [`SharedReads::read_served_assets`].

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use regrant_domain::{AssetId, TenantId};
use regrant_storage::{ServedAsset, Store, TenantScope};
use tokio::{runtime::Handle, sync::oneshot};
use tokio_util::task::TaskTracker;

use crate::{
    Error,
    call::batches::{BatchLimit, Batches},
};

/// How many assets one batch reads at most, unless a single call asks for more.
const MAX_ASSETS: usize = 1_000;
/// How many calls of a tenant wait at most.
const MAX_WAITING: usize = 1_024;

/// Reads the rows of tokens. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SharedReads {
    store: Store,
    batches: Batches<TenantId, WaitingRead>,
}

/// One call that waits for its rows.
struct WaitingRead {
    scope: TenantScope,
    ids: Vec<AssetId>,
    done: oneshot::Sender<Result<Vec<ServedAsset>, Arc<regrant_storage::Error>>>,
}

impl SharedReads {
    pub(crate) fn new(store: Store, tracker: TaskTracker, runtime: Handle) -> Self {
        let limit = BatchLimit {
            size: MAX_ASSETS,
            size_of_item: |read: &WaitingRead| read.ids.len(),
            waiting: MAX_WAITING,
        };
        Self {
            store,
            batches: Batches::new(tracker, runtime, limit),
        }
    }

    /// Those of the assets that exist, each with its active credential, in any order.
    ///
    /// # Errors
    /// `TenantBusy`: too many calls of the tenant wait.
    pub(super) async fn read_served_assets(
        &self,
        scope: &TenantScope,
        ids: Vec<AssetId>,
    ) -> Result<Vec<ServedAsset>, Error> {
        let (done, rows) = oneshot::channel();
        let read = WaitingRead {
            scope: scope.clone(),
            ids,
            done,
        };
        let reads = self.clone();
        self.batches.add(scope.tenant(), read, move |batch| {
            let reads = reads.clone();
            async move { reads.answer_batch(batch).await }
        })?;
        let rows = rows.await.map_err(Error::from_cause)?;
        rows.map_err(Error::of_batch)
    }

    async fn answer_batch(&self, batch: Vec<WaitingRead>) {
        let Some(first) = batch.first() else { return };
        match self.read_rows(&first.scope, &batch).await {
            Ok(rows) => answer_reads(batch, rows),
            Err(error) => {
                let error = Arc::new(error);
                for read in batch {
                    // The request may have disconnected.
                    let _disconnected = read.done.send(Err(Arc::clone(&error)));
                }
            }
        }
    }

    /// The assets that a batch asks for, by id.
    async fn read_rows(
        &self,
        scope: &TenantScope,
        batch: &[WaitingRead],
    ) -> Result<HashMap<AssetId, ServedAsset>, regrant_storage::Error> {
        let mut seen = HashSet::new();
        let ids = batch.iter().flat_map(|read| &read.ids);
        let ids: Vec<_> = ids.filter(|id| seen.insert(*id)).cloned().collect();
        let served = self.store.read_served_assets(scope, &ids).await?;
        let by_id = served.into_iter().map(|it| (it.asset.id.clone(), it));
        Ok(by_id.collect())
    }
}

/// Hands each read its rows. Most rows are wanted by one read alone, which gets them without a copy.
fn answer_reads(batch: Vec<WaitingRead>, mut rows: HashMap<AssetId, ServedAsset>) {
    let mut wanted = HashMap::<AssetId, usize>::with_capacity(rows.len());
    for id in batch.iter().flat_map(|read| &read.ids) {
        *wanted.entry(id.clone()).or_default() += 1;
    }
    for read in batch {
        let found = read.ids.iter().filter_map(|id| {
            let left = wanted.get_mut(id)?;
            *left = left.saturating_sub(1);
            if *left == 0 {
                rows.remove(id)
            } else {
                rows.get(id).cloned()
            }
        });
        let found = found.collect();
        // The request may have disconnected.
        let _disconnected = read.done.send(Ok(found));
    }
}
