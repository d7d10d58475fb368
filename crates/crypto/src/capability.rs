//! Capabilities: the secret part of an address, of the state of a log-in and of a browser's cookie. Each has 256 random
//! bits, and only its SHA-256 is stored.
//!
//! The rule: never accept a capability that a person chose. A plain hash is enough only for random bits.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{error::SealError, primitives::random_bytes};

/// 32 bytes in base64.
const LENGTH: usize = 43;
/// What a form token is derived under; a form token is no hash that is stored.
const FORM: &[u8] = b"regrant form token\0";

/// A secret of 256 random bits, as text.
pub struct Capability(Zeroizing<String>);

/// What is stored of a capability.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CapabilityHash([u8; 32]);

impl Capability {
    /// The number of characters of every capability.
    pub const LENGTH: usize = LENGTH;

    /// A new capability.
    ///
    /// # Errors
    /// [`SealError::Random`]: the system returned no random bytes.
    pub fn mint() -> Result<Self, SealError> {
        let bits = random_bytes::<32>().map_err(|_| SealError::Random)?;
        Ok(Self(encode(bits.as_slice())))
    }

    /// The capability with this text; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != LENGTH {
            return None;
        }
        let bits = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        (bits.len() == 32).then(|| Self(encode(&bits)))
    }

    /// The text, to be shown to its holder alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> CapabilityHash {
        CapabilityHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The text that proves in a form that the page with the form was made for the holder.
    #[must_use]
    pub fn form_token(&self) -> String {
        let digest = Sha256::new()
            .chain_update(FORM)
            .chain_update(self.0.as_bytes())
            .finalize();
        URL_SAFE_NO_PAD.encode(digest)
    }

    /// Whether this is the form token, compared in constant time.
    #[must_use]
    pub fn matches_form_token(&self, sent: &str) -> bool {
        self.form_token().as_bytes().ct_eq(sent.as_bytes()).into()
    }
}

impl CapabilityHash {
    /// The hash with these stored bytes. `None`: not 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether both are of the same capability, compared in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Capability(…)")
    }
}

impl fmt::Debug for CapabilityHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CapabilityHash(…)")
    }
}

fn encode(bits: &[u8]) -> Zeroizing<String> {
    // Allocated at its final size, so that growth leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(LENGTH));
    URL_SAFE_NO_PAD.encode_string(bits, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_reads_back_and_prints_nothing() {
        let made = Capability::mint().unwrap();
        let read = Capability::parse(made.expose()).unwrap();
        assert!(made.hash().matches(&read.hash()));
        assert_eq!(
            format!("{made:?} {:?}", made.hash()),
            "Capability(…) CapabilityHash(…)"
        );
    }

    #[test]
    fn other_texts_are_no_capabilities() {
        let made = Capability::mint().unwrap();
        let long = format!("{}A", made.expose());
        for text in ["", "a", &long, &"?".repeat(LENGTH), &"_".repeat(LENGTH)] {
            assert!(Capability::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_form_token_is_of_one_capability_and_is_not_its_hash() {
        let (one, other) = (Capability::mint().unwrap(), Capability::mint().unwrap());
        assert!(one.matches_form_token(&one.form_token()));
        assert!(!other.matches_form_token(&one.form_token()));
        assert_ne!(
            one.form_token(),
            URL_SAFE_NO_PAD.encode(one.hash().as_bytes())
        );
    }
}
