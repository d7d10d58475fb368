//! Wakes the tasks of this process that wait for a reconnect.
//!
//! The rule: a wake-up is only a hint. A task that wakes reads the database; tasks of other processes are not woken, so
//! they poll.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use regrant_domain::ReconnectId;
use tokio::sync::watch;

/// One channel for each reconnect that a task waits for.
#[derive(Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<HashMap<ReconnectId, watch::Sender<()>>>>);

impl Progress {
    /// A receiver that wakes when the reconnect progresses.
    pub(super) fn subscribe_to(&self, id: ReconnectId) -> watch::Receiver<()> {
        self.lock_channels()
            .entry(id)
            .or_insert_with(|| watch::channel(()).0)
            .subscribe()
    }

    /// Wakes the tasks that wait for the reconnect.
    pub(super) fn notify_waiters(&self, id: ReconnectId) {
        let mut channels = self.lock_channels();
        if let Some(channel) = channels.get(&id) {
            channel.send_replace(());
            if channel.is_closed() {
                channels.remove(&id);
            }
        }
    }

    fn lock_channels(&self) -> MutexGuard<'_, HashMap<ReconnectId, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
