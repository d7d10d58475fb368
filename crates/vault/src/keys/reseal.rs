//! Seals records again, under the newest data key of their tenant or of the installation.
//!
//! The rule: a chunk is one short transaction: it locks rows that are free, opens and seals their records, and replaces
//! each by compare-and-set. On SQLite, which has one writer, only the last step is in it. Plain text, generation and slot
//! stay; a record that a reconnect replaced meanwhile is left as it is. Its commit need not wait for the disk: what a crash
//! takes back names its old key, and is sealed again. Records under keys that leaked go first and without rests; the pass
//! over the others waits for them, and rests between two chunks so that callers go first (`pace.rs`).
//! Start at [`Vault::reseal_due_records`].

mod credentials;
mod installation;
mod pace;
mod secrets;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{SecretColumn, TenantScope, TenantTx};

pub(super) use self::pace::Pacing;
use self::pace::{SharedPace, UrgentPasses};
use crate::{Error, Vault, keys::process_turns::ProcessTurns, tenants::pass::TenantPass};

/// How many secrets one transaction replaces.
const CHUNK: u32 = 100;
/// How long a tenant is left alone where nothing was to do: its old keys wait for the end of what they sealed.
const TENANT_REST: TimeDelta = TimeDelta::minutes(15);
/// The same for a tenant whose key leaked.
const URGENT_REST: TimeDelta = TimeDelta::minutes(1);

/// The tenants of which nothing was to do, and until when they are left alone; and the urgent passes that run.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResealRests {
    until: Arc<Mutex<HashMap<(TenantId, Urgency), Timestamp>>>,
    urgent: UrgentPasses,
    pace: SharedPace,
    turns: ProcessTurns,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Urgency {
    Routine,
    Urgent,
}

impl ResealRests {
    fn is_resting(&self, tenant: TenantId, urgency: Urgency, now: Timestamp) -> bool {
        let mut rests = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        rests.retain(|_, until| *until > now);
        rests.contains_key(&(tenant, urgency))
    }

    fn begin_rest(&self, tenant: TenantId, urgency: Urgency, now: Timestamp) {
        let rest = match urgency {
            Urgency::Routine => TENANT_REST,
            Urgency::Urgent => URGENT_REST,
        };
        let mut rests = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        rests.insert((tenant, urgency), now + rest);
    }

    pub(super) const fn turns(&self) -> &ProcessTurns {
        &self.turns
    }

    pub(super) fn end_rest(&self, tenant: TenantId) {
        let mut rests = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        rests.retain(|(it, _), _| *it != tenant);
    }
}

impl Vault {
    /// Makes new data keys in the place of those that are too old, and seals every record that an old one sealed again.
    /// Deletes the old keys under which nothing is left. Returns how many keys and records it changed. Leaves what keys
    /// that leaked sealed to [`Vault::reseal_compromised_records`].
    ///
    /// # Errors
    /// The first error of a tenant, after all had their turn.
    pub async fn reseal_due_records(&self) -> Result<u64, Error> {
        let rotated = self.rotate_due_data_keys().await?;
        let (urgent, is_installations) = self.store.list_scopes_with_compromised_keys().await?;
        let urgent: HashSet<_> = urgent.iter().map(TenantScope::tenant).collect();
        let mut scopes = self
            .store
            .list_scopes_with_keys(false, Timestamp::MAX_UTC)
            .await?;
        scopes.retain(|it| !urgent.contains(&it.tenant()));
        if !is_installations {
            scopes.insert(0, self.store.system_scope());
        }
        let resealed = self.reseal_each(&scopes, Urgency::Routine, Pacing::BesideCalls);
        Ok(rotated.saturating_add(resealed.await?))
    }

    /// Seals every record again that a data key sealed which leaked, as fast as the database allows. Deletes the keys
    /// under which nothing is left. Returns how many keys and records it changed.
    ///
    /// # Errors
    /// The first error of a tenant, after all had their turn.
    pub async fn reseal_compromised_records(&self) -> Result<u64, Error> {
        let (mut scopes, is_installations) = self.store.list_scopes_with_compromised_keys().await?;
        if is_installations {
            scopes.insert(0, self.store.system_scope());
        }
        if scopes.is_empty() {
            return Ok(0);
        }
        let _running = self.reseal_rests.urgent.begin();
        self.reseal_each(&scopes, Urgency::Urgent, Pacing::Unthrottled)
            .await
    }

    async fn reseal_each(
        &self,
        scopes: &[TenantScope],
        urgency: Urgency,
        pacing: Pacing,
    ) -> Result<u64, Error> {
        let mut pass = TenantPass::default();
        for scope in scopes {
            if self.runs.stop.is_cancelled() {
                break;
            }
            let (tenant, now) = (scope.tenant(), self.clock.now());
            if self.reseal_rests.is_resting(tenant, urgency, now) {
                continue;
            }
            // Boxed: what reseals a tenant is large beside the rest of the pass.
            let resealed = Box::pin(self.reseal_owner(scope, pacing)).await;
            if matches!(resealed, Ok(0)) {
                self.reseal_rests.begin_rest(tenant, urgency, now);
            }
            pass.add_result(tenant, resealed);
        }
        pass.finish()
    }

    /// Seals what belongs to a tenant, or to the installation.
    async fn reseal_owner(&self, scope: &TenantScope, pacing: Pacing) -> Result<u64, Error> {
        let resealed = if scope.tenant() == TenantId::SYSTEM {
            let moved = self.move_chains().await?;
            moved.saturating_add(self.reseal_installation(pacing).await?)
        } else {
            self.reseal_tenant(scope, pacing).await?
        };
        Ok(resealed.saturating_add(self.delete_unused_data_keys(scope).await?))
    }

    async fn reseal_tenant(&self, scope: &TenantScope, pacing: Pacing) -> Result<u64, Error> {
        let key = self.data_keys.newest(scope).await?;
        let mut all = self.reseal_credentials(scope, &key, pacing).await?;
        for column in SecretColumn::ALL {
            let resealed = self.reseal_secrets(scope, &key, column, pacing).await?;
            all = all.saturating_add(resealed);
        }
        Ok(all)
    }

    /// Begins to read records that are to be sealed again. PostgreSQL locks their rows until the commit. SQLite would lock
    /// its whole file, so there they are only read: what replaces them is compared with what was read.
    async fn begin_reading_to_reseal(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        let begun = if self.store.is_sqlite() {
            self.store.begin_read(scope).await
        } else {
            self.store.begin(scope).await
        };
        Ok(begun?)
    }

    /// The transaction that replaces what was read.
    async fn begin_replacing(
        &self,
        scope: &TenantScope,
        read: TenantTx,
    ) -> Result<TenantTx, Error> {
        if !self.store.is_sqlite() {
            return Ok(read);
        }
        read.commit().await?;
        Ok(self.store.begin(scope).await?)
    }

    /// Whether an error passes by itself, so that the record may open later.
    const fn is_passing(error: &Error) -> bool {
        matches!(
            error,
            Error::DatabaseBusy
                | Error::TenantBusy
                | Error::Unavailable(..)
                | Error::KeysUnavailable(_)
        )
    }
}
