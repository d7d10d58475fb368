//! Fingerprints: they show whether two tokens of one tenant are equal, and nothing across tenants.

use std::fmt;

use subtle::ConstantTimeEq;

/// A keyed hash of a message. Tenants have different keys, so equal tokens look different.
#[derive(Clone)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The first half of a code: 128 bits are enough to distinguish the tokens of a tenant.
    pub(crate) fn from_code(code: &[u8; 32]) -> Self {
        let mut half = [0; 16];
        for (slot, byte) in half.iter_mut().zip(code) {
            *slot = *byte;
        }
        Self(half)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Compares with stored bytes in constant time.
    #[must_use]
    pub fn matches_stored(&self, stored: &[u8]) -> bool {
        self.0.as_slice().ct_eq(stored).into()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(…)")
    }
}
