//! Batches: items that arrive while a batch is worked on share the next one.
//!
//! The rule: an item never waits for others to arrive. While a task works on a batch of a group, or waits for its turn to
//! do so, further items of the group queue, and its next batch carries all of them. The work runs outside of requests: a
//! request that disconnects leaves its item to be worked on.

use std::{
    collections::HashMap,
    future::ready,
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
        self.add_after(group, item, || ready(()), move |(), batch| work(batch))
    }

    /// The same, where each batch first waits for what it needs, such as its turn to write: what arrives meanwhile belongs
    /// to it.
    ///
    /// # Errors
    /// [`GroupFull`]: the item was not added.
    pub(crate) fn add_after<R, F>(
        &self,
        group: K,
        item: T,
        prepare: impl Fn() -> R + Send + 'static,
        work: impl Fn(R::Output, Vec<T>) -> F + Send + 'static,
    ) -> Result<(), GroupFull>
    where
        R: Future<Output: Send> + Send + 'static,
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
        let run = async move { batches.run_group(&group, prepare, work).await };
        self.tracker.spawn_on(run, &self.runtime);
        Ok(())
    }

    async fn run_group<R: Future, F: Future<Output = ()>>(
        &self,
        group: &K,
        prepare: impl Fn() -> R,
        work: impl Fn(R::Output, Vec<T>) -> F,
    ) {
        let mut guard = GroupGuard {
            groups: &self.groups,
            group,
            has_ended: false,
        };
        while self.has_items(group) {
            let prepared = prepare().await;
            work(prepared, self.take_batch(group)).await;
        }
        guard.has_ended = true;
    }

    /// Whether items wait; otherwise the group ends.
    fn has_items(&self, group: &K) -> bool {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let has_items = groups.get(group).is_some_and(|it| !it.is_empty());
        if !has_items {
            groups.remove(group);
        }
        has_items
    }

    fn take_batch(&self, group: &K) -> Vec<T> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = groups.get_mut(group) else {
            return Vec::new();
        };
        let mut size = 0_usize;
        let fits = waiting.iter().take_while(|item| {
            let is_first = size == 0;
            size = size.saturating_add((self.limit.size_of_item)(item));
            is_first || size <= self.limit.size
        });
        let n = fits.count();
        waiting.drain(..n).collect()
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

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    #[tokio::test]
    async fn what_arrives_while_a_batch_waits_for_its_turn_belongs_to_it() {
        let limit = BatchLimit {
            size: 10,
            size_of_item: |_: &u8| 1,
            waiting: 10,
        };
        let batches = Batches::new(TaskTracker::new(), Handle::current(), limit);
        let (turn, come) = oneshot::channel();
        let come = Mutex::new(Some(come));
        let (begins, mut begun) = mpsc::unbounded_channel();
        let (works, mut worked) = mpsc::unbounded_channel();
        let prepare = move || {
            let come = come.lock().expect("no panic").take().expect("one turn");
            begins.send(()).expect("it is awaited");
            async move { come.await.expect("a turn") }
        };
        let work = move |(), batch: Vec<u8>| {
            works.send(batch).expect("it is awaited");
            ready(())
        };
        batches.add_after((), 1, prepare, work).expect("room");
        begun.recv().await.expect("the batch waits");
        batches.add((), 2, |_| ready(())).expect("room");
        turn.send(()).expect("the batch waits");
        assert_eq!(worked.recv().await, Some(vec![1, 2]));
    }
}
