//! Ends the runs of a reconnect that fail again and again, where no item is to blame.
//!
//! The rule: a failure that the database itself reports is not counted; the lease expires and the run is resumed. Any
//! other one is counted, and tried again after a growing pause. After the last attempt the open items end as
//! `unreadable`, without being read.

use regrant_domain::{Clock, ReconnectId, ReconnectStatus, error_chain, retry::item_pause};
use regrant_storage::{AuditEvent, Lease, TenantScope, TenantTx};
use tracing::{error, warn};

use crate::{
    Error, Vault,
    reconnect::{results::unreadable_result, run::completion_event},
};

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
            self.end_unreadable_reconnect(&tx, lease.reconnect_id())
                .await?;
            error!(
                alarm = "unreadable",
                "a reconnect cannot be run; its open items failed"
            );
        }
        Ok(tx.commit().await?)
    }

    async fn end_unreadable_reconnect(&self, tx: &TenantTx, id: ReconnectId) -> Result<(), Error> {
        let now = self.clock.now();
        let failed = tx.settle_open_items(id, &unreadable_result(), now).await?;
        tx.finish_reconnect(id, ReconnectStatus::Completed, now)
            .await?;
        let detail = serde_json::json!({ "unreadable": failed });
        let event = AuditEvent::new("vault", "reconnect.completed", id, detail);
        tx.write_audit_events(&[event], now).await?;
        let mut counts = tx.count_outcomes(&[id]).await?;
        let counts = counts.remove(&id).unwrap_or_default();
        Ok(tx
            .emit_events(&[completion_event(id, &counts)], now)
            .await?)
    }
}

/// Whether the database or the key provider failed, which says nothing about the reconnect. A row that does not parse does.
fn is_fault_of_installation(failure: &Error) -> bool {
    if matches!(
        failure,
        Error::DatabaseBusy
            | Error::TenantBusy
            | Error::Unavailable(..)
            | Error::KeysUnavailable(_)
    ) {
        return true;
    }
    let mut cause: Option<&dyn std::error::Error> = Some(failure);
    while let Some(it) = cause {
        match it.downcast_ref::<regrant_storage::Error>() {
            Some(regrant_storage::Error::Corrupt(_)) => return false,
            Some(_) => return true,
            None => cause = it.source(),
        }
    }
    false
}
