//! Keys that sign proofs, as a client has them.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A key of a client.
pub(super) enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    pub(super) fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    pub(super) fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().expect("a key"))
    }

    /// The public key.
    pub(super) fn jwk(&self) -> Value {
        match self {
            Self::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y) })
            }
            Self::Ed25519(pair) => {
                json!({ "crv": "Ed25519", "kty": "OKP", "x": encode(pair.public_key().as_ref()) })
            }
        }
    }

    /// The thumbprint of the public key (RFC 7638): the members are in their order already.
    pub(super) fn thumbprint(&self) -> String {
        hash(&self.jwk().to_string())
    }

    /// The header of a proof.
    pub(super) fn header(&self) -> Value {
        let algorithm = match self {
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        };
        json!({ "typ": "dpop+jwt", "alg": algorithm, "jwk": self.jwk() })
    }

    /// A proof with these claims.
    pub(super) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    /// A proof with this header and these claims.
    pub(super) fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let parts = [header, claims].map(|it| encode(it.to_string().as_bytes()));
        let message = parts.join(".");
        let bytes = message.as_bytes();
        let signature = match self {
            Self::P256(pair) => {
                let signed = pair.sign(&SystemRandom::new(), bytes);
                encode(signed.expect("it is signed").as_ref())
            }
            Self::Ed25519(pair) => encode(pair.sign(bytes).as_ref()),
        };
        format!("{message}.{signature}")
    }
}

/// The hash of an access token, as a proof has it.
pub(super) fn hash(token: &str) -> String {
    encode(&Sha256::digest(token))
}

pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
