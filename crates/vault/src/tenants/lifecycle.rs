//! How a tenant rests and ends: suspended, resumed, deleted after a wait, restored, shredded.
//!
//! The rule: each step is told in the tenant's own audit, which outlives it, and nothing is gone at once that could
//! be asked back: a deletion waits, and shredding demands the tenant's id again.

use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{AuditEvent, Tenant, TenantScope, TenantStatus};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Acting, Conflict, Error, Repeatable, TenantView, Vault, credentials::data_keys::CACHED_FOR,
    idempotency::Once, tenants::guard::present,
};

/// How many tenants one pass deletes.
const PASS: u32 = 20;
/// What a tenant that was deleted is called.
const TOMBSTONE: &str = "deleted";

/// What became of a tenant's data keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shredded {
    /// When they were destroyed.
    pub shredded_at: Timestamp,
    /// From when on no process opens anything any more.
    pub effective_at: Timestamp,
}

impl Vault {
    /// Refuses a tenant's clients and lets its work rest.
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

    /// Serves a tenant again; its work goes on.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `Conflict(TenantGone)`: it was deleted or shredded, or is to be deleted.
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

    /// Suspends a tenant and has it deleted after the wait.
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

    /// Takes a deletion back that is not done yet. The tenant stays suspended until it is resumed.
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

    /// Destroys a suspended tenant's data keys: nothing of it opens any more, in this process at once and in others
    /// as soon as they forget what they have unwrapped. Backups hold the wrapped keys until they expire.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid` unless `confirm` is the tenant's id; `NotFound(Tenant)`; `Conflict(TenantGone)`;
    /// `Conflict(TenantNotSuspended)`.
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
        let now = self.clock.now();
        let shred = async |once: Option<&Once>| {
            let tx = self.store.begin(&scope).await?;
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
            let keys = tx.delete_data_keys().await?;
            tx.audit(
                &[AuditEvent::new(
                    by.actor(),
                    "tenant.shredded",
                    id,
                    json!({ "data_keys": keys }),
                )],
                now,
            )
            .await?;
            let shredded = Shredded {
                shredded_at,
                effective_at: shredded_at + CACHED_FOR,
            };
            self.conclude(tx, once, &shredded, now).await?;
            Ok(shredded)
        };
        let done = self
            .once(&self.store.system_scope(), by.caller_id(), repeat, shred)
            .await?;
        self.keys.forget(id).await;
        Ok(done.value)
    }

    /// Deletes the tenants whose time has come; how many.
    ///
    /// # Errors
    /// The database does not answer; what was deleted until then stays deleted.
    pub async fn delete_due_tenants(&self) -> Result<u64, Error> {
        let mut deleted = 0;
        for scope in self.store.tenants_to_delete(self.clock.now(), PASS).await? {
            deleted += u64::from(self.delete_tenant(&scope).await?);
        }
        Ok(deleted)
    }

    /// Everything goes but the name of the row and the audit. Whoever restored it meanwhile was first.
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
        tx.audit(
            &[AuditEvent::new(actor, "tenant.deleted", subject, detail)],
            now,
        )
        .await?;
        tx.commit().await?;
        self.keys.forget(id).await;
        Ok(true)
    }

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
        let change = async |once: Option<&Once>| {
            let tx = self.store.begin(&scope).await?;
            let is = turn(present(tx.lock_tenant().await?)?)?;
            tx.update_tenant(&is).await?;
            let detail = json!({ "status": is.status.as_str(), "delete_after": is.delete_after });
            tx.audit(&[AuditEvent::new(by.actor(), action, id, detail)], now)
                .await?;
            self.conclude(tx, once, &(), now).await
        };
        self.once(&self.store.system_scope(), by.caller_id(), repeat, change)
            .await?;
        self.tenant(id).await
    }
}
