//! Finds the clients of calls: calls that wait share one look-up.
//!
//! The rule: a look-up begins after the call arrived, so that a change to a client applies to its next call.
//! Start at [`ClientLookups::find_client`].

use std::sync::Arc;

use regrant_domain::ClientId;
use regrant_storage::{Error as StorageError, Store, UnverifiedClient};
use tokio::{runtime::Handle, sync::oneshot};
use tokio_util::task::TaskTracker;

use crate::{
    Error,
    call::batches::{BatchLimit, Batches},
};

/// How many calls share one look-up at most.
const MAX_CALLS: usize = 500;

/// The client, if there is one that may call, or why it cannot be read.
type Found = Result<Option<Arc<UnverifiedClient>>, Arc<StorageError>>;

/// Finds clients. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ClientLookups {
    store: Store,
    batches: Batches<(), WaitingCall>,
}

/// One call that waits for its client.
struct WaitingCall {
    client: ClientId,
    done: oneshot::Sender<Found>,
}

impl ClientLookups {
    pub(crate) fn new(store: Store, tracker: TaskTracker, runtime: Handle) -> Self {
        let limit = BatchLimit {
            size: MAX_CALLS,
            size_of_item: |_: &WaitingCall| 1,
            // Calls of all tenants wait here; the connections bound how many there are.
            waiting: usize::MAX,
        };
        Self {
            store,
            batches: Batches::new(tracker, runtime, limit),
        }
    }

    /// The client with this id, unless it is disabled or its tenant suspended.
    ///
    /// # Errors
    /// `Unauthenticated`: the client or its tenant was changed around the application.
    pub(super) async fn find_client(
        &self,
        client: ClientId,
    ) -> Result<Option<Arc<UnverifiedClient>>, Error> {
        let (done, found) = oneshot::channel();
        let lookups = self.clone();
        self.batches
            .add((), WaitingCall { client, done }, move |batch| {
                let store = lookups.store.clone();
                async move { answer_calls(&store, batch).await }
            })?;
        let found = found.await.map_err(Error::from_cause)?;
        found.map_err(Error::of_shared_caller)
    }
}

async fn answer_calls(store: &Store, batch: Vec<WaitingCall>) {
    let mut clients: Vec<_> = batch.iter().map(|it| it.client).collect();
    clients.sort_unstable();
    clients.dedup();
    let found = store.find_clients_for_login(&clients).await;
    let found = found.map_err(Arc::new).map(|found| {
        let shared = found.into_iter();
        let shared = shared.map(|(id, it)| (id, it.map(Arc::new).map_err(Arc::new)));
        shared.collect::<std::collections::HashMap<_, _>>()
    });
    for call in batch {
        let of_call = match &found {
            Ok(found) => found.get(&call.client).cloned().transpose(),
            Err(error) => Err(Arc::clone(error)),
        };
        // The request may have disconnected.
        let _disconnected = call.done.send(of_call);
    }
}
