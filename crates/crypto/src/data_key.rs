//! The data key: 32 random bytes that seal the secrets of one tenant.
//!
//! The rule: its bytes never leave this crate unwrapped. Each record, fingerprint and check value uses
//! a key derived from it, never the key itself.

pub(crate) mod wrapped_key;

use std::{fmt, sync::OnceLock};

use regrant_domain::{SealedRecord, TenantId};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    error::{OpenError, SealError},
    hash_key::HashKey,
    primitives::{derive_key, random_bytes},
    record::{Context, Fingerprint, KeyRef, envelope},
};

pub use wrapped_key::WrappedKey;

/// The sealing key of a tenant. Stored only as a [`WrappedKey`].
pub struct DataKey {
    tenant: TenantId,
    key_ref: KeyRef,
    secret: Zeroizing<[u8; 32]>,
    /// Derived when the first fingerprint is computed.
    hash_key: OnceLock<HashKey>,
}

impl DataKey {
    /// A new random key for this tenant.
    ///
    /// # Errors
    /// [`SealError::Random`]: the system returned no random bytes.
    pub fn generate(tenant: TenantId, version: u32) -> Result<Self, SealError> {
        let secret = random_bytes().map_err(|_| SealError::Random)?;
        Ok(Self::from_parts(
            tenant,
            KeyRef {
                id: Uuid::now_v7(),
                version,
            },
            secret,
        ))
    }

    pub(crate) const fn from_parts(
        tenant: TenantId,
        key_ref: KeyRef,
        secret: Zeroizing<[u8; 32]>,
    ) -> Self {
        Self {
            tenant,
            key_ref,
            secret,
            hash_key: OnceLock::new(),
        }
    }

    /// The tenant that owns the key.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The key's id, as it appears in records.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.key_ref.id
    }

    /// The key's version, as it appears in records.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.key_ref.version
    }

    /// Seals a secret for one context (record format 1).
    ///
    /// # Errors
    /// The context names another tenant, the payload is longer than [`MAX_PAYLOAD`](crate::MAX_PAYLOAD), or the system
    /// returned no random bytes.
    pub fn seal_record(
        &self,
        context: &Context<'_>,
        plaintext: &[u8],
    ) -> Result<SealedRecord, SealError> {
        let salt = random_bytes().map_err(|_| SealError::Random)?;
        self.seal_with_salt(context, plaintext, &salt)
    }

    /// Seals with a given salt. Private to the crate, because a repeated salt is a security fault.
    pub(crate) fn seal_with_salt(
        &self,
        context: &Context<'_>,
        plaintext: &[u8],
        salt: &[u8; 32],
    ) -> Result<SealedRecord, SealError> {
        if context.tenant != self.tenant {
            return Err(SealError::ForeignTenant);
        }
        envelope::seal_record(&self.secret, self.key_ref, context, plaintext, salt)
    }

    /// Opens a secret in the context that it was sealed for.
    ///
    /// # Errors
    /// The record was changed, moved, or sealed with another key; the error does not say which.
    pub fn open_record(
        &self,
        context: &Context<'_>,
        sealed: &SealedRecord,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        (context.tenant == self.tenant)
            .then(|| envelope::open_record(&self.secret, self.key_ref, context, sealed))
            .flatten()
            .ok_or(OpenError)
    }

    /// The keyed hash by which this tenant's equal messages are recognized.
    #[must_use]
    pub fn compute_fingerprint(&self, message: &[u8]) -> Fingerprint {
        let key = self.hash_key.get_or_init(|| self.derive_hash_key());
        key.compute_fingerprint(message)
    }

    /// The key of this data key's fingerprints, to be kept when the data key is replaced.
    #[must_use]
    pub fn derive_hash_key(&self) -> HashKey {
        HashKey::new(derive_key::<32>(
            self.secret.as_slice(),
            b"",
            &[b"regrant/fp/v1"],
        ))
    }

    /// A hash that shows whether unwrapped bytes are this key, without revealing it.
    pub(crate) fn compute_check_value(&self) -> [u8; 32] {
        *derive_key::<32>(self.secret.as_slice(), b"", &[b"regrant/dek-check/v1"])
    }

    pub(crate) const fn key(&self) -> KeyRef {
        self.key_ref
    }

    pub(crate) const fn secret(&self) -> &Zeroizing<[u8; 32]> {
        &self.secret
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

static_assertions::assert_not_impl_any!(DataKey: Clone, fmt::Display, serde::Serialize, PartialEq<DataKey>);
