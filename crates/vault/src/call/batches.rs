//! Batches: items that arrive while a batch is worked on share the next one.
//!
//! The rule: an item never waits for others to arrive. While a task works on a batch of a group, further items of the
//! group queue, and its next batch carries all of them. The work runs outside of requests: a request that disconnects
//! leaves its item to be worked on.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// Items that wait, by group. Cheap to clone.
pub(crate) struct Batches<K, T> {
    groups: Arc<Mutex<HashMap<K, Vec<T>>>>,
    tracker: TaskTracker,
    runtime: Handle,
    limit: BatchLimit<T>,
}

/// How much one batch carries at most, unless its first item alone is more, and how many items wait.
pub(crate) struct BatchLimit<T> {
    pub(crate) size: usize,
    pub(crate) size_of_item: fn(&T) -> usize,
    /// How many items of a group may wait.
    pub(crate) waiting: usize,
}

/// As many items of the group wait as may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupFull;

/// Removes a group if its task panics: its items are dropped, and the next item starts the group again.
struct GroupGuard<'a, K: Hash + Eq, T> {
    groups: &'a Mutex<HashMap<K, Vec<T>>>,
    group: &'a K,
    has_ended: bool,
}

impl<K: Hash + Eq, T> Drop for GroupGuard<'_, K, T> {
    fn drop(&mut self) {
        if !self.has_ended {
            let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
            groups.remove(self.group);
        }
    }
}

impl<K, T> Batches<K, T>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    T: Send + 'static,
{
    pub(crate) fn new(tracker: TaskTracker, runtime: Handle, limit: BatchLimit<T>) -> Self {
        Self {
            groups: Arc::default(),
            tracker,
            runtime,
            limit,
        }
    }

    /// Adds an item to its group. A group that has no task starts one, which hands its batches to `work` one after the
    /// other.
    ///
    /// # Errors
    /// [`GroupFull`]: the item was not added.
    pub(crate) fn add<F>(
        &self,
        group: K,
        item: T,
        work: impl Fn(Vec<T>) -> F + Send + 'static,
    ) -> Result<(), GroupFull>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = groups.get_mut(&group) {
            if waiting.len() >= self.limit.waiting {
                return Err(GroupFull);
            }
            waiting.push(item);
            return Ok(());
        }
        // An entry, empty or not, means that the group has a task.
        groups.insert(group.clone(), vec![item]);
        drop(groups);
        let batches = self.clone();
        let run = async move { batches.run_group(&group, work).await };
        self.tracker.spawn_on(run, &self.runtime);
        Ok(())
    }

    async fn run_group<F: Future<Output = ()> + Send>(
        &self,
        group: &K,
        work: impl Fn(Vec<T>) -> F + Send,
    ) {
        let mut guard = GroupGuard {
            groups: &self.groups,
            group,
            has_ended: false,
        };
        while let Some(batch) = self.take_batch(group) {
            work(batch).await;
        }
        guard.has_ended = true;
    }

    /// The items of the next batch; `None` ends the group.
    fn take_batch(&self, group: &K) -> Option<Vec<T>> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = groups.get_mut(group)?;
        if waiting.is_empty() {
            groups.remove(group);
            return None;
        }
        let mut size = 0_usize;
        let fits = waiting.iter().take_while(|item| {
            let is_first = size == 0;
            size = size.saturating_add((self.limit.size_of_item)(item));
            is_first || size <= self.limit.size
        });
        let n = fits.count();
        Some(waiting.drain(..n).collect())
    }
}

impl<K, T> Clone for Batches<K, T> {
    fn clone(&self) -> Self {
        Self {
            groups: Arc::clone(&self.groups),
            tracker: self.tracker.clone(),
            runtime: self.runtime.clone(),
            limit: self.limit,
        }
    }
}

impl<T> Clone for BatchLimit<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for BatchLimit<T> {}
