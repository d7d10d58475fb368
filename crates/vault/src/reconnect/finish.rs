//! The end of a reconnect, whatever ends it.
//!
//! The rule: every end wipes the submitted token, and the tenant receives an event about it. A token that its person has
//! revoked is not used by a reconnect that still runs.

use regrant_domain::{EventKind, OutcomeCounts, ReconnectId, ReconnectStatus, Verdict};
use regrant_storage::{AuditEvent, NewEvent, RevokedConsent, TenantScope, TenantTx};
use serde_json::json;

use crate::{Error, Vault, reconnect::results::revoked_result};

impl Vault {
    /// Ends a reconnect whose items all have an outcome.
    pub(super) async fn end_reconnect(
        &self,
        tx: &TenantTx,
        (id, status): (ReconnectId, ReconnectStatus),
        audit: AuditEvent,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        tx.finish_reconnect(id, status, now).await?;
        tx.wipe_idle_grant_tokens().await?;
        tx.write_audit_events(&[audit], now).await?;
        let mut counts = tx.count_outcomes(&[id]).await?;
        let counts = counts.remove(&id).unwrap_or_default();
        let event = completion_event(id, status, &counts);
        Ok(tx.emit_events(&[event], now).await?)
    }

    /// Ends the running reconnects with a token that its person has revoked, each in a transaction of its own.
    pub(crate) async fn end_revoked_reconnects(
        &self,
        scope: &TenantScope,
        revoked: RevokedConsent<'_>,
    ) -> Result<(), Error> {
        let tx = self.store.begin_read(scope).await?;
        let running = tx.list_revoked_reconnects(revoked).await?;
        tx.commit().await?;
        for id in running {
            self.end_revoked_reconnect(scope, id).await?;
        }
        Ok(())
    }

    async fn end_revoked_reconnect(
        &self,
        scope: &TenantScope,
        id: ReconnectId,
    ) -> Result<(), Error> {
        let tx = self.store.begin(scope).await?;
        // The due row is locked first, in the order in which a run locks. From here on the run settles nothing.
        tx.withdraw_reconnect(id).await?;
        match tx.find_reconnect_status(id).await {
            Ok(ReconnectStatus::Running) => {}
            // It ended meanwhile, or was refused and erased.
            Ok(_) | Err(regrant_storage::Error::NotFound) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let result = revoked_result();
        let open = tx.settle_open_items(id, &result, self.clock.now()).await?;
        let detail = json!({ "revoked": open });
        let event = AuditEvent::new("vault", "reconnect.completed", id, detail);
        self.end_reconnect(&tx, (id, ReconnectStatus::Completed), event)
            .await?;
        tx.commit().await?;
        self.progress.notify_waiters(id);
        Ok(())
    }
}

/// The event to the tenant that a reconnect has ended.
fn completion_event(id: ReconnectId, status: ReconnectStatus, counts: &OutcomeCounts) -> NewEvent {
    let verdict = Verdict::of_reconnect(status, counts);
    let counts: serde_json::Map<_, _> = counts
        .iter()
        .map(|(it, n)| (it.as_str().to_owned(), n.into()))
        .collect();
    let data =
        json!({ "reconnect_id": id, "status": status, "verdict": verdict, "counts": counts });
    NewEvent {
        kind: EventKind::ReconnectCompleted,
        subject: id.to_string(),
        data,
    }
}
