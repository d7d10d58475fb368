//! Deletes records that are past retention.
//!
//! What calls of a tenant have left is kept as long as its history fits into the tenant's part of the database; of a
//! larger one the oldest is deleted earlier, but never before its idempotency keys are past retention.
//!
//! The rule: one tenant at a time, in bounded steps. Each step is one transaction that also writes its audit row:
//! a large backlog neither locks many rows nor goes unrecorded. A pruned audit row stays in its chain; only its
//! texts are erased.
//! Start at [`Vault::purge_expired`].

use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{AuditEvent, AuditKind, TenantScope, TenantTx};
use serde_json::{Value, json};
use tracing::warn;

use crate::{Error, Vault, tenants::pass::TenantPass};

/// The actor of the audit rows.
const ACTOR: &str = "vault";

/// How many rows of a kind one step deletes.
const ROWS_PER_STEP: u32 = 1_000;
/// How many reconnects, and how many previews, one step deletes. Each takes its items with it.
const RECONNECTS_PER_STEP: u32 = 10;

/// Ended reconnects, ended sessions and ended links may each hold this part of what a tenant's records may hold.
const HISTORY_PARTS: u64 = 4;
/// The shortest time that the database distinguishes.
const AFTER: chrono::Duration = chrono::Duration::microseconds(1);

/// How long a used request proof is kept after its expiry: another process's clock may be late.
const PROOF_GRACE: chrono::Duration = chrono::Duration::minutes(5);

/// From when on the history of a tenant is kept: what ended before is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct HistoryStart {
    reconnects: Timestamp,
    sessions: Timestamp,
    links: Timestamp,
}

/// How many records one step deleted, by kind.
type DeletedCounts = [(&'static str, u64); 13];

impl Vault {
    /// Deletes what is past retention in the installation and in every tenant, suspended ones included: what they no longer
    /// need must go, and old keys with it. Returns the number of records.
    ///
    /// # Errors
    /// The first error. It undoes no step, and every other tenant is purged.
    pub async fn purge_expired(&self) -> Result<u64, Error> {
        let (mut pass, installation) = (TenantPass::default(), TenantId::SYSTEM);
        let now = self.clock.now();
        let before = now - self.settings.retention.inbox;
        let notices = self.store.purge_notices(before).await;
        pass.add_result(installation, notices.map_err(Error::from));
        pass.add_result(installation, self.purge_log_ins(now).await);
        pass.add_result(installation, self.purge_unknown_errors().await);
        for scope in self.list_audit_scopes().await? {
            // Boxed: what purges a tenant is large beside the rest of the pass.
            let purged = Box::pin(self.purge_tenant(&scope)).await;
            pass.add_result(scope.tenant(), purged);
            for kind in AuditKind::ALL {
                pass.add_result(scope.tenant(), self.prune_audit_kind(&scope, kind).await);
            }
        }
        pass.finish()
    }

    async fn prune_audit_kind(&self, scope: &TenantScope, kind: AuditKind) -> Result<u64, Error> {
        let Some(before) = self
            .settings
            .retention
            .audit_kept_since(kind, self.clock.now())
        else {
            return Ok(0);
        };
        let mut all = 0_u64;
        while !self.runs.stop.is_cancelled() {
            let tx = self.store.begin(scope).await?;
            // Another process purges this tenant now.
            if !tx.try_lock_purge().await? {
                break;
            }
            let pruned = tx
                .prune_audit_rows(kind, before, ROWS_PER_STEP, ACTOR, self.clock.now())
                .await?;
            tx.commit().await?;
            if pruned == 0 {
                break;
            }
            all = all.saturating_add(pruned);
        }
        Ok(all)
    }

    async fn purge_tenant(&self, scope: &TenantScope) -> Result<u64, Error> {
        let (mut all, start) = (0_u64, self.find_history_start(scope).await?);
        while !self.runs.stop.is_cancelled() {
            let dropped = self.purge_tenant_step(scope, start).await?;
            if dropped == 0 {
                break;
            }
            all = all.saturating_add(dropped);
        }
        self.record_quotas.forget_tenant(scope.tenant()).await;
        Ok(all)
    }

    /// From when on the tenant's ended reconnects, sessions and links are kept.
    async fn find_history_start(&self, scope: &TenantScope) -> Result<HistoryStart, Error> {
        let (now, keep) = (self.clock.now(), &self.settings.retention);
        let max_bytes = self.settings.tenants.max_record_bytes / HISTORY_PARTS;
        let tx = self.store.begin_read(scope).await?;
        let reconnects = tx.find_excess_reconnects(max_bytes).await?;
        let sessions = tx.find_excess_sessions(max_bytes, now).await?;
        let links = tx.find_excess_links(max_bytes, now).await?;
        tx.commit().await?;
        let start = |excess: Option<Timestamp>, usual: Timestamp| {
            let behind_excess = excess.map_or(usual, |it| it + AFTER);
            usual.max(behind_excess.min(now - keep.idempotency))
        };
        let usual = HistoryStart {
            reconnects: now - keep.reconnects,
            sessions: now - keep.reconnect_sessions,
            links: now - keep.reconnect_sessions,
        };
        let found = HistoryStart {
            reconnects: start(reconnects, usual.reconnects),
            sessions: start(sessions, usual.sessions),
            links: start(links, usual.links),
        };
        if found != usual {
            warn!(tenant.id = %scope.tenant(), max_bytes,
                "ended reconnects, sessions or links of a tenant are deleted before their time");
        }
        Ok(found)
    }

    async fn purge_tenant_step(
        &self,
        scope: &TenantScope,
        start: HistoryStart,
    ) -> Result<u64, Error> {
        let tx = self.store.begin(scope).await?;
        if !tx.try_lock_purge().await? {
            return Ok(0);
        }
        let dropped = self.delete_expired_rows(&tx, start).await?;
        let all = dropped.iter().map(|(_, n)| n).sum();
        if all > 0 {
            let went = dropped.iter().filter(|(_, n)| *n > 0);
            let detail: serde_json::Map<_, _> = went
                .map(|(kind, n)| ((*kind).to_owned(), json!(n)))
                .collect();
            let purged = AuditEvent::new(
                ACTOR.to_owned(),
                "records.purged",
                scope.tenant(),
                Value::Object(detail),
            );
            tx.write_audit_events(&[purged], self.clock.now()).await?;
        }
        tx.commit().await?;
        Ok(all)
    }

    async fn delete_expired_rows(
        &self,
        tx: &TenantTx,
        start: HistoryStart,
    ) -> Result<DeletedCounts, Error> {
        let (now, keep) = (self.clock.now(), &self.settings.retention);
        Ok([
            (
                "idempotency_keys",
                tx.purge_idempotency(now - keep.idempotency, ROWS_PER_STEP)
                    .await?,
            ),
            (
                "events",
                tx.purge_events(now - keep.events, ROWS_PER_STEP).await?,
            ),
            (
                "cut_offs",
                tx.purge_cut_offs(now - keep.cut_offs, ROWS_PER_STEP)
                    .await?,
            ),
            (
                "reconnects",
                tx.purge_reconnects(start.reconnects, RECONNECTS_PER_STEP)
                    .await?,
            ),
            (
                "previews",
                tx.purge_previews(now, RECONNECTS_PER_STEP).await?,
            ),
            (
                "client_proofs",
                tx.purge_client_proofs(now - PROOF_GRACE, ROWS_PER_STEP)
                    .await?,
            ),
            (
                "reconnect_sessions",
                tx.purge_reconnect_sessions(start.sessions, ROWS_PER_STEP)
                    .await?,
            ),
            ("consents", tx.purge_consents(now, ROWS_PER_STEP).await?),
            (
                "consent_codes",
                tx.purge_consent_codes(now - keep.idempotency, ROWS_PER_STEP)
                    .await?,
            ),
            ("links", tx.purge_links(start.links, ROWS_PER_STEP).await?),
            (
                "link_logins",
                tx.purge_link_logins(now, ROWS_PER_STEP).await?,
            ),
            (
                "stream_tickets",
                tx.purge_stream_tickets(now, ROWS_PER_STEP).await?,
            ),
            ("grant_tokens", tx.wipe_idle_grant_tokens().await?),
        ])
    }
}
