//! Who waits for a reconnect in this process is woken when it moves.
//!
//! The rule: a wake-up is a hint. Whoever is woken reads the database; whoever runs in another
//! process is not woken and looks again by itself.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use regrant_domain::ReconnectId;
use tokio::sync::watch;

/// One channel for each reconnect that somebody waits for or that runs here.
#[derive(Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<HashMap<ReconnectId, watch::Sender<()>>>>);

impl Progress {
    /// Wakes when the reconnect moves.
    pub(super) fn watch(&self, id: ReconnectId) -> watch::Receiver<()> {
        self.channels()
            .entry(id)
            .or_insert_with(|| watch::channel(()).0)
            .subscribe()
    }

    /// Wakes who waits.
    pub(super) fn moved(&self, id: ReconnectId) {
        let mut channels = self.channels();
        if let Some(channel) = channels.get(&id) {
            channel.send_replace(());
            if channel.is_closed() {
                channels.remove(&id);
            }
        }
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<ReconnectId, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
