//! Wakes the tasks of this process that wait for a reconnect, a preview or a discovery.
//!
//! The rule: a wake-up is only a hint. A task that wakes reads the database; tasks of other processes are not woken, so
//! they poll.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// One channel for each object, by its id, that a task waits for.
#[derive(Clone)]
pub(crate) struct Progress<K>(Arc<Mutex<HashMap<K, watch::Sender<()>>>>);

impl<K> Default for Progress<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash + Copy> Progress<K> {
    /// A receiver that wakes when the object progresses.
    pub(crate) fn subscribe_to(&self, id: K) -> watch::Receiver<()> {
        self.lock_channels()
            .entry(id)
            .or_insert_with(|| watch::channel(()).0)
            .subscribe()
    }

    /// Wakes the tasks that wait for the object.
    pub(crate) fn notify_waiters(&self, id: K) {
        let mut channels = self.lock_channels();
        if let Some(channel) = channels.get(&id) {
            channel.send_replace(());
            if channel.is_closed() {
                channels.remove(&id);
            }
        }
    }

    fn lock_channels(&self) -> MutexGuard<'_, HashMap<K, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
