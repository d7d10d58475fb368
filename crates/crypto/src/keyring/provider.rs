//! Key providers: they hold the keys that wrap data keys.
//!
//! An enum, not a trait: there will be four at most, and the settings choose one. The interface is async because
//! remote providers answer over the network.

use regrant_domain::{KekRef, TenantId};
use uuid::Uuid;

use super::{KekSummary, Keyring, KeyringError, LocalKeys};
use crate::{
    data_key::{
        DataKey,
        wrapped_key::{self, WrappedKey},
    },
    primitives::random_bytes,
    record::KeyRef,
};

/// Wraps and unwraps data keys.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyProvider {
    /// Keys from a sealed file, held in memory.
    Local(LocalKeys),
}

/// Why a data key was not wrapped or unwrapped. Never try another provider instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The provider does not have the key: another node may already use a newer one, or the key is destroyed.
    #[error("the provider does not hold version {} of the key {}", .0.version, .0.id)]
    UnknownKek(KekRef),
    /// The bytes do not unwrap to this tenant's key. A retry cannot succeed.
    #[error("the wrapped key does not open")]
    Refused,
    /// The system returned no random bytes.
    #[error("the system returned no random bytes")]
    Random,
}

impl KeyProvider {
    /// Wraps a data key with the active key.
    ///
    /// # Errors
    /// [`ProviderError::Random`]: the system returned no random bytes.
    #[expect(
        clippy::unused_async,
        reason = "remote providers answer over the network"
    )]
    pub async fn wrap_data_key(&self, data_key: &DataKey) -> Result<WrappedKey, ProviderError> {
        let Self::Local(keys) = self;
        let salt = random_bytes().map_err(|_| ProviderError::Random)?;
        wrapped_key::wrap_data_key(keys.keyring().active(), data_key, &salt)
            .ok_or(ProviderError::Refused)
    }

    /// Unwraps the data key of this tenant, id and version.
    ///
    /// # Errors
    /// The wrapping key is unknown, or the bytes are not this tenant's key.
    #[expect(
        clippy::unused_async,
        reason = "remote providers answer over the network"
    )]
    pub async fn unwrap_data_key(
        &self,
        tenant: TenantId,
        id: Uuid,
        version: u32,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, ProviderError> {
        let Self::Local(keys) = self;
        let keyring = keys.keyring();
        let at = wrapped.kek_ref().ok_or(ProviderError::Refused)?;
        let kek = keyring.find_kek(at).ok_or(ProviderError::UnknownKek(at))?;
        wrapped_key::unwrap_data_key(kek, tenant, KeyRef { id, version }, wrapped)
            .ok_or(ProviderError::Refused)
    }

    /// The active key, with which a rotation rewraps every data key.
    #[must_use]
    pub fn active_kek(&self) -> KekRef {
        let Self::Local(keys) = self;
        keys.keyring().active().at
    }

    /// Every key-encryption key with its state, the active one first.
    #[must_use]
    pub fn list_keks(&self) -> Vec<KekSummary> {
        let Self::Local(keys) = self;
        keys.list_keks()
    }

    /// Reads the keys again if their source changed; returns whether it did. Call it on a blocking thread.
    ///
    /// # Errors
    /// As [`LocalKeys::reload`].
    pub fn reload(&self) -> Result<bool, KeyringError> {
        let Self::Local(keys) = self;
        keys.reload()
    }

    /// Adds the next version of the key as staged; returns it. Call it on a blocking thread.
    ///
    /// # Errors
    /// As [`LocalKeys::stage_kek`].
    pub fn stage_kek(&self) -> Result<KekRef, KeyringError> {
        let Self::Local(keys) = self;
        keys.stage_kek()
    }

    /// Makes a staged version the active one. Call it on a blocking thread.
    ///
    /// # Errors
    /// As [`LocalKeys::promote_kek`].
    pub fn promote_kek(&self, kek: KekRef) -> Result<(), KeyringError> {
        let Self::Local(keys) = self;
        keys.promote_kek(kek)
    }

    /// Destroys a decrypt-only version. Call it on a blocking thread.
    ///
    /// # Errors
    /// As [`LocalKeys::destroy_kek`].
    pub fn destroy_kek(&self, kek: KekRef) -> Result<(), KeyringError> {
        let Self::Local(keys) = self;
        keys.destroy_kek(kek)
    }

    /// The name of the provider in settings, logs and health checks.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Local(_) => "local",
        }
    }
}

impl From<Keyring> for KeyProvider {
    /// Keys without a file.
    fn from(keyring: Keyring) -> Self {
        Self::Local(keyring.into())
    }
}
