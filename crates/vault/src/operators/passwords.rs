//! Hashes passwords with Argon2id for requests: two computations at once, a short queue, then
//! `Busy`.
//!
//! The rule: the blocking task owns the permit, so that a disconnected caller does not release it
//! early. A check without a stored hash takes as long as one with it. Start at [`Passwords`].

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use regrant_crypto::{PasswordError, PasswordHash, PasswordStrength};
use regrant_domain::Password;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::Error;

/// The maximum number of concurrent computations in this process.
const AT_ONCE: usize = 2;
/// The maximum number of callers that wait for a computation.
const WAITING: usize = 32;

/// Hashes and compares passwords. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Passwords(Arc<Pool>);

struct Pool {
    strength: PasswordStrength,
    nobody: String,
    admitted: Arc<Semaphore>,
    computing: Arc<Semaphore>,
    running: AtomicUsize,
    most: AtomicUsize,
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
pub(super) struct Place {
    pool: Arc<Pool>,
    _admitted: OwnedSemaphorePermit,
    _computing: OwnedSemaphorePermit,
}

impl Passwords {
    pub(crate) fn new(strength: PasswordStrength) -> Result<Self, Error> {
        let unmatchable = PasswordHash::of_nobody(strength)?.to_phc();
        let admitted = Arc::new(Semaphore::new(AT_ONCE + WAITING));
        let computing = Arc::new(Semaphore::new(AT_ONCE));
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Ok(Self(Arc::new(Pool {
            strength,
            nobody: unmatchable,
            admitted,
            computing,
            running,
            most,
        })))
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// `Busy` if the queue is full.
    pub(super) async fn place(&self) -> Result<Place, Error> {
        let pool = Arc::clone(&self.0);
        let admitted = Arc::clone(&pool.admitted)
            .try_acquire_owned()
            .map_err(|_| Error::Busy)?;
        let computing = Arc::clone(&pool.computing)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        Ok(Place {
            pool,
            _admitted: admitted,
            _computing: computing,
        })
    }

    /// The load now.
    pub(super) fn load(&self) -> PasswordLoad {
        let admitted = (AT_ONCE + WAITING).saturating_sub(self.0.admitted.available_permits());
        PasswordLoad {
            admitted,
            most_at_once: self.0.most.load(Ordering::Acquire),
        }
    }
}

impl Place {
    /// Hashes a new password for storage (PHC string).
    pub(super) async fn hash(self, password: Password) -> Result<String, Error> {
        self.compute(move |pool| Ok(PasswordHash::of(&password, pool.strength)?.to_phc()))
            .await
    }

    /// Whether the password matches the stored hash. Without a stored hash, compares with a dummy
    /// hash and returns false after the same time.
    pub(super) async fn verify(
        self,
        stored: Option<String>,
        password: Password,
    ) -> Result<bool, Error> {
        self.compute(move |pool| {
            PasswordHash::parse(stored.as_ref().unwrap_or(&pool.nobody))?.verify(&password)
        })
        .await
    }

    async fn compute<T: Send + 'static>(
        self,
        work: impl FnOnce(&Pool) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, Error> {
        let computed = spawn_blocking(move || {
            let pool = &*self.pool;
            let running = pool
                .running
                .fetch_add(1, Ordering::AcqRel)
                .saturating_add(1);
            pool.most.fetch_max(running, Ordering::AcqRel);
            let result = work(pool);
            pool.running.fetch_sub(1, Ordering::AcqRel);
            result
        });
        Ok(computed.await.map_err(Error::internal)??)
    }
}
