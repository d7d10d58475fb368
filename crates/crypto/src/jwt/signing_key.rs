//! The private half: an Ed25519 key that signs access tokens.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Claims, JwtError, TYPE, install_backend};

/// A key that signs access tokens, with its id.
pub struct SigningKey {
    kid: String,
    private: EncodingKey,
    public: Vec<u8>,
}

impl SigningKey {
    /// A new key whose id is its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// [`JwtError::Generate`]: the library could not make a key.
    pub fn generate() -> Result<Self, JwtError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| JwtError::Generate)?;
        let pkcs8 = pair.to_pkcs8().map_err(|_| JwtError::Generate)?;
        Self::from_pkcs8(
            &compute_thumbprint(pair.public_key().as_ref()),
            pkcs8.as_ref(),
        )
    }

    /// A key from stored bytes.
    ///
    /// # Errors
    /// [`JwtError::Key`]: not an Ed25519 key in PKCS#8, or not a valid id.
    pub fn from_pkcs8(kid: &str, pkcs8: &[u8]) -> Result<Self, JwtError> {
        install_backend();
        let short =
            (1..=128).contains(&kid.len()) && kid.bytes().all(|byte| byte.is_ascii_graphic());
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8)
            .ok()
            .filter(|_| short)
            .ok_or(JwtError::Key)?;
        let public = pair.public_key().as_ref().to_vec();
        Ok(Self {
            kid: kid.to_owned(),
            private: EncodingKey::from_ed_der(pkcs8),
            public,
        })
    }

    /// The key id in the header of tokens.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The private key, for sealing.
    #[must_use]
    pub fn private_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.private.as_bytes().to_vec())
    }

    /// The public key as an entry of the published key set (RFC 8037).
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(&self.public);
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "alg": "EdDSA", "use": "sig" })
    }

    /// Signs an access token.
    ///
    /// # Errors
    /// [`JwtError::Sign`]: the library could not sign.
    pub fn sign_claims(&self, claims: &Claims) -> Result<String, JwtError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.private).map_err(|_| JwtError::Sign)
    }

    pub(super) const fn private(&self) -> &EncodingKey {
        &self.private
    }

    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

static_assertions::assert_not_impl_any!(SigningKey: Clone, fmt::Display, serde::Serialize, PartialEq<SigningKey>);

/// The thumbprint of RFC 7638, which fixes the order of the members and allows no spaces.
fn compute_thumbprint(public: &[u8]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(
        r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#
    )))
}
