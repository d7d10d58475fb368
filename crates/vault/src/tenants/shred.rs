//! Shreds tenants: destroys their data keys, without which nothing of them opens.
//!
//! The rule: a shred is effective only when no copy of the keys is of use. Logs, replicas and backups keep them, wrapped;
//! so it waits until every key-encryption key (KEK) that ever wrapped them is destroyed. A tenant's id confirms a shred.
//! Start at [`Vault::shred_tenant`]; `keys/destruction.rs` notes when a shred becomes effective.

use std::collections::HashMap;

use regrant_domain::{AccessRevocation, KekRef, TenantId, Timestamp};
use regrant_storage::{
    AuditEvent, DeletionCause, DeletionRecord, ErasureCause, NewDeletion, Tenant, TenantScope,
    TenantStatus,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    AccessAtMeta, Actor, Conflict, Error, RepeatableRequest, Resource, Vault,
    call::idempotency::IdempotentCall, tenants::guard::require_not_deleted,
};

/// The state of a shred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShredResult {
    /// When the stored keys were deleted.
    pub shredded_at: Timestamp,
    /// From when on no copy of the keys can be used; `None` while that waits.
    pub effective_at: Option<Timestamp>,
    /// The KEKs that it waits for: each wrapped a data key of the tenant and is not destroyed.
    pub waits_for: Vec<KekRef>,
    /// When the bytes of the keys had left the SQLite file; `None` while they wait, and on PostgreSQL.
    pub erased_at: Option<Timestamp>,
    /// What became of the app's access at Meta; `None` where ending it was not asked for.
    pub revocation: Option<AccessRevocation>,
}

/// The deletion of a tenant, or of its data keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantDeletion {
    /// From when on no copy of the tenant's sealed data can be opened; `None` while that waits.
    pub effective_at: Option<Timestamp>,
    /// The KEKs that it waits for: each wrapped a data key of the tenant and is not destroyed.
    pub waits_for: Vec<KekRef>,
    /// What became of the app's access at Meta; `None` where ending it was not asked for.
    pub revocation: Option<AccessRevocation>,
}

impl Vault {
    /// Deletes the data keys of a suspended tenant. Nothing of the tenant is opened any more: in this process at once, in
    /// others when their caches expire. From when on that holds for every copy of the keys, [`ShredResult`] says; call it
    /// again to read it. With [`AccessAtMeta::Revoke`] the app's access for the tenant's persons ends first, while their
    /// tokens still open; whatever comes of that, the keys are deleted.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid` unless `confirm` is the tenant's id; `NotFound(Tenant)`;
    /// `Conflict(TenantGone)`; `Conflict(TenantNotSuspended)`.
    pub async fn shred_tenant(
        &self,
        by: Actor,
        id: TenantId,
        confirm: &str,
        access: AccessAtMeta,
        repeat: Option<RepeatableRequest>,
    ) -> Result<ShredResult, Error> {
        self.require_owner(by).await?;
        let scope = self.find_scope_for_operator(id).await?;
        if confirm != id.to_string() {
            let reason = "expected the tenant's id again".to_owned();
            return Err(Error::Invalid {
                field: "confirm".to_owned(),
                reason,
            });
        }
        let shred = async |call: Option<&IdempotentCall>| {
            let revocation = match access {
                AccessAtMeta::Keep => None,
                AccessAtMeta::Revoke => Box::pin(self.revoke_before_shred(by, &scope)).await?,
            };
            self.destroy_keys(by, &scope, revocation, call).await
        };
        self.run_idempotent(&self.store.system_scope(), by.caller_id(), repeat, shred)
            .await?;
        self.data_keys.evict_tenant(id).await;
        self.find_shred(id).await
    }

    /// The state of a shred now. A repeated call gets it, too.
    async fn find_shred(&self, id: TenantId) -> Result<ShredResult, Error> {
        let tenant = self.store.find_tenant(id).await;
        let tenant = tenant.map_err(Error::not_found_as(Resource::Tenant))?;
        let deletion = self.list_tenant_deletions(&[id]).await?.remove(&id);
        let (effective_at, waits_for, revocation) = deletion
            .map_or((None, Vec::new(), None), |it| {
                (it.effective_at, it.waits_for, it.revocation)
            });
        Ok(ShredResult {
            shredded_at: tenant
                .shredded_at
                .ok_or(Error::Conflict(Conflict::TenantGone))?,
            effective_at,
            waits_for,
            erased_at: tenant.erased_at,
            revocation,
        })
    }

    /// Ends the app's access for the tenant's persons. `None`: the tenant is shredded, so no token of theirs opens.
    async fn revoke_before_shred(
        &self,
        by: Actor,
        scope: &TenantScope,
    ) -> Result<Option<AccessRevocation>, Error> {
        let tx = self.store.begin(scope).await?;
        if require_suspended(tx.lock_tenant().await?)?
            .shredded_at
            .is_some()
        {
            return Ok(None);
        }
        let by = by.audit_name();
        let revoked = self.revoke_persons_of_tenant(tx, &by, scope).await?;
        Ok(Some(revoked))
    }

    async fn destroy_keys(
        &self,
        by: Actor,
        scope: &TenantScope,
        revocation: Option<AccessRevocation>,
        call: Option<&IdempotentCall>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(scope).await?;
        let was = require_suspended(tx.lock_tenant().await?)?;
        let is_first = was.shredded_at.is_none();
        let (shredded_at, erased_at) = (was.shredded_at.unwrap_or(now), was.erased_at);
        tx.update_tenant(&Tenant {
            shredded_at: Some(shredded_at),
            ..was
        })
        .await?;
        let data_keys = tx.delete_data_keys(now).await?;
        let id = scope.tenant().uuid();
        if is_first || data_keys > 0 {
            tx.record_deletion(NewDeletion {
                cause: DeletionCause::Shred,
                subject: id,
                at: now,
                items: data_keys,
                revocation,
            })
            .await?;
        }
        if data_keys > 0 || erased_at.is_none() {
            tx.owe_erasure(id, ErasureCause::DestroyedKeys, now).await?;
        }
        let detail = json!({ "data_keys": data_keys });
        let event = AuditEvent::new(by.audit_name(), "tenant.shredded", scope.tenant(), detail);
        tx.write_audit_events(&[event], now).await?;
        self.commit_with_key(tx, call, &(), now).await
    }

    /// The deletions of those of the tenants that are shredded or deleted.
    pub(super) async fn list_tenant_deletions(
        &self,
        ids: &[TenantId],
    ) -> Result<HashMap<TenantId, TenantDeletion>, Error> {
        let subjects: Vec<Uuid> = ids.iter().map(|it| it.uuid()).collect();
        let records = self.list_deletions(&subjects).await?;
        let mut deletions: HashMap<TenantId, TenantDeletion> = HashMap::new();
        for record in records {
            match deletions.get_mut(&record.tenant) {
                Some(known) => TenantDeletion::add_record(known, record),
                None => drop(deletions.insert(record.tenant, record.into())),
            }
        }
        Ok(deletions)
    }
}

fn require_suspended(tenant: Tenant) -> Result<Tenant, Error> {
    let tenant = require_not_deleted(tenant)?;
    match tenant.status {
        TenantStatus::Suspended => Ok(tenant),
        TenantStatus::Active => Err(Error::Conflict(Conflict::TenantNotSuspended)),
    }
}

impl From<DeletionRecord> for TenantDeletion {
    fn from(it: DeletionRecord) -> Self {
        Self {
            effective_at: it.effective_at,
            waits_for: it.waits_for,
            revocation: it.revocation,
        }
    }
}

impl TenantDeletion {
    /// A tenant that is shredded and later deleted is gone once both are effective.
    fn add_record(&mut self, record: DeletionRecord) {
        self.effective_at = self
            .effective_at
            .zip(record.effective_at)
            .map(|(a, b)| a.max(b));
        self.revocation = self.revocation.take().or(record.revocation);
        self.waits_for.extend(record.waits_for);
        self.waits_for.sort_unstable();
        self.waits_for.dedup();
    }
}
