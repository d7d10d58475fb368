//! Client secrets: minted once, compared by their hash.

use std::collections::HashSet;

use regrant_crypto::{SecretHash, mint_client_secret};
use regrant_domain::ClientSecret;

#[test]
fn a_secret_matches_its_stored_hash() {
    let (secret, hash) = mint_client_secret().unwrap();
    let stored = SecretHash::from_slice(hash.as_bytes()).unwrap();
    assert!(stored.matches_secret(&secret));
}

#[test]
fn another_secret_does_not_match() {
    let (_, hash) = mint_client_secret().unwrap();
    let (other, _) = mint_client_secret().unwrap();
    assert!(!hash.matches_secret(&other));
    assert!(!hash.matches_secret(&ClientSecret::parse("rgs_guess".to_owned()).unwrap()));
}

#[test]
fn a_secret_has_its_prefix_and_256_bits_and_is_unique() {
    let mut seen = HashSet::new();
    for _ in 0..1_000 {
        let (secret, hash) = mint_client_secret().unwrap();
        assert!(secret.expose().starts_with("rgs_"));
        assert_eq!(secret.expose().len(), 47);
        assert!(seen.insert(*hash.as_bytes()));
    }
}

#[test]
fn a_hash_of_another_length_is_refused() {
    assert!(SecretHash::from_slice(&[0; 31]).is_none());
    assert!(SecretHash::from_slice(&[0; 33]).is_none());
}

#[test]
fn debug_output_hides_the_hash() {
    let (_, hash) = mint_client_secret().unwrap();
    assert_eq!(format!("{hash:?}"), "SecretHash(…)");
}
