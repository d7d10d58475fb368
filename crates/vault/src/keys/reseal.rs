//! Seals records again, under the newest data key of their tenant.
//!
//! The rule: a chunk is one short transaction: it locks rows that are free, opens and seals their records, and replaces
//! each by compare-and-set. Plain text, generation and slot stay; a record that a reconnect replaced meanwhile is left as
//! it is. Between two chunks the pass rests for as long as the chunk took, so that callers go first.
//! Start at [`Vault::reseal_due_records`].

mod credentials;
mod secrets;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{SecretColumn, TenantScope};

use crate::{Error, Vault, tenants::pass::TenantPass};

/// How many records one transaction replaces.
const CHUNK: u32 = 100;
/// The longest rest between two chunks.
const MAX_REST: Duration = Duration::from_millis(200);
/// How long a tenant is left alone where nothing was to do: its old keys wait for the end of what they sealed.
const TENANT_REST: chrono::TimeDelta = chrono::TimeDelta::minutes(15);

/// The tenants of which nothing was to do, and until when they are left alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResealRests(Arc<Mutex<HashMap<TenantId, Timestamp>>>);

impl ResealRests {
    fn is_resting(&self, tenant: TenantId, now: Timestamp) -> bool {
        let mut rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rests.retain(|_, until| *until > now);
        rests.contains_key(&tenant)
    }

    fn begin_rest(&self, tenant: TenantId, now: Timestamp) {
        let mut rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rests.insert(tenant, now + TENANT_REST);
    }

    pub(super) fn end_rest(&self, tenant: TenantId) {
        let mut rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rests.remove(&tenant);
    }
}

impl Vault {
    /// Gives tenants whose data key is too old a new one, and seals every record that an old data key sealed again. Deletes
    /// the old keys under which nothing is left. Returns how many keys and records it changed.
    ///
    /// # Errors
    /// The first error of a tenant, after all had their turn.
    pub async fn reseal_due_records(&self) -> Result<u64, Error> {
        let rotated = self.rotate_due_data_keys().await?;
        let mut pass = TenantPass::default();
        let all = self
            .store
            .list_scopes_with_keys(false, Timestamp::MAX_UTC)
            .await?;
        for scope in all {
            if self.runs.stop.is_cancelled() {
                break;
            }
            let now = self.clock.now();
            if self.reseal_rests.is_resting(scope.tenant(), now) {
                continue;
            }
            // Boxed: what reseals a tenant is large beside the rest of the pass.
            let resealed = Box::pin(self.reseal_tenant(&scope)).await;
            if matches!(resealed, Ok(0)) {
                self.reseal_rests.begin_rest(scope.tenant(), now);
            }
            pass.add_result(scope.tenant(), resealed);
        }
        Ok(rotated.saturating_add(pass.finish()?))
    }

    async fn reseal_tenant(&self, scope: &TenantScope) -> Result<u64, Error> {
        let key = self.data_keys.newest(scope).await?;
        let mut all = self.reseal_credentials(scope, &key).await?;
        for column in SecretColumn::ALL {
            let resealed = self.reseal_secrets(scope, &key, column).await?;
            all = all.saturating_add(resealed);
        }
        Ok(all.saturating_add(self.delete_unused_data_keys(scope).await?))
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

    /// Rests for as long as the chunk took.
    async fn rest_after_chunk(&self, began: Instant) {
        tokio::time::sleep(began.elapsed().min(MAX_REST)).await;
    }
}
