//! Drops what is past retention.
//!
//! The rule: tenant by tenant and in bounded steps; each step is one transaction with its audit row, so that a
//! large backlog neither locks much nor goes unrecorded. A row of the audit keeps its place, only its words go.

use regrant_storage::{AuditEvent, AuditKind, TenantScope, TenantTx};
use serde_json::json;

use crate::{Error, Vault};

/// Who purges.
const ACTOR: &str = "vault";

/// How many rows of a kind one step drops.
const STEP: u32 = 1_000;
/// How many reconnects, which take their items with them.
const RECONNECTS: u32 = 10;

/// How long a proof is kept past its end: another process's clock may be behind this one's.
const PROOFS: chrono::Duration = chrono::Duration::minutes(5);

/// What one step dropped, kind by kind.
type Dropped = [(&'static str, u64); 7];

impl Vault {
    /// Drops what is past retention, of the installation and of every active tenant; how many records that were.
    ///
    /// # Errors
    /// The database does not answer; what was dropped until then stays dropped.
    pub async fn purge(&self) -> Result<u64, Error> {
        let now = self.clock.now();
        let mut all = self
            .store
            .purge_words(now - self.settings.retention.inbox)
            .await?;
        all = all.saturating_add(self.purge_log_ins(now).await?);
        for scope in self.active_scopes().await? {
            all = all.saturating_add(self.purge_tenant(&scope).await?);
        }
        for scope in self.chain_scopes().await? {
            for kind in AuditKind::ALL {
                all = all.saturating_add(self.prune_audit(&scope, kind).await?);
            }
        }
        Ok(all)
    }

    async fn prune_audit(&self, scope: &TenantScope, kind: AuditKind) -> Result<u64, Error> {
        let Some(before) = self.settings.retention.audit_since(kind, self.clock.now()) else {
            return Ok(0);
        };
        let mut all = 0_u64;
        while !self.jobs.stop.is_cancelled() {
            let tx = self.store.begin(scope).await?;
            if !tx.is_alone_to_purge().await? {
                break;
            }
            let pruned = tx
                .prune_audit(kind, before, STEP, ACTOR, self.clock.now())
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
        let mut all = 0_u64;
        while !self.jobs.stop.is_cancelled() {
            let dropped = self.purge_step(scope).await?;
            if dropped == 0 {
                break;
            }
            all = all.saturating_add(dropped);
        }
        Ok(all)
    }

    async fn purge_step(&self, scope: &TenantScope) -> Result<u64, Error> {
        let tx = self.store.begin(scope).await?;
        if !tx.is_alone_to_purge().await? {
            return Ok(0);
        }
        let dropped = self.drop_past(&tx).await?;
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
                detail.into(),
            );
            tx.audit(&[purged], self.clock.now()).await?;
        }
        tx.commit().await?;
        Ok(all)
    }

    async fn drop_past(&self, tx: &TenantTx) -> Result<Dropped, Error> {
        let (now, keep) = (self.clock.now(), &self.settings.retention);
        Ok([
            (
                "idempotency_keys",
                tx.purge_idempotency(now - keep.idempotency, STEP).await?,
            ),
            ("events", tx.purge_events(now - keep.events, STEP).await?),
            (
                "cut_offs",
                tx.purge_cut_offs(now - keep.cut_offs, STEP).await?,
            ),
            (
                "reconnects",
                tx.purge_reconnects(now - keep.reconnects, RECONNECTS)
                    .await?,
            ),
            ("client_proofs", tx.purge_proofs(now - PROOFS, STEP).await?),
            (
                "reconnect_sessions",
                tx.purge_reconnect_sessions(now - keep.reconnect_sessions, STEP)
                    .await?,
            ),
            ("grant_tokens", tx.wipe_idle_grants().await?),
        ])
    }
}
