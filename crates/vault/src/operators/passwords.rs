//! Hashes passwords with Argon2id for requests: two computations at once, a short queue, then
//! `Busy`.
//!
//! The rule: the blocking task owns the permit, so that a disconnected caller does not release it
//! early. A check without a stored hash takes as long as one with it. Start at [`PasswordHasher`].

use std::{
    net::Ipv6Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use regrant_crypto::{PasswordError, PasswordHash, PasswordStrength};
use regrant_domain::Password;
use regrant_permits::{Limits, Permit, Permits};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::Error;

/// The maximum number of concurrent computations in this process.
const MAX_COMPUTING: usize = 2;
/// The maximum number of callers that wait for a computation.
const MAX_WAITING: usize = 32;

/// The maximum number of computations that run or wait for one address: a stranger leaves room to others.
const MAX_OF_ADDRESS: usize = 10;

/// Whom a computation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum HashUse {
    /// A log-in from an address of this network.
    OfAddress(Ipv6Addr),
    /// An operator who is logged in.
    OfOperator,
}

/// Hashes and compares passwords. Cheap to clone.
#[derive(Clone)]
pub(crate) struct PasswordHasher(Arc<HashPool>);

struct HashPool {
    strength: PasswordStrength,
    dummy_hash: String,
    queue_permits: Permits<HashUse>,
    compute_permits: Arc<Semaphore>,
    running_count: AtomicUsize,
    max_running: AtomicUsize,
}

/// The load of password computations in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordLoad {
    /// The number of computations that run or wait now.
    pub admitted: usize,
    /// The highest number of concurrent computations since the vault was opened.
    pub most_at_once: usize,
}

/// A permit for one computation.
pub(super) struct HashPermit {
    pool: Arc<HashPool>,
    _queue_permit: Permit<HashUse>,
    _compute_permit: OwnedSemaphorePermit,
}

impl PasswordHasher {
    pub(crate) fn new(strength: PasswordStrength) -> Result<Self, Error> {
        let unmatchable = PasswordHash::unmatchable(strength)?.to_phc();
        let admitted = Permits::new(Limits {
            total: MAX_COMPUTING + MAX_WAITING,
            of_key: MAX_OF_ADDRESS,
        });
        let computing = Arc::new(Semaphore::new(MAX_COMPUTING));
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Ok(Self(Arc::new(HashPool {
            strength,
            dummy_hash: unmatchable,
            queue_permits: admitted,
            compute_permits: computing,
            running_count: running,
            max_running: most,
        })))
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// `Busy` if the queue is full, or the part of it that one use may have.
    pub(super) async fn acquire_permit(&self, of: HashUse) -> Result<HashPermit, Error> {
        let pool = Arc::clone(&self.0);
        let admitted = pool
            .queue_permits
            .try_take(of, MAX_OF_ADDRESS)
            .ok_or(Error::Busy)?;
        let computing = Arc::clone(&pool.compute_permits)
            .acquire_owned()
            .await
            .map_err(Error::from_cause)?;
        Ok(HashPermit {
            pool,
            _queue_permit: admitted,
            _compute_permit: computing,
        })
    }

    /// The load now.
    pub(super) fn current_load(&self) -> PasswordLoad {
        let admitted =
            (MAX_COMPUTING + MAX_WAITING).saturating_sub(self.0.queue_permits.count_free());
        PasswordLoad {
            admitted,
            most_at_once: self.0.max_running.load(Ordering::Acquire),
        }
    }
}

impl HashPermit {
    /// Hashes a new password for storage (PHC string).
    pub(super) async fn hash_password(
        self,
        password: impl Into<Arc<Password>>,
    ) -> Result<String, Error> {
        let password = password.into();
        self.run_blocking(move |pool| {
            Ok(PasswordHash::hash_password(&password, pool.strength)?.to_phc())
        })
        .await
    }

    /// Whether the password matches the stored hash. Without a stored hash, compares with a dummy
    /// hash and returns false after the same time.
    pub(super) async fn verify_password(
        self,
        stored: Option<String>,
        password: impl Into<Arc<Password>>,
    ) -> Result<bool, Error> {
        let password = password.into();
        self.run_blocking(move |pool| {
            PasswordHash::parse(stored.as_ref().unwrap_or(&pool.dummy_hash))?
                .matches_password(&password)
        })
        .await
    }

    /// Runs one computation on a blocking thread, which keeps the permits until it ends.
    async fn run_blocking<T: Send + 'static>(
        self,
        work: impl FnOnce(&HashPool) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, Error> {
        let computed = spawn_blocking(move || {
            // Binds the whole value: a closure captures only the fields it names, and the permits would stay with the
            // caller.
            let permit = self;
            let pool = &*permit.pool;
            let running = pool
                .running_count
                .fetch_add(1, Ordering::AcqRel)
                .saturating_add(1);
            pool.max_running.fetch_max(running, Ordering::AcqRel);
            let result = work(pool);
            pool.running_count.fetch_sub(1, Ordering::AcqRel);
            result
        });
        Ok(computed.await.map_err(Error::from_cause)??)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_computation_keeps_its_permits_when_its_caller_disconnects() {
        let hasher = PasswordHasher::new(PasswordStrength::MINIMUM).unwrap();
        let permit = hasher.acquire_permit(HashUse::OfOperator).await.unwrap();
        let (started, has_started) = oneshot::channel();
        let (end, has_to_end) = mpsc::channel();
        let caller = tokio::spawn(permit.run_blocking(move |_| {
            let _ = started.send(());
            let _ = has_to_end.recv();
            Ok(())
        }));
        has_started.await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert_eq!(hasher.current_load().admitted, 1);

        end.send(()).unwrap();
        while hasher.current_load().admitted > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
