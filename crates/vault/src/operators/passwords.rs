//! Argon2id on request paths: two computations at once, a short queue behind them, and then a refusal.
//!
//! The rule: a place goes into the computation with the password, so that a caller who hangs up frees none early,
//! and a name that nobody has costs what a known one does.

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

/// How many are computed at once in this process.
const AT_ONCE: usize = 2;
/// How many wait behind those.
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

/// How busy the computations are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordLoad {
    /// How many are computed or wait now.
    pub admitted: usize,
    /// How many were computed at the same time at most, since the vault was opened.
    pub most_at_once: usize,
}

/// A place for one computation.
pub(super) struct Place {
    pool: Arc<Pool>,
    _admitted: OwnedSemaphorePermit,
    _computing: OwnedSemaphorePermit,
}

impl Passwords {
    pub(crate) fn new(strength: PasswordStrength) -> Result<Self, Error> {
        let nobody = PasswordHash::of_nobody(strength)?.to_phc();
        let admitted = Arc::new(Semaphore::new(AT_ONCE + WAITING));
        let computing = Arc::new(Semaphore::new(AT_ONCE));
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Ok(Self(Arc::new(Pool {
            strength,
            nobody,
            admitted,
            computing,
            running,
            most,
        })))
    }

    /// Waits for a place, unless too many do already.
    ///
    /// # Errors
    /// `Busy`.
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

    /// How busy it is.
    pub(super) fn load(&self) -> PasswordLoad {
        let admitted = (AT_ONCE + WAITING).saturating_sub(self.0.admitted.available_permits());
        PasswordLoad {
            admitted,
            most_at_once: self.0.most.load(Ordering::Acquire),
        }
    }
}

impl Place {
    /// The hash of a new password, to be stored.
    pub(super) async fn hash(self, password: Password) -> Result<String, Error> {
        self.compute(move |pool| Ok(PasswordHash::of(&password, pool.strength)?.to_phc()))
            .await
    }

    /// Whether this is the password of the stored hash; where there is none it takes as long to say no.
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
            let done = work(pool);
            pool.running.fetch_sub(1, Ordering::AcqRel);
            done
        });
        Ok(computed.await.map_err(Error::internal)??)
    }
}
