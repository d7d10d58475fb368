//! Data keys: each tenant has one active key. The provider unwraps keys; this process caches them for minutes.
//!
//! The rule: look a data key up by (tenant, id, version), never by id alone. A cached key expires after
//! [`CACHE_LIFETIME`], so that a rotation or a shred takes effect in every process.
//! Start at [`DataKeys::active`].

mod active_keys;

use std::{collections::HashMap, sync::Arc, time::Duration};

use moka::future::Cache;
use regrant_crypto::{
    Context, DataKey, Fingerprint, KekState, KeyProvider, KeyRef, ProviderError, ProviderKind,
    Refresh, WrappedKey,
};
use regrant_domain::{SealedRecord, TenantId, Timestamp};
use regrant_storage::{Store, StoredDataKey, TenantScope, WrappedDataKey};
use uuid::Uuid;
use zeroize::Zeroizing;

use self::active_keys::ActiveKeys;
use super::stale_keys::{STALE_LIFETIME, StaleKeys};
use crate::Error;

/// How long an unwrapped key is cached.
pub(crate) const CACHE_LIFETIME: Duration = Duration::from_mins(5);
const MAX_CACHED_KEYS: u64 = 20_000;

/// The data keys of tenants. Cheap to clone.
#[derive(Clone)]
pub(crate) struct DataKeys {
    store: Store,
    pub(super) provider: Arc<KeyProvider>,
    by_version: Cache<(TenantId, Uuid, u32), Arc<DataKey>>,
    active_keys: ActiveKeys,
    stale: StaleKeys,
}

impl DataKeys {
    pub(crate) fn new(store: Store, provider: KeyProvider) -> Self {
        Self::with_lifetimes(store, provider, CACHE_LIFETIME, STALE_LIFETIME)
    }

    /// The same with other times for which keys are cached, and served while the provider is down.
    pub(super) fn with_lifetimes(
        store: Store,
        provider: KeyProvider,
        cached: Duration,
        stale: Duration,
    ) -> Self {
        Self {
            store,
            provider: Arc::new(provider),
            by_version: build_cache(cached),
            active_keys: ActiveKeys::new(MAX_CACHED_KEYS, cached),
            stale: StaleKeys::new(build_cache(stale)),
        }
    }

    /// The database that holds the keys.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// What wraps the keys.
    pub(crate) fn provider(&self) -> &KeyProvider {
        &self.provider
    }

    /// The key that seals the tenant's new records.
    pub(crate) async fn active(&self, scope: &TenantScope) -> Result<Arc<DataKey>, Error> {
        let load = async || self.load_active(scope).await;
        let key = self.active_keys.find_or_load(scope.tenant(), load).await?;
        self.unwrapped_key(scope, key.id, key.version).await
    }

    /// The same, past the cache of this process.
    pub(crate) async fn newest(&self, scope: &TenantScope) -> Result<Arc<DataKey>, Error> {
        self.active_keys.forget_tenant(scope.tenant()).await;
        self.active(scope).await
    }

    /// The key that sealed a record of the tenant.
    pub(crate) async fn key_of_record(
        &self,
        scope: &TenantScope,
        sealed: &SealedRecord,
    ) -> Result<Arc<DataKey>, Error> {
        let key = KeyRef::from_record(sealed)?;
        self.unwrapped_key(scope, key.id, key.version).await
    }

    /// The tenant's keys that only open.
    pub(crate) async fn list_old_keys(
        &self,
        scope: &TenantScope,
    ) -> Result<Vec<StoredDataKey>, Error> {
        let stored = self.read_wrapped_keys(scope).await?;
        Ok(stored.into_iter().filter(|it| !it.is_active).collect())
    }

    /// The tenant's keys that only open, unwrapped before a transaction needs them. One that does not open now is left out.
    pub(crate) async fn open_old_keys(
        &self,
        scope: &TenantScope,
    ) -> Result<HashMap<KeyRef, Arc<DataKey>>, Error> {
        let mut opened = HashMap::new();
        for StoredDataKey { id, version, .. } in self.list_old_keys(scope).await? {
            if let Ok(key) = self.unwrapped_key(scope, id, version).await {
                opened.insert(KeyRef { id, version }, key);
            }
        }
        Ok(opened)
    }

    /// All keys of the tenant, as [`Self::open_old_keys`] opens them.
    pub(crate) async fn open_keys(&self, scope: &TenantScope) -> Result<Vec<Arc<DataKey>>, Error> {
        let mut opened = Vec::new();
        for StoredDataKey { id, version, .. } in self.read_wrapped_keys(scope).await? {
            opened.extend(self.unwrapped_key(scope, id, version).await.ok());
        }
        Ok(opened)
    }

    /// Since when the tenant's active key seals.
    pub(crate) async fn find_active_since(
        &self,
        scope: &TenantScope,
    ) -> Result<Option<Timestamp>, Error> {
        let stored = self.read_wrapped_keys(scope).await?;
        let active = stored.into_iter().find(|it| it.is_active);
        Ok(active.map(|it| it.created_at))
    }

    /// Opens a record of the tenant with the key that sealed it.
    pub(crate) async fn open_record(
        &self,
        scope: &TenantScope,
        context: &Context<'_>,
        sealed: &SealedRecord,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let key = self.key_of_record(scope, sealed).await?;
        Ok(key.open_record(context, sealed)?)
    }

    /// The keyed hash of `message` under this key version; `None` where the tenant has no such key.
    pub(crate) async fn fingerprint_with_version(
        &self,
        scope: &TenantScope,
        version: u32,
        message: &[u8],
    ) -> Result<Option<Fingerprint>, Error> {
        Ok(self
            .find_version(scope, version)
            .await?
            .map(|key| key.compute_fingerprint(message)))
    }

    /// The tenant's key of this version, if there is one.
    pub(crate) async fn find_version(
        &self,
        scope: &TenantScope,
        version: u32,
    ) -> Result<Option<Arc<DataKey>>, Error> {
        match self
            .read_wrapped_keys(scope)
            .await?
            .into_iter()
            .find(|it| it.version == version)
        {
            Some(stored) => self
                .unwrapped_key(scope, stored.id, version)
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    /// The installation's first key, of those that are left.
    pub(super) async fn first_system_key(&self) -> Result<Arc<DataKey>, Error> {
        let system = self.store.system_scope();
        let first = self
            .read_wrapped_keys(&system)
            .await?
            .into_iter()
            .min_by_key(|it| it.version);
        let first = first.ok_or_else(|| Error::from_cause("the installation has no data key"))?;
        self.unwrapped_key(&system, first.id, first.version).await
    }

    /// Removes a tenant's keys from the cache of this process. In other processes they expire.
    pub(crate) async fn evict_tenant(&self, tenant: TenantId) {
        self.active_keys.forget_tenant(tenant).await;
        let of_tenant: Vec<_> = self
            .by_version
            .iter()
            .map(|(key, _)| *key)
            .filter(|(owner, ..)| *owner == tenant)
            .collect();
        for key in of_tenant {
            self.by_version.invalidate(&key).await;
        }
        self.stale.forget_tenant(tenant).await;
    }

    /// For how long a process may hold a data key in its memory after its row is deleted.
    pub(crate) fn memory_lifetime(&self) -> Duration {
        let keks = self.provider.list_keks();
        if keks.iter().any(|it| it.provider != ProviderKind::Local) {
            STALE_LIFETIME
        } else {
            CACHE_LIFETIME
        }
    }

    /// Drops the keys whose time is over. The caches do that only when they are used.
    pub(crate) async fn drop_expired_keys(&self) {
        self.by_version.run_pending_tasks().await;
        self.stale.drop_expired_keys().await;
    }

    async fn load_active(&self, scope: &TenantScope) -> Result<KeyRef, Error> {
        let stored = self
            .read_wrapped_keys(scope)
            .await?
            .into_iter()
            .find(|it| it.is_active);
        let stored =
            stored.ok_or_else(|| Error::from_cause("the tenant has no active data key"))?;
        let StoredDataKey { id, version, .. } = stored;
        Ok(KeyRef { id, version })
    }

    async fn unwrapped_key(
        &self,
        scope: &TenantScope,
        id: Uuid,
        version: u32,
    ) -> Result<Arc<DataKey>, Error> {
        if let Some(known) = self.by_version.get(&(scope.tenant(), id, version)).await {
            return Ok(known);
        }
        // On the heap: every read holds this future, and few need it.
        Box::pin(self.load_unwrapped_key(scope, id, version)).await
    }

    async fn load_unwrapped_key(
        &self,
        scope: &TenantScope,
        id: Uuid,
        version: u32,
    ) -> Result<Arc<DataKey>, Error> {
        let load = self.load_version(scope, id, version);
        let loaded = self
            .by_version
            .try_get_with((scope.tenant(), id, version), load)
            .await;
        match loaded.map_err(Error::of_shared_load) {
            Err(Error::KeysUnavailable(cause)) if cause.is_retryable() => {
                let stored = self.find_stored(scope, id, version).await?;
                let stale = self.stale.find(&stored).await;
                stale.ok_or(Error::KeysUnavailable(cause))
            }
            loaded => loaded,
        }
    }

    async fn load_version(
        &self,
        scope: &TenantScope,
        id: Uuid,
        version: u32,
    ) -> Result<Arc<DataKey>, Error> {
        let stored = self.find_stored(scope, id, version).await?;
        let key = match self.unwrap_stored(&stored).await {
            Err(_) if self.is_under_destroyed_kek(&stored) => Err(Error::from_cause(
                "the key that wrapped the data key is destroyed",
            )),
            unwrapped => unwrapped.map(Arc::new),
        }?;
        self.stale.keep(&stored, &key).await;
        Ok(key)
    }

    async fn find_stored(
        &self,
        scope: &TenantScope,
        id: Uuid,
        version: u32,
    ) -> Result<WrappedDataKey, Error> {
        let stored = self
            .read_wrapped_keys(scope)
            .await?
            .into_iter()
            .find(|it| it.id == id && it.version == version);
        let stored = stored.ok_or_else(|| {
            Error::from_cause("a record names a data key that its tenant does not have")
        })?;
        Ok(WrappedDataKey {
            tenant: scope.tenant(),
            id,
            version,
            wrapped: stored.wrapped,
        })
    }

    fn is_under_destroyed_kek(&self, key: &WrappedDataKey) -> bool {
        let keks = self.provider.list_keks().into_iter();
        let mut destroyed = keks.filter(|it| it.state == KekState::Destroyed);
        destroyed.any(|it| Some(it.kek) == key.kek_ref())
    }

    /// Unwraps a stored key, past the cache. If its KEK is unknown, the keyring is read again once.
    pub(crate) async fn unwrap_stored(&self, key: &WrappedDataKey) -> Result<DataKey, Error> {
        let wrapped = WrappedKey::from_bytes(key.wrapped.clone());
        let unwrap = || {
            self.provider
                .unwrap_data_key(key.tenant, key.id, key.version, &wrapped)
        };
        match unwrap().await {
            Err(ProviderError::UnknownKek(_)) if self.reload_keyring(Refresh::Now).await => {
                Ok(unwrap().await?)
            }
            unwrapped => Ok(unwrapped?),
        }
    }

    pub(super) async fn read_wrapped_keys(
        &self,
        scope: &TenantScope,
    ) -> Result<Vec<StoredDataKey>, Error> {
        let tx = self.store.begin_nested_read(scope).await?;
        let keys = tx.list_data_keys().await?;
        tx.commit().await?;
        Ok(keys)
    }
}

fn build_cache<K, V>(lifetime: Duration) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(MAX_CACHED_KEYS)
        .time_to_live(lifetime)
        .build()
}
