//! Room for work at the same time: so much at once, and a part of it for each whom it is for.
//!
//! The rule: whoever holds up its own places leaves the rest to others.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of this process, counted by `K`.
#[derive(Clone)]
pub(crate) struct Places<K> {
    all: Arc<Semaphore>,
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

/// One place, until it is dropped.
pub(crate) struct Place<K: Eq + Hash> {
    whose: K,
    taken: Arc<Mutex<HashMap<K, usize>>>,
    _one_of_all: OwnedSemaphorePermit,
}

impl<K: Eq + Hash + Copy> Places<K> {
    pub(crate) fn new(all: usize) -> Self {
        let all = all.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Semaphore::new(all)),
            taken: Arc::default(),
        }
    }

    /// How many are free.
    pub(crate) fn free(&self) -> u32 {
        u32::try_from(self.all.available_permits()).unwrap_or(u32::MAX)
    }

    /// A place, if there is one and fewer than `most` are held by the same.
    pub(crate) fn take(&self, whose: K, most: usize) -> Option<Place<K>> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut taken = locked(&self.taken);
        let mine = taken.get(&whose).copied().unwrap_or(0);
        if mine >= most {
            return None;
        }
        taken.insert(whose, mine + 1);
        Some(Place {
            whose,
            taken: Arc::clone(&self.taken),
            _one_of_all: one_of_all,
        })
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = locked(&self.taken);
        let left = taken.get_mut(&self.whose).map_or(0, |mine| {
            *mine = mine.saturating_sub(1);
            *mine
        });
        if left == 0 {
            taken.remove(&self.whose);
        }
    }
}

/// Counts are whole even where a thread panicked while it held them.
fn locked<K>(counts: &Mutex<HashMap<K, usize>>) -> MutexGuard<'_, HashMap<K, usize>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_takes_its_few_places_and_gives_them_back() {
        let (places, one, other) = (Places::new(5), 1, 2);
        let held = (places.take(one, 2), places.take(one, 2));
        assert!(held.0.is_some() && held.1.is_some() && places.take(one, 2).is_none());
        assert!(places.take(other, 1).is_some());
        assert_eq!(places.free(), 3);
        drop(held);
        let one_only = places.take(one, 1);
        assert!(one_only.is_some() && places.take(one, 1).is_none());
        drop(one_only);
        assert!(
            locked(&places.taken).is_empty(),
            "nothing is remembered of what is not there"
        );
    }

    #[test]
    fn all_together_take_no_more_than_there_are() {
        let places = Places::new(2);
        let (one, other) = (places.take(1, 2), places.take(2, 2));
        assert!(other.is_some() && places.take(3, 2).is_none());
        drop(one);
        assert!(places.take(3, 2).is_some());
    }
}
