//! Data keys: each tenant has one active key. The provider unwraps keys; this process caches them for minutes.
//!
//! The rule: look a data key up by (tenant, id, version), never by id alone. A cached key expires after
//! [`CACHE_LIFETIME`], so that a rotation or a shred takes effect in every process.
//! Start at [`DataKeys::active_key`].

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use regrant_crypto::{Context, DataKey, Fingerprint, KeyProvider, KeyRef, WrappedKey};
use regrant_domain::{Sealed, TenantId, Timestamp};
use regrant_storage::{NewDataKey, Store, TenantScope};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::Error;

/// How long an unwrapped key is cached.
pub(crate) const CACHE_LIFETIME: Duration = Duration::from_mins(5);
const MAX_CACHED_KEYS: u64 = 20_000;

/// The data keys of tenants. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Keys {
    store: Store,
    provider: Arc<KeyProvider>,
    by_version: Cache<(TenantId, Uuid, u32), Arc<DataKey>>,
    active: Cache<TenantId, Arc<DataKey>>,
}

impl Keys {
    pub(crate) fn new(store: Store, provider: KeyProvider) -> Self {
        Self {
            store,
            provider: Arc::new(provider),
            by_version: cache(),
            active: cache(),
        }
    }

    /// The database that holds the keys.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// The key that seals the tenant's new records.
    pub(crate) async fn active(&self, scope: &TenantScope) -> Result<Arc<DataKey>, Error> {
        let found = self
            .active
            .try_get_with(scope.tenant(), self.load_active(scope))
            .await;
        found.map_err(shared)
    }

    /// Opens a record of the tenant with the key that sealed it.
    pub(crate) async fn open(
        &self,
        scope: &TenantScope,
        context: &Context<'_>,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let key = KeyRef::of(sealed)?;
        Ok(self
            .version(scope, key.id, key.version)
            .await?
            .open(context, sealed)?)
    }

    /// The keyed hash of `message` under this key version; `None` where the tenant has no such key.
    pub(crate) async fn fingerprint(
        &self,
        scope: &TenantScope,
        version: u32,
        message: &[u8],
    ) -> Result<Option<Fingerprint>, Error> {
        Ok(self
            .of_version(scope, version)
            .await?
            .map(|key| key.fingerprint(message)))
    }

    /// The tenant's key of this version, if there is one.
    pub(crate) async fn of_version(
        &self,
        scope: &TenantScope,
        version: u32,
    ) -> Result<Option<Arc<DataKey>>, Error> {
        match self
            .stored(scope)
            .await?
            .into_iter()
            .find(|it| it.version == version)
        {
            Some(stored) => self.version(scope, stored.id, version).await.map(Some),
            None => Ok(None),
        }
    }

    /// Generates a data key for a tenant; returns it with its row.
    pub(crate) async fn mint(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<(DataKey, NewDataKey), Error> {
        let key = DataKey::generate(tenant, 1)?;
        let wrapped = self.provider.wrap(&key).await?;
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
        if self.stored(&self.store.system_scope()).await?.is_empty() {
            let (_, key) = self.mint(TenantId::SYSTEM, now).await?;
            match self.store.insert_system_key(&key).await {
                Ok(()) | Err(regrant_storage::Error::Taken(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.active(&self.store.system_scope()).await.map(|_| ())
    }

    /// The installation's first key. It is never rotated, so that hashes under it stay valid.
    pub(super) async fn first_of_system(&self) -> Result<Arc<DataKey>, Error> {
        let system = self.store.system_scope();
        let first = self
            .stored(&system)
            .await?
            .into_iter()
            .min_by_key(|it| it.version);
        let first = first.ok_or_else(|| Error::internal("the installation has no data key"))?;
        self.version(&system, first.id, first.version).await
    }

    /// Removes a tenant's keys from the cache of this process. In other processes they expire.
    pub(crate) async fn forget(&self, tenant: TenantId) {
        self.active.invalidate(&tenant).await;
        let of_tenant: Vec<_> = self
            .by_version
            .iter()
            .map(|(key, _)| *key)
            .filter(|(owner, ..)| *owner == tenant)
            .collect();
        for key in of_tenant {
            self.by_version.invalidate(&key).await;
        }
    }

    async fn load_active(&self, scope: &TenantScope) -> Result<Arc<DataKey>, Error> {
        let stored = self.stored(scope).await?.into_iter().find(|it| it.active);
        let stored = stored.ok_or_else(|| Error::internal("the tenant has no active data key"))?;
        self.version(scope, stored.id, stored.version).await
    }

    async fn version(
        &self,
        scope: &TenantScope,
        id: Uuid,
        version: u32,
    ) -> Result<Arc<DataKey>, Error> {
        let load = self.load_version(scope, id, version);
        self.by_version
            .try_get_with((scope.tenant(), id, version), load)
            .await
            .map_err(shared)
    }

    async fn load_version(
        &self,
        scope: &TenantScope,
        id: Uuid,
        version: u32,
    ) -> Result<Arc<DataKey>, Error> {
        let stored = self
            .stored(scope)
            .await?
            .into_iter()
            .find(|it| it.id == id && it.version == version);
        let stored = stored.ok_or_else(|| {
            Error::internal("a record names a data key that its tenant does not have")
        })?;
        let wrapped = WrappedKey::from_bytes(stored.wrapped);
        Ok(Arc::new(
            self.provider
                .unwrap(scope.tenant(), id, version, &wrapped)
                .await?,
        ))
    }

    async fn stored(
        &self,
        scope: &TenantScope,
    ) -> Result<Vec<regrant_storage::StoredDataKey>, Error> {
        let tx = self.store.begin_read(scope).await?;
        let keys = tx.data_keys().await?;
        tx.commit().await?;
        Ok(keys)
    }
}

fn cache<K, V>() -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(MAX_CACHED_KEYS)
        .time_to_live(CACHE_LIFETIME)
        .build()
}

/// All tasks that wait for one load get its error.
fn shared(error: Arc<Error>) -> Error {
    Error::internal(Shared(error))
}

#[derive(Debug, thiserror::Error)]
#[error("the data key cannot be loaded")]
struct Shared(#[source] Arc<Error>);
