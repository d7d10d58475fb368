//! The key of the audit chains: one per installation; the key of each tenant's chain is derived from it.
//!
//! The rule: it outlives data keys, so that a chain still verifies after a rotation or a shredding. The installation's
//! own data key seals it, so an attacker who can only write the database cannot compute a link.

use std::fmt;

use regrant_domain::TenantId;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    error::SealError,
    primitives::{derive_key, hmac_sha256, random_bytes},
};

/// The key that computes the links of audit chains, or the seals of rows.
pub struct AuditKey(Zeroizing<[u8; 32]>);

impl AuditKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`SealError::Random`]: the system returned no random bytes.
    pub fn generate() -> Result<Self, SealError> {
        random_bytes().map(Self).map_err(|_| SealError::Random)
    }

    /// The key with these bytes. `None`: not 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes
            .try_into()
            .ok()
            .map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The bytes, for sealing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The link of a message in this tenant's chain.
    #[must_use]
    pub fn compute_link(&self, tenant: TenantId, message: &[u8]) -> [u8; 32] {
        self.compute_code(b"regrant/audit/v1", tenant, message)
    }

    /// The seal of a row of this tenant, or of the installation. Use another key than the one of the chains.
    #[must_use]
    pub fn compute_row_seal(&self, tenant: TenantId, message: &[u8]) -> [u8; 32] {
        self.compute_code(b"regrant/row/v1", tenant, message)
    }

    fn compute_code(&self, purpose: &[u8], tenant: TenantId, message: &[u8]) -> [u8; 32] {
        let key = derive_key::<32>(self.0.as_slice(), tenant.uuid().as_bytes(), &[purpose]);
        hmac_sha256(key.as_slice(), message)
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey(…)")
    }
}

static_assertions::assert_not_impl_any!(AuditKey: Clone, fmt::Display, serde::Serialize, PartialEq<AuditKey>);

/// SHA-256 of public bytes, such as a ciphertext.
#[must_use]
pub fn sha256_digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenant_and_key_computes_other_links() {
        let (one, other) = (AuditKey::generate().unwrap(), AuditKey::generate().unwrap());
        let (acme, bolt) = (TenantId::mint(), TenantId::mint());
        let codes = [
            one.compute_link(acme, b"x"),
            one.compute_link(bolt, b"x"),
            other.compute_link(acme, b"x"),
            one.compute_link(acme, b"y"),
        ];
        let distinct: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len());
        assert_ne!(one.compute_row_seal(acme, b"x"), codes[0]);
        let reopened = AuditKey::from_bytes(one.as_bytes()).unwrap();
        assert_eq!(reopened.compute_link(acme, b"x"), codes[0]);
        assert!(AuditKey::from_bytes(&[0; 31]).is_none());
    }
}
