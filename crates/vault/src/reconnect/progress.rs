//! Wakes the tasks of this process that wait for a reconnect, a preview or a discovery.
//!
//! The rule: a wake-up is only a hint. A task that wakes reads the database; tasks of other processes are not woken, so
//! they poll. A channel goes with the last task that waits: an object that has ended never wakes anyone again.

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
    /// Waits for the object to progress, from now on.
    pub(crate) fn subscribe_to(&self, id: K) -> Waiter<K> {
        let mut channels = self.lock_channels();
        let channel = channels.entry(id).or_insert_with(|| watch::channel(()).0);
        Waiter {
            receiver: channel.subscribe(),
            progress: self.clone(),
            id,
        }
    }

    /// Wakes the tasks that wait for the object.
    pub(crate) fn notify_waiters(&self, id: K) {
        if let Some(channel) = self.lock_channels().get(&id) {
            channel.send_replace(());
        }
    }

    fn lock_channels(&self) -> MutexGuard<'_, HashMap<K, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task's wait for an object. Dropping it ends the wait.
pub(crate) struct Waiter<K: Eq + Hash + Copy> {
    receiver: watch::Receiver<()>,
    progress: Progress<K>,
    id: K,
}

impl<K: Eq + Hash + Copy> Waiter<K> {
    /// Waits until the object has progressed since the last call, or since the wait began.
    pub(crate) async fn changed(&mut self) {
        // The channel is kept while one waits.
        let _kept = self.receiver.changed().await;
    }
}

impl<K: Eq + Hash + Copy> Drop for Waiter<K> {
    fn drop(&mut self) {
        let mut channels = self.progress.lock_channels();
        let is_last = |it: &watch::Sender<()>| it.receiver_count() == 1;
        if channels.get(&self.id).is_some_and(is_last) {
            channels.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_waiter_is_woken_and_its_channel_goes_with_the_last_one() {
        let progress = Progress::<u8>::default();
        let (mut one, mut other) = (progress.subscribe_to(1), progress.subscribe_to(1));
        progress.notify_waiters(1);
        one.changed().await;
        other.changed().await;
        drop(one);
        assert_eq!(progress.lock_channels().len(), 1);
        drop(other);
        assert_eq!(progress.lock_channels().len(), 0, "nothing is kept of it");
        progress.notify_waiters(1);
        assert_eq!(progress.lock_channels().len(), 0);
    }
}
