//! Client secrets: minted once, compared by their hash.

use std::collections::HashSet;

use regrant_crypto::{SecretHash, mint_client_secret};
use regrant_domain::ClientSecret;

#[test]
fn a_secret_is_known_again_by_its_stored_hash() {
    let (secret, hash) = mint_client_secret().unwrap();
    let stored = SecretHash::from_slice(hash.as_bytes()).unwrap();
    assert!(stored.verify(&secret));
}

#[test]
fn another_secret_is_not() {
    let (_, hash) = mint_client_secret().unwrap();
    let (other, _) = mint_client_secret().unwrap();
    assert!(!hash.verify(&other));
    assert!(!hash.verify(&ClientSecret::parse("rgs_guess".to_owned()).unwrap()));
}

#[test]
fn a_secret_has_its_prefix_and_256_bits_and_none_comes_twice() {
    let mut seen = HashSet::new();
    for _ in 0..1_000 {
        let (secret, hash) = mint_client_secret().unwrap();
        assert!(secret.expose().starts_with("rgs_"));
        assert_eq!(secret.expose().len(), 47);
        assert!(seen.insert(*hash.as_bytes()));
    }
}

#[test]
fn a_hash_of_another_length_is_none() {
    assert!(SecretHash::from_slice(&[0; 31]).is_none());
    assert!(SecretHash::from_slice(&[0; 33]).is_none());
}

#[test]
fn neither_shows_itself() {
    let (_, hash) = mint_client_secret().unwrap();
    assert_eq!(format!("{hash:?}"), "SecretHash(…)");
}
