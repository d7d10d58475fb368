//! Work on long lists runs apart from the threads that answer calls.
//!
//! The rule: a use case that computes for each of hundreds of items runs by [`Vault::run_apart`]. On the thread of a
//! listener it would hold up all calls of that thread, those of other tenants too. While it holds what it makes of a list
//! of thousands, it has a permit of [`Vault::wait_for_list_permit`], which bounds the memory of all such calls.

use std::time::Duration;

use regrant_domain::TenantId;
use regrant_permits::{Limits, Permit, Urgency, Wait};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::{Error, Vault};

/// How many calls work on their lists at the same time in a process, and how many of them of one tenant.
pub(crate) const LIST_LIMITS: Limits = Limits {
    total: 4,
    of_key: 2,
};

/// How a call waits for its permit; it holds the body of its request meanwhile.
const WAIT: Wait = Wait {
    urgency: Urgency::Normal,
    patience: Duration::from_secs(30),
    max_waiting: 256,
};

impl Vault {
    /// Waits until a call of this tenant may work on its list. Never wait while a transaction is open.
    ///
    /// # Errors
    /// `TenantBusy`, `Busy`: too many calls of the tenant wait, or its turn did not come.
    pub(crate) async fn wait_for_list_permit(
        &self,
        tenant: TenantId,
    ) -> Result<Permit<TenantId>, Error> {
        let permit = self.list_permits.acquire(tenant, WAIT).await;
        permit.map_err(|refused| regrant_storage::Error::from(refused).into())
    }

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
