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
