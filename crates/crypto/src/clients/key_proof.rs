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
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
    };
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_000_000;
    const URL: &str = "https://a.example/v1/assets";

    fn encode(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    /// A key that signs proofs, with its public half.
    struct Key {
        pair: EcdsaKeyPair,
        jwk: Value,
    }

    impl Key {
        fn generate() -> Self {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let point = pair.public_key().as_ref();
            let part =
                |range| URL_SAFE_NO_PAD.encode(point.get::<std::ops::Range<usize>>(range).unwrap());
            let jwk = json!({ "kty": "EC", "crv": "P-256", "x": part(1..33), "y": part(33..65) });
            Self { pair, jwk }
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let message = format!("{}.{}", encode(header), encode(claims));
            let signature = self
                .pair
                .sign(&SystemRandom::new(), message.as_bytes())
                .unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
        }

        fn header(&self) -> Value {
            json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk })
        }
    }

    fn claims() -> Value {
        json!({
            "jti": "one", "htm": "GET", "htu": URL, "iat": NOW, "nonce": "n",
            "ath": hash_token("token"),
        })
    }

    fn changed(value: &Value, change: &Value) -> Value {
        let mut changed = value.clone();
        for (name, value) in change.as_object().unwrap() {
            changed[name] = value.clone();
        }
        changed
    }

    fn call() -> ProvedCall<'static> {
        ProvedCall {
            method: "GET",
            url: URL,
            token: Some("token"),
        }
    }

    /// The example of RFC 9449 §4.1 and its thumbprint in §6.1.
    #[test]
    fn the_example_of_the_standard_is_verified() {
        let text = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik\
                    VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR\
                    nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE\
                    QSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj\
                    oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia\
                    WF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg\
                    4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
        let proof = KeyProof::verify(text).unwrap();
        assert_eq!(
            proof.thumbprint(),
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
        );
        let call = ProvedCall {
            method: "POST",
            url: "https://server.example.com/token",
            token: None,
        };
        assert!(proof.is_for(call) && proof.is_fresh(1_562_262_616));
    }

    #[test]
    fn a_proof_is_for_one_method_address_and_token() {
        let key = Key::generate();
        let proof = KeyProof::verify(&key.sign(&key.header(), &claims())).unwrap();
        assert_eq!(proof.nonce(), Some("n"));
        for same in [URL, "HTTPS://A.example:443/v1/assets?limit=1#x"] {
            assert!(
                proof.is_for(ProvedCall {
                    url: same,
                    ..call()
                }),
                "{same}"
            );
        }
        for other in [
            ProvedCall {
                method: "POST",
                ..call()
            },
            ProvedCall {
                method: "get",
                ..call()
            },
            ProvedCall {
                token: Some("other"),
                ..call()
            },
            ProvedCall {
                url: "https://a.example/v1/assets/",
                ..call()
            },
            ProvedCall {
                url: "http://a.example/v1/assets",
                ..call()
            },
            ProvedCall {
                url: "https://b.example/v1/assets",
                ..call()
            },
            ProvedCall { url: "", ..call() },
        ] {
            assert!(!proof.is_for(other), "{other:?}");
        }
        let mut without = claims();
        without.as_object_mut().unwrap().remove("ath");
        let without = KeyProof::verify(&key.sign(&key.header(), &without)).unwrap();
        assert!(
            !without.is_for(call()),
            "a call needs the hash of its token"
        );
        assert!(without.is_for(ProvedCall {
            token: None,
            ..call()
        }));
    }

    #[test]
    fn a_proof_is_fresh_for_five_minutes_either_way() {
        let key = Key::generate();
        let proof = KeyProof::verify(&key.sign(&key.header(), &claims())).unwrap();
        for (now, fresh) in [
            (NOW - 301, false),
            (NOW - 300, true),
            (NOW + 300, true),
            (NOW + 301, false),
            (i64::MIN, false),
            (i64::MAX, false),
        ] {
            assert_eq!(proof.is_fresh(now), fresh, "{now}");
        }
        assert_eq!(proof.ends_at_unix(), NOW + 301);
    }

    #[test]
    fn each_proof_and_each_key_has_its_own_digest() {
        let (key, other) = (Key::generate(), Key::generate());
        let digest = |key: &Key, id: &str| {
            let claims = changed(&claims(), &json!({ "jti": id }));
            KeyProof::verify(&key.sign(&key.header(), &claims))
                .unwrap()
                .digest()
        };
        assert_eq!(digest(&key, "one"), digest(&key, "one"));
        assert_ne!(digest(&key, "one"), digest(&key, "two"));
        assert_ne!(digest(&key, "one"), digest(&other, "one"));
    }

    #[test]
    fn every_other_header_and_claim_is_refused() {
        let (key, other) = (Key::generate(), Key::generate());
        let private = changed(&key.jwk, &json!({ "d": "AA" }));
        for change in [
            json!({ "typ": "at+jwt" }),
            json!({ "typ": "JWT" }),
            json!({ "alg": "none" }),
            json!({ "alg": "HS256" }),
            json!({ "alg": "ES384" }),
            json!({ "alg": "EdDSA" }),
            json!({ "alg": "RS256" }),
            json!({ "crit": ["b64"] }),
            json!({ "jwk": private }),
            json!({ "jwk": other.jwk }),
            json!({ "jwk": { "kty": "oct", "k": "AA" } }),
            json!({ "jwk": { "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" } }),
            json!({ "jwk": "key" }),
            json!({ "jwk": null }),
        ] {
            let header = changed(&key.header(), &change);
            let text = key.sign(&header, &claims());
            assert_eq!(KeyProof::verify(&text), None, "{change}");
        }
        for change in [
            json!({ "jti": "" }),
            json!({ "jti": "j".repeat(257) }),
            json!({ "jti": 1 }),
            json!({ "htm": null }),
            json!({ "htu": ["a"] }),
            json!({ "iat": "now" }),
            json!({ "nonce": 1 }),
        ] {
            let claims = changed(&claims(), &change);
            let text = key.sign(&key.header(), &claims);
            assert_eq!(KeyProof::verify(&text), None, "{change}");
        }
        let good = key.sign(&key.header(), &claims());
        let (message, signature) = good.rsplit_once('.').unwrap();
        for text in [
            "",
            ".",
            "..",
            "a.b.c",
            message,
            &format!("{message}."),
            &format!("{message}.AA"),
            &format!("{good}.{signature}"),
            &format!("{}{good}", "a".repeat(8_192)),
        ] {
            assert_eq!(KeyProof::verify(text), None, "{text}");
        }
    }

    #[test]
    fn ed25519_has_two_names() {
        let pair = Ed25519KeyPair::generate().unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        for alg in ["EdDSA", "Ed25519"] {
            let header = json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk });
            let message = format!("{}.{}", encode(&header), encode(&claims()));
            let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()));
            assert!(
                KeyProof::verify(&format!("{message}.{signature}")).is_some(),
                "{alg}"
            );
        }
    }
}
