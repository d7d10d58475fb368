//! The limit: permits, and the calls that wait for one.
//!
//! The rule: nothing keeps a permit that has ended. It returns when it is dropped, and so does one that was granted to a
//! call that has stopped waiting.

use std::{fmt, future::Future, hash::Hash, sync::PoisonError, time::Duration};

use crate::{
    queue::Queue,
    sync::{Arc, Mutex, MutexGuard, oneshot},
};

/// What the keys of one limit may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many permits there are.
    pub total: usize,
    /// How many of them one key may hold.
    pub of_key: usize,
}

/// How a call waits for a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Before whom.
    pub urgency: Urgency,
    /// How long.
    pub patience: Duration,
    /// How many calls of its key may wait before it.
    pub max_waiting: usize,
}

/// Which permits a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Before all others: short work for a caller who waits.
    First,
    /// After these.
    Normal,
}

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// As many calls of the key wait as may.
    #[error("too many calls of this key wait")]
    QueueFull,
    /// None became free in time.
    #[error("no permit became free in time")]
    TimedOut,
}

/// The permits of one limit, counted by `K`. Clones share them.
pub struct Permits<K: Eq + Hash + Copy> {
    queue: Arc<Mutex<Queue<K>>>,
}

/// One permit; dropping it returns it.
pub struct Permit<K: Eq + Hash + Copy> {
    key: K,
    queue: Arc<Mutex<Queue<K>>>,
}

impl<K: Eq + Hash + Copy> Permits<K> {
    /// These permits, all of them free.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            queue: Arc::new(Mutex::new(Queue::new(limits))),
        }
    }

    /// How many permits are free.
    #[must_use]
    pub fn count_free(&self) -> usize {
        lock(&self.queue).count_free()
    }

    /// How many permits the key holds.
    #[must_use]
    pub fn count_held(&self, key: K) -> usize {
        lock(&self.queue).count_held(&key)
    }

    /// What the keys may hold.
    #[must_use]
    pub fn limits(&self) -> Limits {
        lock(&self.queue).limits()
    }

    /// Takes a permit, if one is free and the key holds fewer than `max_of_key` and than its share.
    #[must_use]
    pub fn try_take(&self, key: K, max_of_key: usize) -> Option<Permit<K>> {
        let taken = lock(&self.queue).try_take(key, max_of_key);
        taken.then(|| self.permit_of(key))
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// [`Refused`]: too many calls of the key wait, or none became free in time.
    pub async fn acquire(&self, key: K, wait: Wait) -> Result<Permit<K>, Refused> {
        let granted = self.request_permit(key, wait)?;
        tokio::time::timeout(wait.patience, granted)
            .await
            .unwrap_or(Err(Refused::TimedOut))
    }

    /// Takes a permit or enters the queue; returns the permit once it is granted. Dropping the future leaves the queue.
    pub(crate) fn request_permit(
        &self,
        key: K,
        wait: Wait,
    ) -> Result<impl Future<Output = Result<Permit<K>, Refused>> + use<'_, K>, Refused> {
        let requested = match lock(&self.queue).take_or_wait(key, wait)? {
            None => Requested::Granted(self.permit_of(key)),
            Some(granted) => Requested::Waiting(Waiting {
                permits: self,
                key,
                granted,
            }),
        };
        Ok(async move {
            match requested {
                Requested::Granted(permit) => Ok(permit),
                Requested::Waiting(waiting) => waiting.into_permit().await,
            }
        })
    }

    fn permit_of(&self, key: K) -> Permit<K> {
        Permit {
            key,
            queue: Arc::clone(&self.queue),
        }
    }
}

/// A call that has its permit, or waits for it.
enum Requested<'a, K: Eq + Hash + Copy> {
    Granted(Permit<K>),
    Waiting(Waiting<'a, K>),
}

/// A call that waits. If it stops waiting after its permit was granted, the permit returns.
struct Waiting<'a, K: Eq + Hash + Copy> {
    permits: &'a Permits<K>,
    key: K,
    granted: oneshot::Receiver<()>,
}

impl<K: Eq + Hash + Copy> Waiting<'_, K> {
    async fn into_permit(mut self) -> Result<Permit<K>, Refused> {
        (&mut self.granted).await.map_err(|_| Refused::TimedOut)?;
        self.granted = oneshot::channel().1;
        Ok(self.permits.permit_of(self.key))
    }
}

impl<K: Eq + Hash + Copy> Drop for Waiting<'_, K> {
    fn drop(&mut self) {
        self.granted.close();
        if self.granted.try_recv().is_ok() {
            drop(self.permits.permit_of(self.key));
        }
    }
}

impl<K: Eq + Hash + Copy> Drop for Permit<K> {
    fn drop(&mut self) {
        lock(&self.queue).give_back(self.key);
    }
}

impl<K: Eq + Hash + Copy> Clone for Permits<K> {
    fn clone(&self) -> Self {
        Self {
            queue: Arc::clone(&self.queue),
        }
    }
}

impl<K: Eq + Hash + Copy> fmt::Debug for Permits<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permits").field(&self.limits()).finish()
    }
}

impl<K: Eq + Hash + Copy> fmt::Debug for Permit<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}

/// The counts are consistent even if a thread panicked while it held the lock.
fn lock<K: Eq + Hash + Copy>(queue: &Mutex<Queue<K>>) -> MutexGuard<'_, Queue<K>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}
