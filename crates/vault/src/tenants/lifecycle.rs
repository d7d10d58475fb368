//! Suspends, resumes, deletes, restores and shreds tenants.
//!
//! The rule: each step writes to the tenant's own audit, which outlives the tenant. Destructive
//! steps are guarded: a deletion waits and can be taken back, and shredding requires the tenant's
//! id as confirmation.
//! Start at `Vault::update_tenant_status`.

use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{AuditEvent, Tenant, TenantScope, TenantStatus};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Acting, Conflict, Error, Repeatable, TenantView, Vault, credentials::data_keys::CACHE_LIFETIME,
    idempotency::Once, tenants::guard::present,
};

/// The maximum number of tenants that one pass deletes.
const PASS: u32 = 20;
/// The name of a deleted tenant.
const TOMBSTONE: &str = "deleted";

/// When the data keys of a tenant were destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shredded {
    /// When the stored keys were destroyed.
    pub shredded_at: Timestamp,
    /// When no process can decrypt the tenant's data any more: the caches have expired.
    pub effective_at: Timestamp,
}

impl Vault {
    /// Suspends a tenant: refuses its clients and pauses its work.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `Conflict(TenantGone)`.
    pub async fn suspend_tenant(
        &self,
        by: Acting,
        id: TenantId,
        repeat: Option<Repeatable>,
    ) -> Result<TenantView, Error> {
        let suspend = |it: Tenant| {
            Ok(Tenant {
                status: TenantStatus::Suspended,
                ..it
            })
        };
        self.turn_tenant(by, id, repeat, "tenant.suspended", suspend)
            .await
    }

    /// Resumes a suspended tenant: accepts its clients and continues its work.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `Conflict(TenantGone)` if the tenant is deleted, shredded or
    /// scheduled for deletion.
    pub async fn resume_tenant(
        &self,
        by: Acting,
        id: TenantId,
        repeat: Option<Repeatable>,
    ) -> Result<TenantView, Error> {
        let resume = |it: Tenant| match (it.shredded_at, it.delete_after) {
            (None, None) => Ok(Tenant {
                status: TenantStatus::Active,
                ..it
            }),
            _ => Err(Error::Conflict(Conflict::TenantGone)),
        };
        self.turn_tenant(by, id, repeat, "tenant.resumed", resume)
            .await
    }

    /// Suspends a tenant and schedules the deletion after the configured wait.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `Conflict(TenantGone)`.
    pub async fn schedule_deletion(&self, by: Acting, id: TenantId) -> Result<TenantView, Error> {
        let after = self.clock.now() + self.settings.tenants.deletion_wait;
        let schedule = |it: Tenant| {
            let delete_after = Some(it.delete_after.unwrap_or(after));
            Ok(Tenant {
                status: TenantStatus::Suspended,
                delete_after,
                ..it
            })
        };
        self.turn_tenant(by, id, None, "tenant.deletion_scheduled", schedule)
            .await
    }

    /// Cancels a scheduled deletion. The tenant stays suspended until it is resumed.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `Conflict(TenantGone)`.
    pub async fn restore_tenant(
        &self,
        by: Acting,
        id: TenantId,
        repeat: Option<Repeatable>,
    ) -> Result<TenantView, Error> {
        let restore = |it: Tenant| {
            Ok(Tenant {
                delete_after: None,
                ..it
            })
        };
        self.turn_tenant(by, id, repeat, "tenant.restored", restore)
            .await
    }

    /// Destroys the data keys of a suspended tenant, so that its data can no longer be decrypted:
    /// in this process at once, in other processes when their caches expire. Backups hold the
    /// wrapped keys until the backups expire.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid` unless `confirm` is the tenant's id; `NotFound(Tenant)`;
    /// `Conflict(TenantGone)`; `Conflict(TenantNotSuspended)`.
    pub async fn shred_tenant(
        &self,
        by: Acting,
        id: TenantId,
        confirm: &str,
        repeat: Option<Repeatable>,
    ) -> Result<Shredded, Error> {
        by.demand_owner()?;
        let scope = self.scope_for_operator(id).await?;
        if confirm != id.to_string() {
            let reason = "expected the tenant's id again".to_owned();
            return Err(Error::Invalid {
                field: "confirm".to_owned(),
                reason,
            });
        }
        let shred = async |call: Option<&Once>| self.destroy_keys(by, &scope, call).await;
        let done = self
            .once(&self.store.system_scope(), by.caller_id(), repeat, shred)
            .await?;
        self.keys.forget(id).await;
        Ok(done.value)
    }

    async fn destroy_keys(
        &self,
        by: Acting,
        scope: &TenantScope,
        call: Option<&Once>,
    ) -> Result<Shredded, Error> {
        let now = self.clock.now();
        let tx = self.store.begin(scope).await?;
        let was = present(tx.lock_tenant().await?)?;
        if was.status != TenantStatus::Suspended {
            return Err(Error::Conflict(Conflict::TenantNotSuspended));
        }
        let shredded_at = was.shredded_at.unwrap_or(now);
        tx.update_tenant(&Tenant {
            shredded_at: Some(shredded_at),
            ..was
        })
        .await?;
        let detail = json!({ "data_keys": tx.delete_data_keys().await? });
        let event = AuditEvent::new(by.actor(), "tenant.shredded", scope.tenant(), detail);
        tx.audit(&[event], now).await?;
        let shredded = Shredded {
            shredded_at,
            effective_at: shredded_at + CACHE_LIFETIME,
        };
        self.conclude(tx, call, &shredded, now).await?;
        Ok(shredded)
    }

    /// Deletes the tenants whose wait is over and returns how many. After an error, earlier tenants
    /// stay deleted.
    pub async fn delete_due_tenants(&self) -> Result<u64, Error> {
        let mut deleted = 0;
        for scope in self.store.tenants_to_delete(self.clock.now(), PASS).await? {
            deleted += u64::from(self.delete_tenant(&scope).await?);
        }
        Ok(deleted)
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
        let rows = tx.delete_own().await?;
        let name = TOMBSTONE.to_owned();
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
        tx.audit(&[event], now).await?;
        tx.commit().await?;
        self.keys.forget(id).await;
        Ok(true)
    }

    /// Changes a tenant with `turn` and writes `action` to the audit.
    async fn turn_tenant(
        &self,
        by: Acting,
        id: TenantId,
        repeat: Option<Repeatable>,
        action: &'static str,
        turn: impl Fn(Tenant) -> Result<Tenant, Error>,
    ) -> Result<TenantView, Error> {
        by.demand_owner()?;
        let (scope, now) = (self.scope_for_operator(id).await?, self.clock.now());
        let change = async |call: Option<&Once>| {
            let tx = self.store.begin(&scope).await?;
            let is = turn(present(tx.lock_tenant().await?)?)?;
            tx.update_tenant(&is).await?;
            let detail = json!({ "status": is.status.as_str(), "delete_after": is.delete_after });
            tx.audit(&[AuditEvent::new(by.actor(), action, id, detail)], now)
                .await?;
            self.conclude(tx, call, &(), now).await
        };
        self.once(&self.store.system_scope(), by.caller_id(), repeat, change)
            .await?;
        self.tenant(id).await
    }
}
