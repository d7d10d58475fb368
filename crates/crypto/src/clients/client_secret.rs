//! The secret of an API client: 256 random bits, of which only the SHA-256 is stored.
//!
//! The rule: never accept a secret that a person chose. A plain hash is enough only for random bits.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use regrant_domain::ClientSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{error::SealError, primitives::random_bytes};

const PREFIX: &str = "rgs_";
const SECRET_LENGTH: usize = PREFIX.len() + 43;

/// The stored hash of a client's secret.
#[derive(Clone)]
pub struct SecretHash([u8; 32]);

/// A new secret, to be shown once, and its hash, to be stored.
///
/// # Errors
/// [`SealError::Random`]: the system returned no random bytes.
pub fn mint_client_secret() -> Result<(ClientSecret, SecretHash), SealError> {
    let bits = random_bytes::<32>().map_err(|_| SealError::Random)?;
    // Allocated at its final size, so growth leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(SECRET_LENGTH));
    text.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(bits.as_slice(), &mut text);
    let secret = ClientSecret::parse(text).map_err(|_| SealError::TooLong)?;
    let hash = SecretHash::from_secret(&secret);
    Ok((secret, hash))
}

impl SecretHash {
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

    /// The hash of a secret.
    #[must_use]
    pub fn from_secret(secret: &ClientSecret) -> Self {
        Self(Sha256::digest(secret.expose()).into())
    }

    /// Whether this is the hash of the secret, compared in constant time.
    #[must_use]
    pub fn matches_secret(&self, secret: &ClientSecret) -> bool {
        self.0.ct_eq(&Self::from_secret(secret).0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}
