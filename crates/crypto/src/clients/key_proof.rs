//! Proofs of a key (DPoP, RFC 9449): a client signs each call with a key of its own, so that a stolen access token alone is
//! worthless.
//!
//! The rule: a proof binds one method, one address, one access token and one nonce of ours. The proof chooses nothing else:
//! the algorithms are a fixed list of signatures, and the key in the header must be public. The caller checks that the proof
//! was not used before.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, crypto,
    jwk::{Jwk, ThumbprintHash},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use crate::jwt::install_backend;

/// The type in the header.
const TYPE: &str = "dpop+jwt";
/// The algorithms that a proof may be signed with.
pub const PROOF_ALGORITHMS: [&str; 6] = ["ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"];
const MAX_PROOF_BYTES: usize = 8 * 1024;
const MAX_ID_BYTES: usize = 256;
/// How far the time of a proof may differ from ours, in seconds, either way.
const FRESH_SECONDS: u64 = 300;
/// The members of a key that only its owner may have, and that of a symmetric key (RFC 7518 §6).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A proof whose signature is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProof {
    thumbprint: String,
    claims: ProofClaims,
}

/// What a proof must be for.
#[derive(Debug, Clone, Copy)]
pub struct ProvedCall<'a> {
    /// The method of the call.
    pub method: &'a str,
    /// The address of the call; a query counts for nothing.
    pub url: &'a str,
    /// The access token of the call; `None` where the call asks for one.
    pub token: Option<&'a str>,
}

#[derive(Deserialize)]
struct ProofHeader {
    alg: String,
    typ: String,
    jwk: Map<String, Value>,
    #[serde(default)]
    crit: Option<Value>,
}

/// The claims of a proof. Others are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ProofClaims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    #[serde(default)]
    ath: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

impl KeyProof {
    /// Verifies the signature of a proof, with the key in its own header. `None`: it is no proof.
    #[must_use]
    pub fn verify(text: &str) -> Option<Self> {
        install_backend();
        if text.len() > MAX_PROOF_BYTES {
            return None;
        }
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let (jwk, algorithm) = read_json::<ProofHeader>(header)?.public_key()?;
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        let is_signed = key.family() == algorithm.family()
            && crypto::verify(signature, message.as_bytes(), &key, algorithm).ok()?;
        let claims: ProofClaims = read_json(claims)?;
        let has_id = (1..=MAX_ID_BYTES).contains(&claims.jti.len());
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
        (is_signed && has_id).then_some(Self { thumbprint, claims })
    }

    /// The thumbprint of the key (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The nonce, if the proof has one.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.claims.nonce.as_deref()
    }

    /// Whether the proof is for this call.
    #[must_use]
    pub fn is_for(&self, call: ProvedCall<'_>) -> bool {
        let token_fits = match (call.token, &self.claims.ath) {
            (Some(token), Some(hash)) => hash_token(token).as_bytes().ct_eq(hash.as_bytes()).into(),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let address = plain_address(call.url);
        token_fits
            && self.claims.htm == call.method
            && address.is_some()
            && address == plain_address(&self.claims.htu)
    }

    /// Whether the time of the proof differs from now by at most five minutes.
    #[must_use]
    pub const fn is_fresh(&self, now_unix: i64) -> bool {
        self.claims.iat.abs_diff(now_unix) <= FRESH_SECONDS
    }

    /// When the proof stops being fresh, in seconds since 1970.
    #[must_use]
    pub const fn ends_at_unix(&self) -> i64 {
        self.claims.iat.saturating_add_unsigned(FRESH_SECONDS + 1)
    }

    /// What identifies the proof among all of one client: its key and its id.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.thumbprint.as_bytes());
        digest.update([0]);
        digest.update(self.claims.jti.as_bytes());
        digest.finalize().into()
    }
}

impl ProofHeader {
    /// The key and how it signs, unless the header is not that of a proof.
    fn public_key(self) -> Option<(Jwk, Algorithm)> {
        let is_private = PRIVATE_MEMBERS.iter().any(|it| self.jwk.contains_key(*it));
        let algorithm = match self.alg.as_str() {
            "ES256" => Algorithm::ES256,
            "ES384" => Algorithm::ES384,
            // The newer name of the same (RFC 9864).
            "EdDSA" | "Ed25519" => Algorithm::EdDSA,
            "PS256" => Algorithm::PS256,
            "RS256" => Algorithm::RS256,
            _ => return None,
        };
        let is_proof = self.typ == TYPE && self.crit.is_none() && !is_private;
        let jwk = serde_json::from_value(Value::Object(self.jwk)).ok()?;
        is_proof.then_some((jwk, algorithm))
    }
}

fn read_json<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The hash of an access token in a proof (RFC 9449 §4.2).
fn hash_token(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// An address in its normal form, without query and fragment (RFC 9449 §4.3).
fn plain_address(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

#[cfg(test)]
mod tests;
