//! G3, G4 of the keyring: no changed, shortened or extended file opens.
//!
//! The key of the passphrase is derived once and used for every changed file, even if its salt or strength
//! changed. So the tests give an attacker more than the product does.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    Strength,
    keyring::{Keyring, sealed},
};

const STRETCHED: [u8; 32] = [9; 32];

fn file() -> Vec<u8> {
    let mut keyring = Keyring::in_memory().unwrap();
    keyring.stage_kek().unwrap();
    sealed::seal_keyring(&keyring, &STRETCHED, Strength::floor(), &[1; 16], [2; 12]).unwrap()
}

fn opens(file: &[u8]) -> bool {
    sealed::KeyringFile::parse(file).is_some_and(|locked| locked.open_keyring(&STRETCHED).is_some())
}

#[test]
fn no_keyring_with_a_flipped_bit_opens() {
    let mut file = file();
    assert!(opens(&file));
    let bits = file.len() * 8;
    let mut accepted = 0;
    for bit in 0..bits {
        file[bit / 8] ^= 1 << (bit % 8);
        accepted += usize::from(opens(&file));
        file[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!((bits, accepted), (1_736, 0));
}

#[test]
fn no_shortened_or_extended_keyring_opens() {
    let whole = file();
    for len in (0..whole.len() + 64).filter(|len| *len != whole.len()) {
        let mut file = whole.clone();
        file.resize(len, 0);
        assert!(!opens(&file), "{len} bytes");
    }
}

#[test]
fn no_random_bytes_after_a_valid_beginning_open_as_a_keyring() {
    let whole = file();
    for round in 0..20_000_u32 {
        let noise = Sha256::digest(round.to_be_bytes()).repeat(7);
        let kept = [5, 17, 33, 65, 77, 200][usize::try_from(round % 6).unwrap()];
        let blob = [&whole[..kept], &noise[kept..whole.len()]].concat();
        assert!(!opens(&blob), "round {round}");
    }
}

#[test]
fn a_strength_outside_the_bounds_is_refused_before_any_work() {
    for (offset, number) in [
        (5, 65_535_u32),
        (5, u32::MAX),
        (9, 2),
        (9, 17),
        (13, 0),
        (13, 17),
    ] {
        let mut file = file();
        file[offset..offset + 4].copy_from_slice(&number.to_be_bytes());
        assert!(
            sealed::KeyringFile::parse(&file).is_none(),
            "{number} at {offset}"
        );
    }
}

#[test]
fn the_key_of_another_passphrase_does_not_open_a_keyring() {
    let file = file();
    let other = Zeroizing::new([8; 32]);
    assert!(
        sealed::KeyringFile::parse(&file)
            .unwrap()
            .open_keyring(&other)
            .is_none()
    );
}
