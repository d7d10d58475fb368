//! The key of keyed hashes that outlive data keys: by them the installation recognizes persons and log-ins.
//!
//! The rule: it is derived once, from the installation's first data key, and from then on stored under the data key that
//! seals, so that a rotation of the data key changes no hash.

use std::fmt;

use zeroize::Zeroizing;

use crate::{primitives::hmac_sha256, record::Fingerprint};

/// The key of keyed hashes.
pub struct HashKey(Zeroizing<[u8; 32]>);

impl HashKey {
    pub(crate) const fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The key with these bytes. `None`: not 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|it| Self(Zeroizing::new(it)))
    }

    /// The bytes, for sealing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The keyed hash of a message.
    #[must_use]
    pub fn compute_fingerprint(&self, message: &[u8]) -> Fingerprint {
        Fingerprint::from_code(&hmac_sha256(self.0.as_slice(), message))
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(…)")
    }
}

static_assertions::assert_not_impl_any!(HashKey: Clone, fmt::Display, serde::Serialize, PartialEq<HashKey>);

#[cfg(test)]
mod tests {
    use regrant_domain::TenantId;

    use super::*;
    use crate::DataKey;

    #[test]
    fn hashes_stay_what_they_were_under_the_data_key() {
        let key = DataKey::generate(TenantId::SYSTEM, 1).unwrap();
        let stored = HashKey::from_bytes(key.derive_hash_key().as_bytes()).unwrap();
        let before = key.compute_fingerprint(b"person");
        assert!(before.matches_stored(stored.compute_fingerprint(b"person").as_bytes()));
        assert!(!before.matches_stored(stored.compute_fingerprint(b"other").as_bytes()));
        assert!(HashKey::from_bytes(&[0; 31]).is_none());
    }
}
