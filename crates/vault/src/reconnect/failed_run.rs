//! Ends the runs of a reconnect that fail again and again, where no item is to blame.
//!
//! The rule: a failure of the database that passes, whatever it is asked, is not counted; the lease expires and the run is
//! resumed. Any other one is counted, and tried again after a growing pause: a value that the database refuses is refused
//! again. After the last attempt the open items end as `unreadable`, without being read.

use regrant_domain::{Clock, ReconnectId, ReconnectStatus, error_chain, retry::item_pause};
use regrant_storage::{AuditEvent, Lease, TenantScope, TenantTx};
use tracing::{error, warn};

use crate::{Error, Vault, reconnect::results::unreadable_result};

impl Vault {
    /// Plans the next attempt of a run that failed, or ends its reconnect.
    pub(super) async fn note_failed_run(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        failure: &Error,
    ) {
        warn!(
            error = error_chain(failure),
            "a run failed; it is resumed later"
        );
        if is_fault_of_installation(failure) {
            return;
        }
        if let Err(error) = self.retry_or_end_run(scope, lease).await {
            warn!(
                error = error_chain(&error),
                "cannot note that a run failed; its lease expires"
            );
        }
    }

    async fn retry_or_end_run(&self, scope: &TenantScope, lease: &Lease) -> Result<(), Error> {
        let settings = &self.settings.reconnect;
        let tx = self.store.begin(scope).await?;
        let failures = tx.count_failure(lease).await?;
        if failures < i64::from(settings.item_attempts) {
            let pause = item_pause(settings.retry_pause, failures, 0);
            let pause = chrono::Duration::from_std(pause).unwrap_or_default();
            tx.retry_due(lease, Clock::system_time() + pause).await?;
        } else {
            // On the heap: every run holds this future, and few need it.
            Box::pin(self.end_unreadable_reconnect(&tx, lease.reconnect_id())).await?;
            error!(
                alarm = "unreadable",
                "a reconnect cannot be run; its open items failed"
            );
        }
        Ok(tx.commit().await?)
    }

    async fn end_unreadable_reconnect(&self, tx: &TenantTx, id: ReconnectId) -> Result<(), Error> {
        let now = self.clock.now();
        self.revoke_after_failed_reconnect(tx, id).await?;
        let failed = tx.settle_open_items(id, &unreadable_result(), now).await?;
        let detail = serde_json::json!({ "unreadable": failed });
        let event = AuditEvent::new("vault", "reconnect.completed", id, detail);
        self.end_reconnect(tx, (id, ReconnectStatus::Completed), event)
            .await
    }

    /// Opens a notice again, as every end does. A row that cannot be read names none, and must not keep the reconnect open.
    async fn revoke_after_failed_reconnect(
        &self,
        tx: &TenantTx,
        id: ReconnectId,
    ) -> Result<(), Error> {
        let revoke = async {
            let reconnect = tx.find_reconnect(id).await?;
            self.revoke_after_reconnect(tx, &reconnect).await
        };
        match revoke.await {
            Err(failure) if is_fault_of_installation(&failure) => Err(failure),
            Err(failure) => {
                warn!(
                    error = error_chain(&failure),
                    "cannot see whether the token of an unreadable reconnect was revoked"
                );
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

/// Whether the database or the key provider cannot be used for now, which says nothing about the reconnect. A row that does
/// not parse does, and so does a value that the database refuses.
fn is_fault_of_installation(failure: &Error) -> bool {
    use regrant_storage::Error as Fault;

    if matches!(
        failure,
        Error::DatabaseBusy
            | Error::TenantBusy
            | Error::Unavailable(..)
            | Error::KeysUnavailable(_)
    ) {
        return true;
    }
    match find_storage_error(failure) {
        Some(found @ Fault::Db(_)) => !found.refuses_value(),
        Some(
            Fault::Busy
            | Fault::TenantBusy
            | Fault::Unavailable(..)
            | Fault::Occupied
            | Fault::SchemaOutdated
            | Fault::UnsafeRole(_)
            | Fault::OutdatedKek
            | Fault::UnknownAuditKey(_),
        ) => true,
        _ => false,
    }
}

fn find_storage_error(failure: &Error) -> Option<&regrant_storage::Error> {
    let mut cause: Option<&dyn std::error::Error> = Some(failure);
    while let Some(it) = cause {
        match it.downcast_ref::<regrant_storage::Error>() {
            Some(found) => return Some(found),
            None => cause = it.source(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use regrant_storage::Error as Fault;

    use super::*;

    #[test]
    fn what_passes_by_itself_is_not_counted_and_what_comes_again_is() {
        for passing in [Fault::Busy, Fault::TenantBusy, Fault::UnknownAuditKey(2)] {
            assert!(is_fault_of_installation(&passing.into()));
        }
        let refused = Fault::Unsupported("a value".to_owned());
        for lasting in [refused, Fault::Corrupt("scope"), Fault::Taken("name")] {
            assert!(!is_fault_of_installation(&lasting.into()));
        }
    }
}
