//! Work on long lists runs apart from the threads that answer calls.
//!
//! The rule: a use case that computes for each of hundreds of items runs by [`Vault::run_apart`]. On the thread of a
//! listener it would hold up all calls of that thread, those of other tenants too.

use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::{Error, Vault};

impl Vault {
    /// Runs work of a call on the runtime of background work. It ends when the call no longer waits for it.
    pub(crate) async fn run_apart<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let running = self.runs.runtime.spawn(work.in_current_span());
        AbortOnDropHandle::new(running)
            .await
            .map_err(Error::from_cause)?
    }
}
