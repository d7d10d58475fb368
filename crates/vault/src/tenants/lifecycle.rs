//! Suspends, resumes, deletes and restores tenants. `shred.rs` destroys their data keys.
//!
//! The rule: each step writes to the tenant's own audit, which outlives the tenant. A deletion waits
//! and can be taken back.
//! Start at `Vault::update_tenant_status`.

use regrant_domain::TenantId;
use regrant_storage::{
    AuditEvent, DeletionCause, ErasureCause, NewDeletion, Tenant, TenantScope, TenantStatus,
};
use serde_json::json;

use crate::{
    Actor, Conflict, Error, RepeatableRequest, TenantView, Vault,
    call::idempotency::IdempotentCall,
    tenants::{guard::require_not_deleted, pass::TenantPass},
};

/// The maximum number of tenants that one pass deletes.
const MAX_DELETIONS: u64 = 20;
/// The maximum number of tenants that one pass tries to delete; those that fail are among them.
const MAX_LISTED: u32 = 1_000;
/// The name of a deleted tenant.
const DELETED_NAME: &str = "deleted";

impl Vault {
    /// Suspends a tenant: refuses its clients and pauses its work.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `Conflict(TenantGone)`.
    pub async fn suspend_tenant(
        &self,
        by: Actor,
        id: TenantId,
        repeat: Option<RepeatableRequest>,
    ) -> Result<TenantView, Error> {
        let suspend = |it: Tenant| {
            Ok(Tenant {
                status: TenantStatus::Suspended,
                ..it
            })
        };
        self.update_tenant_status(by, id, repeat, "tenant.suspended", suspend)
            .await
    }

    /// Resumes a suspended tenant: accepts its clients and continues its work.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `Conflict(TenantGone)` if the tenant is deleted, shredded or
    /// scheduled for deletion.
    pub async fn resume_tenant(
        &self,
        by: Actor,
        id: TenantId,
        repeat: Option<RepeatableRequest>,
    ) -> Result<TenantView, Error> {
        let resume = |it: Tenant| match (it.shredded_at, it.delete_after) {
            (None, None) => Ok(Tenant {
                status: TenantStatus::Active,
                ..it
            }),
            _ => Err(Error::Conflict(Conflict::TenantGone)),
        };
        self.update_tenant_status(by, id, repeat, "tenant.resumed", resume)
            .await
    }

    /// Suspends a tenant and schedules the deletion after the configured wait.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `Conflict(TenantGone)`.
    pub async fn schedule_deletion(&self, by: Actor, id: TenantId) -> Result<TenantView, Error> {
        let after = self.clock.now() + self.settings.tenants.deletion_wait;
        let schedule = |it: Tenant| {
            let delete_after = Some(it.delete_after.unwrap_or(after));
            Ok(Tenant {
                status: TenantStatus::Suspended,
                delete_after,
                ..it
            })
        };
        self.update_tenant_status(by, id, None, "tenant.deletion_scheduled", schedule)
            .await
    }

    /// Cancels a scheduled deletion. The tenant stays suspended until it is resumed.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `Conflict(TenantGone)`.
    pub async fn restore_tenant(
        &self,
        by: Actor,
        id: TenantId,
        repeat: Option<RepeatableRequest>,
    ) -> Result<TenantView, Error> {
        let restore = |it: Tenant| {
            Ok(Tenant {
                delete_after: None,
                ..it
            })
        };
        self.update_tenant_status(by, id, repeat, "tenant.restored", restore)
            .await
    }

    /// Deletes the tenants whose wait is over, at most `MAX_DELETIONS` at a time, and returns how many.
    ///
    /// # Errors
    /// The first error, after the other tenants had their turn.
    pub async fn delete_due_tenants(&self) -> Result<u64, Error> {
        let (mut pass, now) = (TenantPass::default(), self.clock.now());
        for scope in self.store.list_tenants_to_delete(now, MAX_LISTED).await? {
            if pass.done() >= MAX_DELETIONS {
                break;
            }
            let deleted = self.delete_tenant(&scope).await;
            pass.add_result(scope.tenant(), deleted.map(u64::from));
        }
        pass.finish()
    }

    /// Deletes the data of a tenant. The row with a placeholder name and the audit stay. Returns
    /// false if the tenant was restored since it was listed.
    async fn delete_tenant(&self, scope: &TenantScope) -> Result<bool, Error> {
        let (id, now) = (scope.tenant(), self.clock.now());
        let tx = self.store.begin(scope).await?;
        let was = tx.lock_tenant().await?;
        if was.deleted_at.is_some() || was.delete_after.is_none_or(|it| it > now) {
            return Ok(false);
        }
        let rows = tx.delete_tenant_rows(now).await?;
        tx.record_deletion(NewDeletion {
            cause: DeletionCause::Tenant,
            subject: id.uuid(),
            at: now,
            items: rows,
            revocation: None,
        })
        .await?;
        tx.owe_erasure(id.uuid(), ErasureCause::DestroyedKeys, now)
            .await?;
        let name = DELETED_NAME.to_owned();
        let status = TenantStatus::Suspended;
        tx.update_tenant(&Tenant {
            name,
            status,
            deleted_at: Some(now),
            ..was
        })
        .await?;
        let (actor, subject, detail) =
            ("vault".to_owned(), id.to_string(), json!({ "rows": rows }));
        let event = AuditEvent::new(actor, "tenant.deleted", subject, detail);
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        self.data_keys.evict_tenant(id).await;
        Ok(true)
    }

    /// Changes a tenant with `turn` and writes `action` to the audit.
    async fn update_tenant_status(
        &self,
        by: Actor,
        id: TenantId,
        repeat: Option<RepeatableRequest>,
        action: &'static str,
        turn: impl Fn(Tenant) -> Result<Tenant, Error>,
    ) -> Result<TenantView, Error> {
        self.require_owner(by).await?;
        let (scope, now) = (self.find_scope_for_operator(id).await?, self.clock.now());
        let change = async |call: Option<&IdempotentCall>| {
            let tx = self.store.begin(&scope).await?;
            let was = require_not_deleted(tx.lock_tenant().await?)?;
            let was_active = was.status == TenantStatus::Active;
            let is = turn(was)?;
            tx.update_tenant(&is).await?;
            if is.status == TenantStatus::Active && !was_active {
                // No client could use a scope meanwhile.
                tx.renew_scope_grants(None, now).await?;
            }
            let detail = json!({ "status": is.status.as_str(), "delete_after": is.delete_after });
            tx.write_audit_events(&[AuditEvent::new(by.audit_name(), action, id, detail)], now)
                .await?;
            self.commit_with_key(tx, call, &(), now).await
        };
        self.run_idempotent(&self.store.system_scope(), by.caller_id(), repeat, change)
            .await?;
        self.find_tenant(id).await
    }
}
