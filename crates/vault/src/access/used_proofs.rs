//! The proofs that were used: calls of a tenant that wait share a commit.
//!
//! The rule: a proof counts once across all processes. A call waits until its proof is committed; of several calls with one
//! proof, the first one passes.
//! Start at [`UsedProofs::use_proof`]; `call/batches.rs` gathers the proofs of a commit.

use std::{collections::HashSet, sync::Arc};

use regrant_domain::{ClientId, TenantId};
use regrant_storage::{ClientProof, Store, TenantScope};
use tokio::{runtime::Handle, sync::oneshot};
use tokio_util::task::TaskTracker;

use crate::{
    Error,
    call::batches::{BatchLimit, Batches},
};

/// How many proofs one commit carries at most.
const MAX_PROOFS: usize = 500;
/// How many calls of a tenant wait at most.
const MAX_WAITING: usize = 1_024;

/// Keeps proofs that were used. Cheap to clone.
#[derive(Clone)]
pub(crate) struct UsedProofs {
    store: Store,
    batches: Batches<TenantId, WaitingProof>,
}

/// One call that waits for the commit of its proof.
struct WaitingProof {
    scope: TenantScope,
    proof: ClientProof,
    done: oneshot::Sender<Result<bool, Arc<regrant_storage::Error>>>,
}

impl UsedProofs {
    pub(crate) fn new(store: Store, tracker: TaskTracker, runtime: Handle) -> Self {
        let limit = BatchLimit {
            size: MAX_PROOFS,
            size_of_item: |_: &WaitingProof| 1,
            waiting: MAX_WAITING,
        };
        Self {
            store,
            batches: Batches::new(tracker, runtime, limit),
        }
    }

    /// Keeps a proof as used; whether it was not used before. Returns when that is committed.
    ///
    /// # Errors
    /// `TenantBusy`: too many calls of the tenant wait. It is not committed, or the outcome is unknown: the call must not
    /// pass.
    pub(super) async fn use_proof(
        &self,
        scope: &TenantScope,
        proof: ClientProof,
    ) -> Result<bool, Error> {
        let (done, committed) = oneshot::channel();
        let waiting = WaitingProof {
            scope: scope.clone(),
            proof,
            done,
        };
        let store = self.store.clone();
        self.batches.add(scope.tenant(), waiting, move |batch| {
            let store = store.clone();
            async move { answer_calls(&store, batch).await }
        })?;
        let committed = committed.await.map_err(Error::from_cause)?;
        committed.map_err(Error::of_batch)
    }
}

async fn answer_calls(store: &Store, batch: Vec<WaitingProof>) {
    let mut unused = insert_proofs(store, &batch).await.map_err(Arc::new);
    for call in batch {
        let is_first_use = match &mut unused {
            Ok(unused) => Ok(unused.remove(&(call.proof.client, call.proof.digest))),
            Err(error) => Err(Arc::clone(error)),
        };
        // The request may have disconnected.
        let _disconnected = call.done.send(is_first_use);
    }
}

/// Keeps the proofs of a batch as used. Returns those that were not used before.
async fn insert_proofs(
    store: &Store,
    batch: &[WaitingProof],
) -> Result<HashSet<(ClientId, [u8; 32])>, regrant_storage::Error> {
    let Some(first) = batch.first() else {
        return Ok(HashSet::new());
    };
    let tx = store.begin_short(&first.scope).await?;
    let unused = tx
        .insert_client_proofs(batch.iter().map(|it| it.proof))
        .await?;
    tx.commit().await?;
    Ok(unused)
}
