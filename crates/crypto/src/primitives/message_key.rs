//! The AES-256-GCM key and nonce of exactly one message, with the commitment to that key.
//!
//! The rule: compare the commitment first. With GCM alone, one ciphertext can open under two keys; the
//! commitment is an output of the same derivation, so a second key would need a SHA-256 collision.

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Reader, derive_key};

pub(crate) const TAG: usize = 16;

/// Used for one seal and for opening its result.
pub(crate) struct MessageKey {
    key: Zeroizing<[u8; 32]>,
    nonce: [u8; 12],
}

/// A hash stored with a message, which binds the message to one key.
pub(crate) struct Commitment([u8; 32]);

impl MessageKey {
    /// Key, nonce and commitment from 76 derived bytes.
    pub(crate) fn derive(ikm: &[u8; 32], salt: &[u8; 32], info: &[&[u8]]) -> (Self, Commitment) {
        let okm = derive_key::<76>(ikm, salt, info);
        let mut okm = Reader::new(okm.as_slice());
        let key = Zeroizing::new(cut_key_material(&mut okm));
        let nonce = cut_key_material(&mut okm);
        (Self { key, nonce }, Commitment(cut_key_material(&mut okm)))
    }

    /// Key and commitment from 64 derived bytes, for formats that store the nonce.
    pub(crate) fn derive_with_nonce(
        ikm: &[u8; 32],
        salt: &[u8],
        info: &[&[u8]],
        nonce: [u8; 12],
    ) -> (Self, Commitment) {
        let okm = derive_key::<64>(ikm, salt, info);
        let mut okm = Reader::new(okm.as_slice());
        let key = Zeroizing::new(cut_key_material(&mut okm));
        (Self { key, nonce }, Commitment(cut_key_material(&mut okm)))
    }

    /// Encrypts the buffer and returns the tag. `None`: longer than GCM allows.
    pub(crate) fn seal_buffer(&self, aad: &[u8], buffer: &mut [u8]) -> Option<[u8; TAG]> {
        self.build_cipher()
            .encrypt_inout_detached(&self.nonce.into(), aad, buffer.into())
            .ok()
            .map(Into::into)
    }

    /// Decrypts the buffer. `None`: the tag is wrong, and the buffer is still ciphertext.
    pub(crate) fn open_buffer(&self, aad: &[u8], buffer: &mut [u8], tag: &[u8; TAG]) -> Option<()> {
        self.build_cipher()
            .decrypt_inout_detached(&self.nonce.into(), aad, buffer.into(), &(*tag).into())
            .ok()
    }

    /// For test vectors, which have their own key and nonce.
    #[cfg(test)]
    pub(crate) fn from_parts(key: [u8; 32], nonce: [u8; 12]) -> Self {
        Self {
            key: Zeroizing::new(key),
            nonce,
        }
    }

    #[cfg(test)]
    pub(crate) fn to_parts(&self) -> ([u8; 32], [u8; 12]) {
        (*self.key, self.nonce)
    }

    fn build_cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.key).into())
    }
}

impl Commitment {
    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares with the stored commitment in constant time. `None`: they differ.
    pub(crate) fn check_stored(&self, stored: &[u8; 32]) -> Option<()> {
        bool::from(self.0.ct_eq(stored)).then_some(())
    }
}

fn cut_key_material<const N: usize>(okm: &mut Reader<'_>) -> [u8; N] {
    let Some(bytes) = okm.read_array() else {
        unreachable!("the derivations above produce enough bytes")
    };
    *bytes
}
