//! The rotation of data keys: a new key of a tenant, or of the installation, seals from now on, the worker seals the older
//! records again, and the old key is deleted.
//!
//! The rule: a data key is deleted only when no record and no hash is left under it, and an hour after it stopped sealing,
//! because another process may have it in its cache for minutes. Keys that leaked differ in one thing: what they sealed is
//! sealed again first, and without rests. One transaction replaces the installation's data key and makes the next key of
//! the audit chains, so that no crash leaves a chain key that leaked in use.
//! Start at [`Vault::rotate_data_keys`].

use std::time::Duration;

use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{AuditEvent, StoredDataKey, TenantScope};
use serde_json::json;

use crate::{
    Actor, Error, Vault,
    tenants::{guard::require_not_shredded, pass::TenantPass},
};

/// How long a data key is kept after it stopped sealing: far longer than any process caches it.
const KEEP_FOR: Duration = Duration::from_hours(1);

/// The actor of the audit rows.
const ACTOR: &str = "vault";

/// Whose data keys to rotate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOwners {
    /// Every tenant and the installation.
    All,
    /// One tenant.
    Tenant(TenantId),
    /// The installation.
    Installation,
}

/// Why data keys are rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationReason {
    /// Their time has come.
    Routine,
    /// The keys may have leaked.
    Compromise,
}

impl Vault {
    /// Makes new data keys. The worker seals the older records again; tokens, generations and clients stay as they are.
    /// Returns how many keys.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `Conflict(TenantGone)`; of many, the first error, after all had their turn.
    pub async fn rotate_data_keys(
        &self,
        by: Actor,
        owners: KeyOwners,
        reason: RotationReason,
    ) -> Result<u64, Error> {
        self.require_owner(by).await?;
        let name = by.audit_name();
        match owners {
            KeyOwners::Tenant(tenant) => {
                let scope = self.find_unshredded_scope(tenant).await?;
                self.replace_data_key(&scope, name, reason).await?;
            }
            KeyOwners::Installation => {
                let system = self.store.system_scope();
                self.replace_data_key(&system, name, reason).await?;
            }
            KeyOwners::All => {
                // Keys that are made meanwhile are new.
                let now = self.clock.now() + chrono::TimeDelta::microseconds(1);
                return self.rotate_keys_made_before(now, &name, reason).await;
            }
        }
        Ok(1)
    }

    /// Replaces every data key that is older than the settings allow.
    pub(super) async fn rotate_due_data_keys(&self) -> Result<u64, Error> {
        match self.settings.keys.rotate_every {
            Some(every) => {
                let before = self.clock.now() - every;
                self.rotate_keys_made_before(before, ACTOR, RotationReason::Routine)
                    .await
            }
            None => Ok(0),
        }
    }

    async fn rotate_keys_made_before(
        &self,
        before: Timestamp,
        by: &str,
        reason: RotationReason,
    ) -> Result<u64, Error> {
        let mut pass = TenantPass::default();
        let mut scopes = self.store.list_scopes_with_keys(true, before).await?;
        let system = self.store.system_scope();
        let made = self.data_keys.find_active_since(&system).await?;
        if made.is_some_and(|it| it < before) {
            scopes.insert(0, system);
        }
        for scope in scopes {
            let rotated = self.replace_data_key(&scope, by.to_owned(), reason).await;
            pass.add_result(scope.tenant(), rotated.map(|()| 1));
            self.yield_to_other_processes().await;
        }
        pass.finish()
    }

    async fn replace_data_key(
        &self,
        scope: &TenantScope,
        by: String,
        reason: RotationReason,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let (key, new) = self.data_keys.generate_next_key(scope, now).await?;
        let is_installations = scope.tenant() == TenantId::SYSTEM;
        let chain_key = if is_installations {
            Some(self.seal_next_chain_key(&key).await?)
        } else {
            None
        };
        let tx = self.store.begin(scope).await?;
        if !is_installations {
            // Held until the end, so that a shred cannot run in between.
            require_not_shredded(tx.lock_tenant().await?)?;
        }
        tx.replace_data_key(&new).await?;
        let mut detail = json!({ "version": new.version });
        if reason == RotationReason::Compromise {
            tx.mark_old_keys_compromised(now).await?;
            detail = json!({ "version": new.version, "reason": "compromise" });
        }
        let rotated = AuditEvent::new(by.clone(), "data_key.rotated", new.id, detail);
        let mut events = vec![rotated];
        if let Some(chain_key) = chain_key {
            events.push(chain_key.insert(&tx, &by, now).await?);
        }
        tx.write_audit_events(&events, now).await?;
        tx.commit().await?;
        self.data_keys.evict_tenant(scope.tenant()).await;
        self.reseal_rests.end_rest(scope.tenant());
        Ok(())
    }

    /// Deletes the old data keys of the tenant, or of the installation, under which nothing is left; returns how many.
    pub(super) async fn delete_unused_data_keys(&self, scope: &TenantScope) -> Result<u64, Error> {
        let mut deleted = 0_u64;
        for old in self.data_keys.list_old_keys(scope).await? {
            deleted = deleted.saturating_add(self.delete_data_key(scope, &old).await?);
        }
        Ok(deleted)
    }

    async fn delete_data_key(
        &self,
        scope: &TenantScope,
        old: &StoredDataKey,
    ) -> Result<u64, Error> {
        let now = self.clock.now();
        let tx = self.store.begin(scope).await?;
        let keys = tx.list_data_keys().await?;
        let sealing_since = keys.iter().find(|it| it.is_active).map(|it| it.created_at);
        if sealing_since.is_none_or(|it| now < it + KEEP_FOR)
            || tx.count_sealed_under(old.id, old.version).await? > 0
            || !tx.delete_data_key(old.id, now).await?
        {
            return Ok(0);
        }
        let detail = json!({ "version": old.version });
        let event = AuditEvent::new(ACTOR.to_owned(), "data_key.deleted", old.id, detail);
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        self.data_keys.evict_tenant(scope.tenant()).await;
        Ok(1)
    }
}
