//! Whether a worker runs, for the health endpoint.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A handle that shows whether a worker runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<AtomicBool>);

impl Pulse {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// Marks the worker as stopped.
    pub(crate) fn mark_stopped(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Whether the worker runs or has not started yet; false once it stops.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
