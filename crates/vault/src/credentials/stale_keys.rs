//! Data keys that may still be used while their provider is down.
//!
//! The rule: a key is served from here only while the provider does not respond, for an hour at most, and only if its row
//! in the database is byte for byte what it was unwrapped from. So a shred and a rotation always win. A provider that
//! responds and refuses is not down. The keyring is in memory and never down, so keys that it wraps are not kept.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use regrant_crypto::{DataKey, ProviderKind, WrappedKey, sha256_digest};
use regrant_domain::TenantId;
use regrant_storage::WrappedDataKey;
use tracing::warn;
use uuid::Uuid;

/// How long a key may be used after it was unwrapped.
pub(super) const STALE_LIFETIME: Duration = Duration::from_hours(1);

type KeyName = (TenantId, Uuid, u32);

/// Unwrapped keys with the digests of what they were unwrapped from.
#[derive(Clone)]
pub(super) struct StaleKeys(Cache<KeyName, (Arc<DataKey>, [u8; 32])>);

impl StaleKeys {
    pub(super) const fn new(cache: Cache<KeyName, (Arc<DataKey>, [u8; 32])>) -> Self {
        Self(cache)
    }

    /// Keeps a key that was unwrapped from this row, unless the keyring wraps it.
    pub(super) async fn keep(&self, stored: &WrappedDataKey, key: &Arc<DataKey>) {
        let wrapped = WrappedKey::from_bytes(stored.wrapped.clone());
        if wrapped.provider() == Some(ProviderKind::Local) {
            return;
        }
        let digest = sha256_digest(&stored.wrapped);
        self.0
            .insert(name_of(stored), (Arc::clone(key), digest))
            .await;
    }

    /// The key that was unwrapped from exactly this row.
    pub(super) async fn find(&self, stored: &WrappedDataKey) -> Option<Arc<DataKey>> {
        let (key, digest) = self.0.get(&name_of(stored)).await?;
        if digest != sha256_digest(&stored.wrapped) {
            return None;
        }
        warn!(
            alarm = "key_provider_down",
            tenant.id = %stored.tenant,
            "the key provider does not respond; a data key that was unwrapped before is used"
        );
        Some(key)
    }

    /// Drops the keys whose time is over. The cache does that only when it is used.
    pub(super) async fn drop_expired_keys(&self) {
        self.0.run_pending_tasks().await;
    }

    /// Removes the keys of a tenant.
    pub(super) async fn forget_tenant(&self, tenant: TenantId) {
        let names: Vec<KeyName> = self.0.iter().map(|(name, _)| *name).collect();
        for name in names.into_iter().filter(|it| it.0 == tenant) {
            self.0.invalidate(&name).await;
        }
    }
}

const fn name_of(stored: &WrappedDataKey) -> KeyName {
    (stored.tenant, stored.id, stored.version)
}
