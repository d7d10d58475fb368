//! Passwords of operators: stored hashes, their comparison and their strength.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use regrant_crypto::{InvalidPasswordStrength, PasswordError, PasswordHash, PasswordStrength};
use regrant_domain::Password;

fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

#[test]
fn a_password_matches_only_its_own_hash_also_after_storage() {
    let hash = PasswordHash::hash_password(
        &password("correct horse battery"),
        PasswordStrength::MINIMUM,
    )
    .unwrap();
    let stored = hash.to_phc();
    assert!(
        stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{stored}"
    );
    let read = PasswordHash::parse(&stored).unwrap();
    assert_eq!(read.to_phc(), stored);
    assert_eq!(
        read.matches_password(&password("correct horse battery")),
        Ok(true)
    );
    assert_eq!(
        read.matches_password(&password("correct horse batterz")),
        Ok(false)
    );
}

#[test]
fn hashes_of_one_password_differ_and_an_unmatchable_hash_matches_none() {
    let hash = || {
        PasswordHash::hash_password(
            &password("correct horse battery"),
            PasswordStrength::MINIMUM,
        )
        .unwrap()
        .to_phc()
    };
    assert_ne!(hash(), hash());
    let unmatchable = PasswordHash::unmatchable(PasswordStrength::MINIMUM).unwrap();
    assert_eq!(
        unmatchable.matches_password(&password("correct horse battery")),
        Ok(false)
    );
    assert_eq!(format!("{unmatchable:?}"), "PasswordHash(…)");
}

#[test]
fn a_hash_of_another_implementation_matches() {
    // Made with OpenSSL's Argon2id: 19,456 KiB, 2 passes, 1 lane, the salt `regrant-salt-016`.
    let hash = PasswordHash::parse(REFERENCE).unwrap();
    assert_eq!(
        hash.matches_password(&password("correct horse battery staple")),
        Ok(true)
    );
}

const REFERENCE: &str = "$argon2id$v=19$m=19456,t=2,p=1$cmVncmFudC1zYWx0LTAxNg$OjZyplYwcMDR8LkT4QxSuAwAnePE013zFHB4VLbGn6I";

#[test]
fn a_malformed_hash_is_refused_before_any_work() {
    let good = PasswordHash::unmatchable(PasswordStrength::MINIMUM)
        .unwrap()
        .to_phc();
    for (from, to) in [
        ("argon2id", "argon2i"),
        ("v=19", "v=16"),
        ("m=19456", "m=19455"),
        ("m=19456", "m=4294967295"),
        ("m=19456", "m=-1"),
        ("t=2", "t=1"),
        ("t=2", "t=4000000"),
        ("p=1", "p=0"),
        ("p=1", "p=1,x=2"),
        ("p=1$", "p=1$$"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert_eq!(
            PasswordHash::parse(&bad).err(),
            Some(PasswordError::Malformed),
            "{bad}"
        );
    }
    for bad in [
        "",
        "$",
        &good[1..],
        &good[..good.len() - 4],
        &format!("{good}$"),
        &good.repeat(2),
    ] {
        assert_eq!(
            PasswordHash::parse(bad).err(),
            Some(PasswordError::Malformed),
            "{bad}"
        );
    }
}

#[test]
fn no_strength_is_below_the_floor_or_above_the_ceiling() {
    assert_eq!(
        PasswordStrength::default(),
        PasswordStrength::new(65_536, 3, 1).unwrap()
    );
    for (m, t, p) in [
        (19_455, 2, 1),
        (19_456, 1, 1),
        (19_456, 2, 0),
        (2_000_000, 2, 1),
        (19_456, 17, 1),
    ] {
        assert_eq!(PasswordStrength::new(m, t, p), Err(InvalidPasswordStrength));
    }
}
