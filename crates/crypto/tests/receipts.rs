//! Receipts of acts, and statements that must not pass as one.

use regrant_crypto::{ChainEnd, Checkpoint, JwtRefusal, Receipt, SigningKey, Verifier};
use regrant_domain::TenantId;
use serde_json::{Map, json};

fn receipt(iss: &str) -> Receipt {
    let tenant = TenantId::mint();
    Receipt {
        iss: iss.to_owned(),
        act: "tenant.shredded".to_owned(),
        sub: tenant.to_string(),
        at: 1_800_000_000,
        detail: Map::from_iter([("data_keys".to_owned(), json!(1))]),
        audit: vec![ChainEnd {
            tenant,
            seq: 7,
            hash: "ab".repeat(32),
        }],
        iat: 1_800_000_001,
    }
}

fn verifier(key: &SigningKey) -> Verifier {
    let mut verifier = Verifier::new("regrant", "regrant-api");
    verifier.add_key(key);
    verifier
}

#[test]
fn a_signed_receipt_verifies_with_its_content() {
    let key = SigningKey::generate().unwrap();
    let signed = receipt("regrant");
    let statement = key.sign_receipt(&signed).unwrap();
    assert_eq!(verifier(&key).verify_receipt(&statement), Ok(signed));
}

#[test]
fn a_receipt_verifies_with_the_published_key_alone() {
    let key = SigningKey::generate().unwrap();
    let signed = receipt("regrant");
    let statement = key.sign_receipt(&signed).unwrap();
    let mut verifier = Verifier::new("regrant", "");
    assert!(verifier.add_public_jwk(&key.public_jwk()));
    assert_eq!(verifier.verify_receipt(&statement), Ok(signed));
    for malformed in [
        json!({}),
        json!({ "kid": "1", "crv": "Ed25519", "x": "AA" }),
    ] {
        assert!(!verifier.add_public_jwk(&malformed), "{malformed}");
    }
}

#[test]
fn a_receipt_is_no_token_and_no_checkpoint_and_neither_is_a_receipt() {
    let key = SigningKey::generate().unwrap();
    let verifier = verifier(&key);
    let statement = key.sign_receipt(&receipt("regrant")).unwrap();
    assert_eq!(
        verifier.verify_claims(&statement, 1_800_000_000),
        Err(JwtRefusal::Header)
    );
    assert_eq!(
        verifier.verify_checkpoint(&statement),
        Err(JwtRefusal::Header)
    );
    let checkpoint = Checkpoint {
        iss: "regrant".to_owned(),
        tenant: TenantId::mint(),
        seq: 7,
        hash: "ab".repeat(32),
        iat: 1_800_000_000,
    };
    assert_eq!(
        verifier.verify_receipt(&key.sign_checkpoint(&checkpoint).unwrap()),
        Err(JwtRefusal::Header)
    );
}

#[test]
fn a_receipt_of_another_key_or_issuer_or_with_changes_is_refused() {
    let (key, other) = (
        SigningKey::generate().unwrap(),
        SigningKey::generate().unwrap(),
    );
    let verifier = verifier(&key);
    let unknown = other.sign_receipt(&receipt("regrant")).unwrap();
    assert_eq!(
        verifier.verify_receipt(&unknown),
        Err(JwtRefusal::UnknownKey)
    );
    let foreign = key.sign_receipt(&receipt("other")).unwrap();
    assert_eq!(verifier.verify_receipt(&foreign), Err(JwtRefusal::Issuer));
    let (one, two) = (
        key.sign_receipt(&receipt("regrant")).unwrap(),
        key.sign_receipt(&receipt("regrant")).unwrap(),
    );
    let body = two.split('.').nth(1).unwrap();
    let parts: Vec<_> = one.split('.').collect();
    assert_eq!(
        verifier.verify_receipt(&format!("{}.{body}.{}", parts[0], parts[2])),
        Err(JwtRefusal::Signature)
    );
}
