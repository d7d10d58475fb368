//! G31: bad access tokens, each with the check that refuses it.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use regrant_crypto::{Claims, JwtError, JwtRefusal, SigningKey, Verifier};
use regrant_domain::TenantId;
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://regrant.example";
const AUDIENCE: &str = "regrant-api";

struct Bench {
    key: SigningKey,
    verifier: Verifier,
}

fn bench() -> Bench {
    let key = SigningKey::generate().unwrap();
    let mut verifier = Verifier::new(ISSUER, AUDIENCE);
    verifier.add_key(&key);
    Bench { key, verifier }
}

fn claims() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: "cli_0190a5c000007000800000000000c11e".to_owned(),
        client_id: "cli_0190a5c000007000800000000000c11e".to_owned(),
        tenant: TenantId::mint(),
        ver: 0,
        scope: "assets:read tokens:read".to_owned(),
        jti: "0190a5c0".to_owned(),
        iat: NOW,
        nbf: NOW,
        exp: NOW + 900,
        cnf: None,
    }
}

impl Bench {
    fn header(&self) -> Value {
        json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": self.key.kid() })
    }

    /// Signs any text as header and claims, as a thief of the key or a fault of ours could.
    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let pair = Ed25519KeyPair::from_pkcs8(&self.key.private_pkcs8()).unwrap();
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn with_header(&self, change: &Value) -> String {
        self.sign(&merged(self.header(), change), &json!(claims()).to_string())
    }

    fn with_claims(&self, change: &Value) -> String {
        self.sign(&self.header().to_string(), &merged(json!(claims()), change))
    }

    fn refusal(&self, token: &str) -> Option<JwtRefusal> {
        self.verifier.verify_claims(token, NOW).err()
    }
}

/// The object with these members changed; `null` removes a member.
fn merged(object: Value, change: &Value) -> String {
    let Value::Object(mut members) = object else {
        unreachable!("a header and claims are objects")
    };
    members.extend(change.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    Value::Object(members).to_string()
}

#[test]
fn a_signed_token_is_accepted_and_returns_its_claims() {
    let bench = bench();
    let claims = claims();
    let token = bench.key.sign_claims(&claims).unwrap();
    assert_eq!(bench.verifier.verify_claims(&token, NOW), Ok(claims));
    assert_eq!(
        bench.refusal(&bench.with_header(&json!({}))),
        None,
        "the unchanged token of the tables is accepted"
    );
}

#[test]
fn a_stored_key_signs_for_the_same_verifier() {
    let bench = bench();
    let again = SigningKey::from_pkcs8(bench.key.kid(), &bench.key.private_pkcs8()).unwrap();
    assert_eq!(bench.refusal(&again.sign_claims(&claims()).unwrap()), None);
    assert_eq!(again.public_jwk(), bench.key.public_jwk());
}

#[test]
fn the_published_key_is_public_and_complete() {
    let key = SigningKey::generate().unwrap();
    let jwk = key.public_jwk();
    let names: Vec<&String> = jwk.as_object().unwrap().keys().collect();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
    assert_eq!(
        (&jwk["kty"], &jwk["crv"], &jwk["kid"]),
        (&json!("OKP"), &json!("Ed25519"), &json!(key.kid()))
    );
}

#[test]
fn malformed_keys_and_key_ids_are_refused() {
    let pkcs8 = SigningKey::generate().unwrap().private_pkcs8();
    assert_eq!(
        SigningKey::from_pkcs8("kid", b"no key").err(),
        Some(JwtError::Key)
    );
    for kid in ["", "two parts", "new\nline", &"k".repeat(129)] {
        assert_eq!(
            SigningKey::from_pkcs8(kid, &pkcs8).err(),
            Some(JwtError::Key)
        );
    }
}

#[test]
fn every_bad_header_is_refused() {
    let bench = bench();
    let jwk = bench.key.public_jwk();
    let table = [
        (json!({ "alg": "none" }), JwtRefusal::Header),
        (json!({ "alg": "HS256" }), JwtRefusal::Header),
        (json!({ "alg": "RS256" }), JwtRefusal::Header),
        (json!({ "alg": "ES256" }), JwtRefusal::Header),
        (json!({ "alg": "eddsa" }), JwtRefusal::Header),
        (json!({ "alg": "Ed25519" }), JwtRefusal::Header),
        (json!({ "alg": null }), JwtRefusal::Header),
        (json!({ "alg": ["EdDSA"] }), JwtRefusal::Header),
        (json!({ "typ": "JWT" }), JwtRefusal::Header),
        (json!({ "typ": "id+jwt" }), JwtRefusal::Header),
        (json!({ "typ": null }), JwtRefusal::Header),
        (json!({ "kid": null }), JwtRefusal::Header),
        (json!({ "kid": 7 }), JwtRefusal::Header),
        (json!({ "kid": "" }), JwtRefusal::UnknownKey),
        (json!({ "kid": "another" }), JwtRefusal::UnknownKey),
        (
            json!({ "kid": format!("{} ", bench.key.kid()) }),
            JwtRefusal::UnknownKey,
        ),
        (json!({ "kid": "../../etc/passwd" }), JwtRefusal::UnknownKey),
        (json!({ "kid": "' or 1=1 --" }), JwtRefusal::UnknownKey),
        (
            json!({ "kid": "https://evil.example/jwks" }),
            JwtRefusal::UnknownKey,
        ),
        (json!({ "crit": ["exp"] }), JwtRefusal::Header),
        (json!({ "crit": [] }), JwtRefusal::Header),
        (json!({ "b64": false }), JwtRefusal::Header),
        (json!({ "b64": false, "crit": ["b64"] }), JwtRefusal::Header),
        (json!({ "jwk": jwk }), JwtRefusal::Header),
        (
            json!({ "jku": "https://evil.example/jwks" }),
            JwtRefusal::Header,
        ),
        (
            json!({ "x5u": "https://evil.example/cert" }),
            JwtRefusal::Header,
        ),
        (json!({ "x5c": ["MIIB"] }), JwtRefusal::Header),
        (json!({ "x5t": "AA" }), JwtRefusal::Header),
        (json!({ "cty": "JWT" }), JwtRefusal::Header),
        (json!({ "zip": "DEF" }), JwtRefusal::Header),
        (json!({ "enc": "A256GCM" }), JwtRefusal::Header),
        (json!({ "anything": 1 }), JwtRefusal::Header),
    ];
    for (change, expected) in &table {
        assert_eq!(
            bench.refusal(&bench.with_header(change)),
            Some(*expected),
            "{change}"
        );
    }
    assert_eq!(table.len(), 32);
}

#[test]
fn every_bad_claim_is_refused() {
    let bench = bench();
    let table = [
        (json!({ "iss": null }), JwtRefusal::Claims),
        (json!({ "aud": null }), JwtRefusal::Claims),
        (json!({ "sub": null }), JwtRefusal::Claims),
        (json!({ "exp": null }), JwtRefusal::Claims),
        (json!({ "nbf": null }), JwtRefusal::Claims),
        (json!({ "iat": null }), JwtRefusal::Claims),
        (json!({ "jti": null }), JwtRefusal::Claims),
        (json!({ "tenant": null }), JwtRefusal::Claims),
        (json!({ "scope": null }), JwtRefusal::Claims),
        (json!({ "iss": "https://evil.example" }), JwtRefusal::Issuer),
        (json!({ "iss": format!("{ISSUER}/") }), JwtRefusal::Issuer),
        (json!({ "iss": { "url": ISSUER } }), JwtRefusal::Claims),
        (json!({ "iss": [ISSUER] }), JwtRefusal::Claims),
        (json!({ "aud": "regrant-admin" }), JwtRefusal::Audience),
        (json!({ "aud": [AUDIENCE] }), JwtRefusal::Claims),
        (
            json!({ "aud": [AUDIENCE, "regrant-admin"] }),
            JwtRefusal::Claims,
        ),
        (json!({ "aud": 7 }), JwtRefusal::Claims),
        (json!({ "sub": "" }), JwtRefusal::Claims),
        (json!({ "sub": 7 }), JwtRefusal::Claims),
        (json!({ "jti": "" }), JwtRefusal::Claims),
        (json!({ "tenant": "" }), JwtRefusal::Claims),
        (
            json!({ "tenant": "cli_0190a5c000007000800000000000c11e" }),
            JwtRefusal::Claims,
        ),
        (json!({ "tenant": "../other" }), JwtRefusal::Claims),
        (
            json!({ "exp": 1_000_000_000_000_000_000_i64 }),
            JwtRefusal::Lifetime,
        ),
        (
            json!({ "exp": i64::MAX, "iat": i64::MIN }),
            JwtRefusal::Lifetime,
        ),
        (json!({ "exp": u64::MAX }), JwtRefusal::Claims),
        (json!({ "exp": 1e18 }), JwtRefusal::Claims),
        (json!({ "exp": NOW.to_string() }), JwtRefusal::Claims),
        (json!({ "exp": -1 }), JwtRefusal::Claims),
        (json!({ "exp": NOW + 3_601 }), JwtRefusal::Lifetime),
        (json!({ "exp": NOW }), JwtRefusal::Lifetime),
        (
            json!({ "iat": NOW - 900, "exp": NOW - 5 }),
            JwtRefusal::Expired,
        ),
        (
            json!({ "iat": NOW - 900, "exp": NOW - 50 }),
            JwtRefusal::Expired,
        ),
        (json!({ "iat": NOW + 6 }), JwtRefusal::Early),
        (json!({ "nbf": NOW + 6 }), JwtRefusal::Early),
        (json!({ "nbf": NOW + 500 }), JwtRefusal::Early),
        (json!({ "nbf": "0" }), JwtRefusal::Claims),
        (json!({ "admin": true }), JwtRefusal::Claims),
    ];
    for (change, expected) in &table {
        assert_eq!(
            bench.refusal(&bench.with_claims(change)),
            Some(*expected),
            "{change}"
        );
    }
    assert_eq!(table.len(), 38);
}

#[test]
fn a_clock_difference_of_five_seconds_is_accepted() {
    let bench = bench();
    let kind = [
        json!({ "iat": NOW - 900, "exp": NOW - 4 }),
        json!({ "iat": NOW + 5, "nbf": NOW + 5 }),
    ];
    for change in kind {
        assert_eq!(bench.refusal(&bench.with_claims(&change)), None, "{change}");
    }
}

#[test]
fn a_repeated_member_is_refused() {
    let bench = bench();
    let (header, claims) = (bench.header().to_string(), json!(claims()).to_string());
    let twice = |object: &str, member: &str| object.replacen('{', &format!("{{{member},"), 1);
    for member in [r#""alg":"EdDSA""#, r#""typ":"at+jwt""#, r#""kid":"other""#] {
        let token = bench.sign(&twice(&header, member), &claims);
        assert_eq!(bench.refusal(&token), Some(JwtRefusal::Header), "{member}");
    }
    for member in [
        r#""sub":"other""#,
        r#""exp":9999999999"#,
        r#""aud":"regrant-admin""#,
        r#""tenant":"ten_0""#,
    ] {
        let token = bench.sign(&header, &twice(&claims, member));
        assert_eq!(bench.refusal(&token), Some(JwtRefusal::Claims), "{member}");
    }
}

#[test]
fn a_text_that_is_not_a_token_is_refused() {
    let bench = bench();
    let good = bench.key.sign_claims(&claims()).unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, body, signature] = parts[..] else {
        panic!("three parts")
    };
    let table = [
        (String::new(), JwtRefusal::Shape),
        ("..".to_owned(), JwtRefusal::Header),
        ("a.b".to_owned(), JwtRefusal::Shape),
        (format!("{header}.{body}"), JwtRefusal::Shape),
        (format!("{good}."), JwtRefusal::Shape),
        (format!("{good}.{signature}"), JwtRefusal::Shape),
        (format!(" {good}"), JwtRefusal::Shape),
        (format!("{header}=.{body}.{signature}"), JwtRefusal::Shape),
        (format!("{header}.{body}."), JwtRefusal::Signature),
        (format!("{header}.{body}.{signature}="), JwtRefusal::Shape),
        (
            format!("{header}.{body}.{}", &signature[..40]),
            JwtRefusal::Signature,
        ),
        (format!("{header}..{signature}"), JwtRefusal::Signature),
        (
            format!("{header}.{header}.{signature}"),
            JwtRefusal::Signature,
        ),
        ("A".repeat(8 * 1024 + 1), JwtRefusal::TooLong),
        ("A.".repeat(512 * 1024), JwtRefusal::TooLong),
    ];
    for (token, expected) in &table {
        assert_eq!(bench.refusal(token), Some(*expected), "{token:.40}");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let bench = bench();
    let good = bench.key.sign_claims(&claims()).unwrap();
    let mut accepted = 0;
    for at in 0..good.len() {
        for bit in 0..7 {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            accepted += usize::from(bench.refusal(&String::from_utf8(bytes).unwrap()).is_none());
        }
    }
    assert_eq!(accepted, 0);
}

#[test]
fn a_token_of_another_key_with_our_key_id_is_refused() {
    let bench = bench();
    let stranger = SigningKey::generate().unwrap();
    let forged = SigningKey::from_pkcs8(bench.key.kid(), &stranger.private_pkcs8()).unwrap();
    assert_eq!(
        bench.refusal(&forged.sign_claims(&claims()).unwrap()),
        Some(JwtRefusal::Signature)
    );
    assert_eq!(
        bench.refusal(&stranger.sign_claims(&claims()).unwrap()),
        Some(JwtRefusal::UnknownKey)
    );
}

#[test]
fn keys_rotate_without_a_gap() {
    let mut bench = bench();
    let next = SigningKey::generate().unwrap();
    let token = next.sign_claims(&claims()).unwrap();
    assert_eq!(bench.refusal(&token), Some(JwtRefusal::UnknownKey));
    bench.verifier.add_key(&next);
    assert_eq!(bench.refusal(&token), None);
    assert_eq!(
        bench.refusal(&bench.key.sign_claims(&claims()).unwrap()),
        None
    );
}

#[test]
fn every_cause_has_the_same_error_text() {
    assert_eq!(
        JwtRefusal::Expired.to_string(),
        JwtRefusal::Signature.to_string()
    );
}
