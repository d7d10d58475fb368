//! Request proofs: a client signs a request with a key derived from its secret.
//!
//! The rule: the server stores the sealed proof key, never the secret, so that a leaked proof key gets no access token.
//! A proof binds the access token, the time and a nonce; the caller checks that the proof was not used before.

use std::fmt;

use regrant_domain::ClientSecret;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::primitives::hmac_sha256;

/// The message that is signed with the secret to derive its proof key.
const LABEL: &[u8] = b"regrant/proof/v1";
/// How far the time of a proof may differ from ours, in seconds, either way.
const FRESH_SECONDS: u64 = 300;

/// A client's key for proofs.
pub struct ProofKey(Zeroizing<[u8; 32]>);

/// The value of an `X-Regrant-Proof` header: `<unix seconds>.<nonce>.<hex>`.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestProof {
    at: i64,
    nonce: String,
    code: [u8; 32],
}

impl ProofKey {
    /// Derives the key from a client's secret.
    #[must_use]
    pub fn from_secret(secret: &ClientSecret) -> Self {
        Self(Zeroizing::new(hmac_sha256(
            secret.expose().as_bytes(),
            LABEL,
        )))
    }

    /// The key with these stored bytes. `None`: not 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes
            .try_into()
            .ok()
            .map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The key's bytes, for sealing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Makes a proof for a request with this access token. `None`: the nonce or the time is invalid.
    #[must_use]
    pub fn prove_request(&self, token: &str, at_unix: i64, nonce: &str) -> Option<RequestProof> {
        let code = hmac_sha256(
            self.0.as_slice(),
            build_message(token, at_unix, nonce).as_bytes(),
        );
        (at_unix >= 0 && is_nonce(nonce)).then(|| RequestProof {
            at: at_unix,
            nonce: nonce.to_owned(),
            code,
        })
    }

    /// Whether this key made the proof for a request with this access token; compared in constant time.
    #[must_use]
    pub fn accepts_proof(&self, token: &str, proof: &RequestProof) -> bool {
        let code = hmac_sha256(
            self.0.as_slice(),
            build_message(token, proof.at, &proof.nonce).as_bytes(),
        );
        code.ct_eq(&proof.code).into()
    }
}

impl RequestProof {
    /// Parses the value of the header. `None`: not a proof.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (at, nonce, code) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = (1..=12).contains(&at.len()) && at.bytes().all(|it| it.is_ascii_digit());
        if !digits || !is_nonce(nonce) {
            return None;
        }
        Some(Self {
            at: at.parse().ok()?,
            nonce: nonce.to_owned(),
            code: decode_code(code)?,
        })
    }

    /// Whether the time of the proof differs from now by at most five minutes.
    #[must_use]
    pub const fn is_fresh(&self, now_unix: i64) -> bool {
        self.at.abs_diff(now_unix) <= FRESH_SECONDS
    }

    /// When the proof stops being fresh, in seconds since 1970.
    #[must_use]
    pub const fn ends_at_unix(&self) -> i64 {
        self.at.saturating_add_unsigned(FRESH_SECONDS + 1)
    }

    /// The code, which identifies the proof.
    #[must_use]
    pub const fn code(&self) -> &[u8; 32] {
        &self.code
    }
}

impl fmt::Display for RequestProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.", self.at, self.nonce)?;
        self.code
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofKey(…)")
    }
}

impl fmt::Debug for RequestProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallProof(…)")
    }
}

static_assertions::assert_not_impl_any!(ProofKey: Clone, fmt::Display, serde::Serialize, PartialEq<ProofKey>);

fn build_message(token: &str, at: i64, nonce: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{token}|{at}|{nonce}"))
}

fn is_nonce(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (8..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// Decodes 64 hexadecimal digits.
fn decode_code(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|it| it.to_digit(16).and_then(|it| u8::try_from(it).ok()))
        .collect();
    let bytes: Vec<u8> = digits?
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect::<Option<_>>()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000;

    fn key(secret: &str) -> ProofKey {
        ProofKey::from_secret(&ClientSecret::parse(secret.to_owned()).unwrap())
    }

    /// The codes come from `openssl dgst -sha256 -hmac` and `-macopt hexkey:`, as in the documentation.
    #[test]
    fn the_codes_equal_those_of_openssl() {
        let key = key("rgs_known");
        assert_eq!(
            hex::encode(key.as_bytes()),
            "d2807d0d9dda9711b218bd7d6f813b366630e909abd92a912934a7d76e01bac9"
        );
        let proof = key.prove_request("token", NOW, "nonce-01").unwrap();
        assert_eq!(
            proof.to_string(),
            "1795000000.nonce-01.d4701ff5aa6ac1bfa3be2d2959331fba8e5aa6b2caccb64ca3d48e4869496808"
        );
        assert!(key.accepts_proof("token", &RequestProof::parse(&proof.to_string()).unwrap()));
    }

    #[test]
    fn a_proof_is_valid_only_for_its_key_token_time_and_nonce() {
        let proof = key("one").prove_request("token", NOW, "nonce-01").unwrap();
        assert!(key("one").accepts_proof("token", &proof));
        assert!(!key("two").accepts_proof("token", &proof));
        assert!(!key("one").accepts_proof("other", &proof));
        assert!(!key("one").accepts_proof(
            "token",
            &RequestProof {
                at: NOW + 1,
                ..proof.clone()
            }
        ));
        assert!(!key("one").accepts_proof(
            "token",
            &RequestProof {
                nonce: "nonce-02".to_owned(),
                ..proof
            }
        ));
    }

    #[test]
    fn a_proof_is_fresh_for_five_minutes_either_way() {
        let proof = key("one").prove_request("token", NOW, "nonce-01").unwrap();
        for (now, fresh) in [
            (NOW - 301, false),
            (NOW - 300, true),
            (NOW + 300, true),
            (NOW + 301, false),
        ] {
            assert_eq!(proof.is_fresh(now), fresh, "{now}");
        }
        assert_eq!(proof.ends_at_unix(), NOW + 301);
        assert!(!proof.is_fresh(i64::MIN) && !proof.is_fresh(i64::MAX));
    }

    #[test]
    fn malformed_proofs_are_refused_without_a_panic() {
        let code = "0".repeat(64);
        assert!(RequestProof::parse(&format!("1.12345678.{code}")).is_some());
        for text in [
            String::new(),
            "..".to_owned(),
            format!(".12345678.{code}"),
            format!("-1.12345678.{code}"),
            format!("+1.12345678.{code}"),
            format!("1234567890123.12345678.{code}"),
            format!("1.1234567.{code}"),
            format!("1.{}.{code}", "n".repeat(65)),
            format!("1.1234567ä.{code}"),
            format!("1.12345678.{code}0"),
            format!("1.12345678.{}", &code[1..]),
            format!("1.12345678.{}", "g".repeat(64)),
            format!("1.12345678.{}", "ä".repeat(32)),
            format!("1.12345678.x.{code}"),
            format!("1.12345678.{code}.x"),
        ] {
            assert!(RequestProof::parse(&text).is_none(), "{text:?}");
        }
        assert!(key("one").prove_request("token", NOW, "short").is_none());
        assert!(ProofKey::from_slice(&[0; 31]).is_none());
    }
}
