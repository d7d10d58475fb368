//! A concurrency limit with a total and a maximum per key.
//!
//! The rule: a key that uses its maximum leaves the other permits to other keys.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The permits of this process, counted by `K`.
#[derive(Clone)]
pub(crate) struct Permits<K> {
    all: Arc<Semaphore>,
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

/// One permit; dropping it returns it.
pub(crate) struct Permit<K: Eq + Hash> {
    key: K,
    taken: Arc<Mutex<HashMap<K, usize>>>,
    _of_total: OwnedSemaphorePermit,
}

impl<K: Eq + Hash + Copy> Permits<K> {
    pub(crate) fn new(total: usize) -> Self {
        let total = total.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Semaphore::new(total)),
            taken: Arc::default(),
        }
    }

    /// How many permits are free.
    pub(crate) fn count_free(&self) -> u32 {
        u32::try_from(self.all.available_permits()).unwrap_or(u32::MAX)
    }

    /// Takes a permit, if one is free and the key holds fewer than `max_of_key`.
    pub(crate) fn try_take(&self, key: K, max_of_key: usize) -> Option<Permit<K>> {
        let of_total = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut taken = lock_counts(&self.taken);
        let of_key = taken.get(&key).copied().unwrap_or(0);
        if of_key >= max_of_key {
            return None;
        }
        taken.insert(key, of_key + 1);
        Some(Permit {
            key,
            taken: Arc::clone(&self.taken),
            _of_total: of_total,
        })
    }
}

impl<K: Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut taken = lock_counts(&self.taken);
        let left = taken.get_mut(&self.key).map_or(0, |count| {
            *count = count.saturating_sub(1);
            *count
        });
        // Keys without permits are removed, so that the map does not grow.
        if left == 0 {
            taken.remove(&self.key);
        }
    }
}

/// The counts are consistent even if a thread panicked while it held the lock.
fn lock_counts<K>(counts: &Mutex<HashMap<K, usize>>) -> MutexGuard<'_, HashMap<K, usize>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_takes_its_permits_and_returns_them() {
        let (permits, one, other) = (Permits::new(5), 1, 2);
        let held = (permits.try_take(one, 2), permits.try_take(one, 2));
        assert!(held.0.is_some() && held.1.is_some() && permits.try_take(one, 2).is_none());
        assert!(permits.try_take(other, 1).is_some());
        assert_eq!(permits.count_free(), 3);
        drop(held);
        let one_only = permits.try_take(one, 1);
        assert!(one_only.is_some() && permits.try_take(one, 1).is_none());
        drop(one_only);
        assert!(
            lock_counts(&permits.taken).is_empty(),
            "no key without a permit is remembered"
        );
    }

    #[test]
    fn all_keys_together_take_no_more_than_the_total() {
        let permits = Permits::new(2);
        let (one, other) = (permits.try_take(1, 2), permits.try_take(2, 2));
        assert!(other.is_some() && permits.try_take(3, 2).is_none());
        drop(one);
        assert!(permits.try_take(3, 2).is_some());
    }
}
