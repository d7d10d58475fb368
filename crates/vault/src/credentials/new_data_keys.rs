//! New data keys, wrapped with the active KEK.
//!
//! The rule: nothing is wrapped with a KEK that an older version replaced, nor with one that another process cannot open.

use regrant_crypto::DataKey;
use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{NewDataKey, TenantScope};

use crate::{Error, credentials::data_keys::DataKeys};

impl DataKeys {
    /// Generates the first data key of a tenant; returns it with its row.
    pub(crate) async fn generate_key(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<(DataKey, NewDataKey), Error> {
        self.generate_version(tenant, 1, now).await
    }

    /// The same for the key after the tenant's newest one.
    pub(crate) async fn generate_next_key(
        &self,
        scope: &TenantScope,
        now: Timestamp,
    ) -> Result<(DataKey, NewDataKey), Error> {
        let stored = self.read_wrapped_keys(scope).await?;
        let newest = stored.iter().map(|it| it.version).max().unwrap_or_default();
        let next = newest.saturating_add(1);
        self.generate_version(scope.tenant(), next, now).await
    }

    async fn generate_version(
        &self,
        tenant: TenantId,
        version: u32,
        now: Timestamp,
    ) -> Result<(DataKey, NewDataKey), Error> {
        let key = DataKey::generate(tenant, version)?;
        self.follow_kek_floor().await?;
        let wrapped = self.provider().wrap_data_key(&key).await?;
        let stored = NewDataKey {
            id: key.id(),
            version: key.version(),
            wrapped: wrapped.as_bytes().to_vec(),
            created_at: now,
        };
        Ok((key, stored))
    }

    /// Creates the installation's own key unless it exists.
    pub(crate) async fn ensure_system_key(&self, now: Timestamp) -> Result<(), Error> {
        if self
            .read_wrapped_keys(&self.store().system_scope())
            .await?
            .is_empty()
        {
            let (_, key) = self.generate_key(TenantId::SYSTEM, now).await?;
            match self.store().insert_system_key(&key).await {
                Ok(()) | Err(regrant_storage::Error::Taken(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.active(&self.store().system_scope()).await.map(|_| ())
    }
}
