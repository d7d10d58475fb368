//! Checkpoints of audit chains, and statements that must not pass as one.

use regrant_crypto::{Checkpoint, Claims, JwtRefusal, SigningKey, Verifier};
use regrant_domain::TenantId;

fn checkpoint(iss: &str) -> Checkpoint {
    Checkpoint {
        iss: iss.to_owned(),
        tenant: TenantId::mint(),
        seq: 7,
        hash: "ab".repeat(32),
        iat: 1_800_000_000,
    }
}

fn verifier(key: &SigningKey) -> Verifier {
    let mut verifier = Verifier::new("regrant", "regrant-api");
    verifier.add_key(key);
    verifier
}

#[test]
fn a_signed_checkpoint_verifies_with_its_content() {
    let key = SigningKey::generate().unwrap();
    let signed = checkpoint("regrant");
    let statement = key.sign_checkpoint(&signed).unwrap();
    assert_eq!(verifier(&key).verify_checkpoint(&statement), Ok(signed));
}

#[test]
fn a_checkpoint_is_not_an_access_token_and_an_access_token_is_not_a_checkpoint() {
    let key = SigningKey::generate().unwrap();
    let verifier = verifier(&key);
    let statement = key.sign_checkpoint(&checkpoint("regrant")).unwrap();
    assert_eq!(
        verifier.verify_claims(&statement, 1_800_000_000),
        Err(JwtRefusal::Header)
    );
    let claims = Claims {
        iss: "regrant".to_owned(),
        aud: "regrant-api".to_owned(),
        sub: "cli_1".to_owned(),
        client_id: "cli_1".to_owned(),
        tenant: TenantId::mint(),
        ver: 0,
        scope: String::new(),
        jti: "1".to_owned(),
        iat: 1_800_000_000,
        nbf: 1_800_000_000,
        exp: 1_800_000_900,
        cnf: None,
    };
    assert_eq!(
        verifier.verify_checkpoint(&key.sign_claims(&claims).unwrap()),
        Err(JwtRefusal::Header)
    );
}

#[test]
fn a_checkpoint_of_another_key_or_issuer_or_with_changes_is_refused() {
    let (key, other) = (
        SigningKey::generate().unwrap(),
        SigningKey::generate().unwrap(),
    );
    let verifier = verifier(&key);
    let foreign = other.sign_checkpoint(&checkpoint("regrant")).unwrap();
    assert_eq!(
        verifier.verify_checkpoint(&foreign),
        Err(JwtRefusal::UnknownKey)
    );
    let stranger = key.sign_checkpoint(&checkpoint("stranger")).unwrap();
    assert_eq!(
        verifier.verify_checkpoint(&stranger),
        Err(JwtRefusal::Issuer)
    );
    let (one, two) = (checkpoint("regrant"), checkpoint("regrant"));
    let (one, two) = (
        key.sign_checkpoint(&one).unwrap(),
        key.sign_checkpoint(&two).unwrap(),
    );
    let signature = two.rsplit('.').next().unwrap();
    let forged = format!("{}.{signature}", one.rsplit_once('.').unwrap().0);
    assert_eq!(
        verifier.verify_checkpoint(&forged),
        Err(JwtRefusal::Signature)
    );
    for text in ["", "a.b", "a.b.c"] {
        assert!(verifier.verify_checkpoint(text).is_err(), "{text}");
    }
}
