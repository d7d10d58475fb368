//! Whether a worker still works, for whoever is asked about its health.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Tells whether a worker works. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<AtomicBool>);

impl Pulse {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// From now on it does not.
    pub(crate) fn stop(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Whether it works, or is about to.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
