//! Malformed and forged access tokens (goal G31), and rotation of the signing keys while the server runs.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use hmac::{Hmac, KeyInit, Mac};
use regrant_crypto::{Claims, SigningKey};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, SigningKeyState};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Fleet, Harness, Tenant, on_both};

on_both!(
    a_rotated_key_is_published_before_it_signs_and_accepted_after,
    an_immediate_rotation_ends_every_token,
);

/// The parts of a valid token.
struct Parts {
    header: Value,
    claims: Value,
    signature: String,
}

impl Parts {
    fn of(token: &str) -> Self {
        let parts: Vec<_> = token.split('.').collect();
        let json = |n: usize| -> Value {
            serde_json::from_slice(&B64.decode(parts[n]).expect("base64url")).expect("json")
        };
        Self {
            header: json(0),
            claims: json(1),
            signature: parts[2].to_owned(),
        }
    }

    /// Another header and other claims with the old signature.
    fn forged(&self, header: &Value, claims: &Value) -> String {
        let (header, claims) = (merged(&self.header, header), merged(&self.claims, claims));
        format!(
            "{}.{}",
            unsigned(&header.to_string(), &claims.to_string()),
            self.signature
        )
    }

    /// The claims signed by another key under the id of our key.
    fn signed_by_another(&self, claims: &Value) -> String {
        let kid = self.header["kid"].as_str().expect("a key id");
        let stranger = SigningKey::generate().expect("a key");
        let key = SigningKey::from_pkcs8(kid, &stranger.private_pkcs8()).expect("a key");
        let claims: Claims = serde_json::from_value(merged(&self.claims, claims)).expect("claims");
        key.sign_claims(&claims).expect("it signs")
    }
}

fn merged(base: &Value, change: &Value) -> Value {
    let mut merged = base.clone();
    let members = merged.as_object_mut().expect("an object");
    for (name, value) in change.as_object().expect("an object") {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    merged
}

fn unsigned(header: &str, claims: &str) -> String {
    format!("{}.{}", B64.encode(header), B64.encode(claims))
}

/// The token signed with HS256 and the public key as the shared secret.
fn hs256(parts: &Parts, secret: &[u8]) -> String {
    let header = merged(&parts.header, &json!({ "alg": "HS256" }));
    let message = unsigned(&header.to_string(), &parts.claims.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    mac.update(message.as_bytes());
    format!("{message}.{}", B64.encode(mac.finalize().into_bytes()))
}

/// Tokens with other headers, other claims, and the signature of another key.
fn forged_tokens(good: &str) -> Vec<(String, String)> {
    let (parts, mut bad) = (Parts::of(good), Vec::new());
    for change in [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES256" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "eddsa" }),
        json!({ "alg": null }),
        json!({ "typ": "JWT" }),
        json!({ "typ": "AT+JWT" }),
        json!({ "typ": "regrant-audit-checkpoint+jwt" }),
        json!({ "typ": null }),
        json!({ "kid": null }),
        json!({ "kid": "" }),
        json!({ "kid": "unknown" }),
        json!({ "kid": "../../etc/passwd" }),
        json!({ "kid": ["a", "b"] }),
        json!({ "jku": "https://evil.example/jwks.json" }),
        json!({ "jwk": { "kty": "OKP", "crv": "Ed25519", "x": "AA" } }),
        json!({ "x5u": "https://evil.example/cert" }),
        json!({ "x5c": ["MIIB"] }),
        json!({ "crit": ["exp"] }),
        json!({ "b64": false }),
        json!({ "cty": "JWT" }),
        json!({ "zip": "DEF" }),
    ] {
        bad.push((
            format!("header {change}"),
            parts.forged(&change, &json!({})),
        ));
    }
    let claims_alone = [
        json!({ "sub": "cli_00000000000070008000000000000001" }),
        json!({ "scope": "audit:read tokens:read" }),
        json!({ "exp": 9_999_999_999_i64 }),
        json!({ "ver": 99 }),
        json!({ "aud": "http://127.0.0.1:8080/admin" }),
        json!({ "tenant": "ten_00000000000000000000000000000000" }),
        json!({ "extra": true }),
        json!({ "sub": null }),
    ];
    for change in claims_alone {
        bad.push((
            format!("claims {change}"),
            parts.forged(&json!({}), &change),
        ));
    }
    for change in [
        json!({}),
        json!({ "aud": "http://127.0.0.1:8080/browser" }),
        json!({ "aud": "http://127.0.0.1:8080/admin" }),
        json!({ "iss": "another-issuer" }),
        json!({ "scope": "" }),
    ] {
        bad.push((
            format!("another key {change}"),
            parts.signed_by_another(&change),
        ));
    }
    bad
}

/// Tokens of another shape, and tokens whose signature is missing or damaged.
fn malformed_tokens(good: &str, public: &[u8]) -> Vec<(&'static str, String)> {
    let parts = Parts::of(good);
    let (header, claims) = (parts.header.to_string(), parts.claims.to_string());
    let message = unsigned(&header, &claims);
    let signature = parts.signature.as_str();
    vec![
        ("no signature", message.clone()),
        ("an empty signature", format!("{message}.")),
        (
            "a signature of zeros",
            format!("{message}.{}", B64.encode([0_u8; 64])),
        ),
        (
            "a signature too short",
            format!("{message}.{}", &signature[..signature.len() - 4]),
        ),
        ("a signature too long", format!("{message}.{signature}AAAA")),
        (
            "a spoiled signature",
            format!("{message}.{}A", &signature[..signature.len() - 1]),
        ),
        ("a padded signature", format!("{message}.{signature}==")),
        ("four parts", format!("{good}.{signature}")),
        ("two dots", "..".to_owned()),
        ("no token", "x".to_owned()),
        ("a quoted token", format!("\"{good}\"")),
        ("the public key as secret", hs256(&parts, public)),
        (
            "the public key's text as secret",
            hs256(&parts, B64.encode(public).as_bytes()),
        ),
        (
            "a megabyte",
            format!("{}.{}.{}", "A".repeat(7_000), "A".repeat(7_000), signature),
        ),
        (
            "a header that is no object",
            format!("{}.{signature}", unsigned("[]", &claims)),
        ),
        (
            "claims that are no object",
            format!("{}.{signature}", unsigned(&header, "[]")),
        ),
        ("claims twice", {
            let twice = format!("{},\"sub\":\"cli_x\"}}", &claims[..claims.len() - 1]);
            format!("{}.{signature}", unsigned(&header, &twice))
        }),
        (
            "an encrypted one",
            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA".to_owned(),
        ),
    ]
}

async fn status(tenant: &Tenant, token: &str) -> u16 {
    tenant.bearing(token).status("/v1/assets").await
}

async fn jwks(harness: &Harness) -> Vec<Value> {
    let answer = crate::harness::http()
        .get(format!("{}/.well-known/jwks.json", harness.api))
        .send()
        .await;
    let set: Value = answer.expect("an answer").json().await.expect("json");
    set["keys"].as_array().expect("keys").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_and_forged_access_tokens_are_refused() {
    let harness = Harness::start(
        TestDatabase::create_sqlite().await,
        &Fleet::new(1, 0, 0).world(),
    )
    .await;
    let tenant = harness.tenant("One").await;
    let public = B64
        .decode(jwks(&harness).await[0]["x"].as_str().expect("a key"))
        .expect("base64url");
    let mut bad = forged_tokens(&tenant.bearer);
    let malformed = malformed_tokens(&tenant.bearer, &public).into_iter();
    bad.extend(malformed.map(|(why, token)| (why.to_owned(), token)));
    assert!(bad.len() >= 50, "{}", bad.len());
    for (why, token) in bad {
        assert_eq!(status(&tenant, &token).await, 401, "{why}: {token}");
    }
    let secrets = [
        tenant.client_secret.clone(),
        tenant.client_id.clone(),
        tenant.id.clone(),
    ];
    for token in secrets {
        assert_eq!(status(&tenant, &token).await, 401);
    }
    assert_eq!(status(&tenant, &tenant.bearer).await, 200);
    harness.clock.advance_by(chrono::Duration::minutes(16));
    assert_eq!(
        status(&tenant, &tenant.bearer).await,
        401,
        "the token has expired"
    );
}

/// A new access token; the old one expired when the clock was advanced.
async fn fresh(tenant: &Tenant) -> String {
    tenant.log_in_again().await.bearer
}

fn kid(token: &str) -> String {
    Parts::of(token).header["kid"]
        .as_str()
        .expect("a key id")
        .to_owned()
}

async fn a_rotated_key_is_published_before_it_signs_and_accepted_after(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 0, 0).world()).await;
    let tenant = harness.tenant("One").await;
    let before = harness
        .vault
        .sign_checkpoint_of(tenant.id.parse().expect("an id"))
        .await
        .expect("a checkpoint");
    let old = kid(&tenant.bearer);
    let keys = harness
        .vault
        .rotate_signing_keys(Actor::CommandLine, false, None)
        .await
        .expect("rotated");
    let states: Vec<_> = keys.iter().map(|it| it.state).collect();
    assert_eq!(states, [SigningKeyState::Active, SigningKeyState::Next]);
    let next = keys[1].kid.clone();
    assert!(
        jwks(&harness)
            .await
            .iter()
            .any(|it| it["kid"] == json!(next)),
        "published before it signs"
    );

    harness.clock.advance_by(chrono::Duration::minutes(9));
    let last_of_old = fresh(&tenant).await;
    assert_eq!(kid(&last_of_old), old);
    harness.clock.advance_by(chrono::Duration::minutes(2));
    let first_of_new = fresh(&tenant).await;
    assert_eq!(kid(&first_of_new), next);
    assert_eq!(
        (
            status(&tenant, &last_of_old).await,
            status(&tenant, &first_of_new).await
        ),
        (200, 200)
    );
    let states = async || {
        let keys = harness.vault.list_signing_keys().await.expect("keys");
        keys.into_iter().map(|it| it.state).collect::<Vec<_>>()
    };
    assert_eq!(
        states().await,
        [SigningKeyState::Overlap, SigningKeyState::Active]
    );

    harness.clock.advance_by(chrono::Duration::hours(2));
    assert_eq!(
        states().await,
        [SigningKeyState::Retired, SigningKeyState::Active]
    );
    let published: Vec<_> = jwks(&harness)
        .await
        .iter()
        .map(|it| it["kid"].clone())
        .collect();
    assert_eq!(published, [json!(next)]);
    assert_eq!(kid(&fresh(&tenant).await), next);
    let kept = harness.vault.read_checkpoints(&[before.statement]).await;
    let verdict = harness
        .vault
        .verify_audit(tenant.id.parse().expect("an id"), &kept)
        .await;
    assert!(
        verdict.expect("a verdict").is_whole(),
        "a checkpoint signed by a retired key is valid"
    );
}

async fn an_immediate_rotation_ends_every_token(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 0, 0).world()).await;
    let tenant = harness.tenant("One").await;
    assert_eq!(status(&tenant, &tenant.bearer).await, 200);
    let keys = harness
        .vault
        .rotate_signing_keys(Actor::CommandLine, true, None)
        .await
        .expect("rotated");
    let states: Vec<_> = keys.iter().map(|it| it.state).collect();
    assert_eq!(states, [SigningKeyState::Retired, SigningKeyState::Active]);
    assert_eq!(status(&tenant, &tenant.bearer).await, 401);
    let again = fresh(&tenant).await;
    assert_eq!(
        (status(&tenant, &again).await, jwks(&harness).await.len()),
        (200, 1)
    );
}
