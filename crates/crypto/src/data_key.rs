//! The data key: 32 random bytes that seal what one tenant owns.
//!
//! The rule: its bytes never leave this crate unwrapped. Each record, fingerprint and check value uses
//! a key derived from it, never the key itself.

pub(crate) mod wrapped_key;

use std::fmt;

use regrant_domain::{Sealed, TenantId};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    error::{OpenError, SealError},
    primitives::{derive, hmac, random},
    record::{Context, Fingerprint, KeyRef, envelope},
};

pub use wrapped_key::WrappedKey;

/// A tenant's key for sealing. Stored only as a [`WrappedKey`](crate::WrappedKey).
pub struct DataKey {
    tenant: TenantId,
    key: KeyRef,
    secret: Zeroizing<[u8; 32]>,
}

impl DataKey {
    /// A new random key of this tenant.
    ///
    /// # Errors
    /// [`SealError::Random`]: the system gave no random bytes.
    pub fn generate(tenant: TenantId, version: u32) -> Result<Self, SealError> {
        let secret = random().map_err(|_| SealError::Random)?;
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
        key: KeyRef,
        secret: Zeroizing<[u8; 32]>,
    ) -> Self {
        Self {
            tenant,
            key,
            secret,
        }
    }

    /// The owner.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The key's id, as records name it.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.key.id
    }

    /// The key's version, as records name it.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.key.version
    }

    /// Seals a secret for one place (record format 1).
    ///
    /// # Errors
    /// Another tenant's context, a payload over [`MAX_PAYLOAD`](crate::MAX_PAYLOAD), no random bytes.
    pub fn seal(&self, context: &Context<'_>, plaintext: &[u8]) -> Result<Sealed, SealError> {
        let salt = random().map_err(|_| SealError::Random)?;
        self.seal_with_salt(context, plaintext, &salt)
    }

    /// The seal itself. Private to the crate: a salt that repeats is a fault, not an option.
    pub(crate) fn seal_with_salt(
        &self,
        context: &Context<'_>,
        plaintext: &[u8],
        salt: &[u8; 32],
    ) -> Result<Sealed, SealError> {
        if context.tenant != self.tenant {
            return Err(SealError::ForeignTenant);
        }
        envelope::seal(&self.secret, self.key, context, plaintext, salt)
    }

    /// Opens a secret in its place.
    ///
    /// # Errors
    /// The record was changed, moved, or sealed with another key. Which of these is not told.
    pub fn open(
        &self,
        context: &Context<'_>,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        (context.tenant == self.tenant)
            .then(|| envelope::open(&self.secret, self.key, context, sealed))
            .flatten()
            .ok_or(OpenError)
    }

    /// The keyed hash by which this tenant's equal messages are found.
    #[must_use]
    pub fn fingerprint(&self, message: &[u8]) -> Fingerprint {
        let key = derive::<32>(self.secret.as_slice(), b"", &[b"regrant/fp/v1"]);
        Fingerprint::shortened(&hmac(key.as_slice(), message))
    }

    /// Tells whether unwrapped bytes are this key, without telling the key.
    pub(crate) fn check_value(&self) -> [u8; 32] {
        *derive::<32>(self.secret.as_slice(), b"", &[b"regrant/dek-check/v1"])
    }

    pub(crate) const fn key(&self) -> KeyRef {
        self.key
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
