//! Bytes that only an owner of the key could write and that are refused anyway. Each test breaks one check
//! while all others pass, so that every check is tested alone.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use regrant_domain::{Passphrase, SealedRecord};
use zeroize::Zeroizing;

use super::{context, data_key, tenant};
use crate::{
    OpenError, Strength,
    data_key::{
        DataKey,
        wrapped_key::{self, WrappedKey},
    },
    keyring::{Kek, KekRef, KekState, Keyring, sealed},
    primitives::derive_key,
    record::envelope,
};

const SALT: [u8; 32] = [4; 32];

/// A record with a valid tag over this plaintext; its commitment is valid unless `flip` changes it.
fn record(key: &DataKey, mut plaintext: Vec<u8>, flip: u8) -> SealedRecord {
    let context = context(tenant());
    let mut record = key.key().to_prefix();
    let (message_key, commitment) =
        envelope::derive_message_key(key.secret(), &record, &SALT, &context);
    record.extend_from_slice(&SALT);
    record.extend(commitment.as_bytes().iter().map(|byte| byte ^ flip));
    let tag = message_key
        .seal_buffer(&context.encode_aad(&record).unwrap(), &mut plaintext)
        .unwrap();
    record.extend_from_slice(&plaintext);
    record.extend_from_slice(&tag);
    SealedRecord::from_bytes(record)
}

fn padded(len: u16, blocks: usize, fill: u8) -> Vec<u8> {
    let mut plaintext = vec![fill; blocks * 256];
    plaintext[..2].copy_from_slice(&len.to_be_bytes());
    plaintext
}

#[test]
fn a_record_with_a_valid_tag_and_a_wrong_commitment_is_refused() {
    let key = data_key(tenant(), 1);
    assert!(
        key.open_record(&context(tenant()), &record(&key, padded(3, 1, 0), 0))
            .is_ok()
    );
    let refused = key.open_record(&context(tenant()), &record(&key, padded(3, 1, 0), 1));
    assert_eq!(refused.err(), Some(OpenError));
}

#[test]
fn a_payload_padded_in_another_way_is_refused() {
    let key = data_key(tenant(), 1);
    let table = [
        ("padding that is not zero", padded(3, 1, 1)),
        ("one block too many", padded(3, 2, 0)),
        ("a length beyond the end", padded(255, 1, 0)),
        ("no block", Vec::new()),
        ("half a block", padded(3, 1, 0)[..128].to_vec()),
        ("257 blocks", padded(u16::MAX, 257, 0)),
    ];
    for (case, plaintext) in table {
        let refused = key.open_record(&context(tenant()), &record(&key, plaintext, 0));
        assert_eq!(refused.err(), Some(OpenError), "{case}");
    }
}

#[test]
fn an_unknown_format_or_suite_is_refused() {
    let key = data_key(tenant(), 1);
    for (at, value) in [(0, b'T'), (1, b'V'), (2, 0), (2, 2), (3, 0), (3, 2)] {
        let mut bytes = record(&key, padded(3, 1, 0), 0).into_bytes();
        bytes[at] = value;
        let refused = key.open_record(&context(tenant()), &SealedRecord::from_bytes(bytes));
        assert_eq!(refused.err(), Some(OpenError), "{value} at {at}");
    }
}

fn kek(version: u32, state: KekState) -> Kek {
    let at = KekRef {
        id: uuid::Uuid::from_u128(0xE1),
        version,
    };
    Kek {
        at,
        state,
        created: 0,
        secret: Zeroizing::new([6; 32]),
    }
}

#[test]
fn a_wrapped_key_with_the_check_value_of_another_key_is_refused() {
    let kek = kek(1, KekState::Active);
    let (promised, given) = (data_key(tenant(), 1), data_key(tenant(), 2));
    let honest = wrapped_key::wrap_data_key(&kek, &given, &SALT).unwrap();
    assert!(wrapped_key::unwrap_data_key(&kek, tenant(), given.key(), &honest).is_some());
    let forged =
        wrapped_key::wrap_with_check_value(&kek, &given, &SALT, promised.compute_check_value())
            .unwrap();
    assert!(wrapped_key::unwrap_data_key(&kek, tenant(), given.key(), &forged).is_none());
}

#[test]
fn a_wrapped_key_of_an_unknown_format_suite_or_provider_has_no_kek_reference() {
    let honest =
        wrapped_key::wrap_data_key(&kek(1, KekState::Active), &data_key(tenant(), 1), &SALT)
            .unwrap();
    for (at, value) in [(0, b'T'), (2, 2), (3, 2), (4, 0), (4, 5), (5, 1), (79, 81)] {
        let mut bytes = honest.as_bytes().to_vec();
        bytes[at] = value;
        assert_eq!(
            WrappedKey::from_bytes(bytes).kek_ref(),
            None,
            "{value} at {at}"
        );
    }
}

#[test]
fn a_keyring_needs_exactly_one_active_key() {
    use KekState::{Active, DecryptOnly, Staged};
    let stretched = derive_key::<32>(b"", b"", &[]);
    let opens = |first, second| {
        let keyring = Keyring::from_keys(kek(1, first), vec![kek(2, second)]);
        let file = sealed::seal_keyring(&keyring, &stretched, Strength::floor(), &[1; 16], [2; 12])
            .unwrap();
        sealed::KeyringFile::parse(&file)
            .unwrap()
            .open_keyring(&stretched)
            .is_some()
    };
    assert!(opens(Active, Staged));
    assert!(opens(DecryptOnly, Active));
    assert!(!opens(Active, Active));
    assert!(!opens(Staged, DecryptOnly));
}

#[test]
fn an_older_keyring_opens_with_its_shorter_passphrase() {
    let short = Passphrase::parse("short".to_owned()).unwrap();
    let stretched = Strength::floor().stretch_passphrase(&short, &[1; 16]);
    let (keyring, stretched) = (Keyring::in_memory().unwrap(), stretched.unwrap());
    let file = sealed::seal_keyring(&keyring, &stretched, Strength::floor(), &[1; 16], [2; 12]);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keyring");
    fs::write(&path, file.unwrap()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert!(Keyring::open(&path, &short).is_ok());
}

#[test]
fn a_full_keyring_fits_its_file_and_accepts_no_more_keys() {
    let mut keyring = Keyring::in_memory().unwrap();
    for _ in 0..999 {
        keyring.stage_kek().unwrap();
    }
    assert!(keyring.stage_kek().is_err());
    let file =
        sealed::seal_keyring(&keyring, &[1; 32], Strength::floor(), &[1; 16], [2; 12]).unwrap();
    assert!(file.len() < 64 * 1024);
    assert_eq!(
        sealed::KeyringFile::parse(&file)
            .unwrap()
            .open_keyring(&[1; 32])
            .unwrap()
            .all_keks()
            .count(),
        1_000
    );
}

#[test]
fn debug_output_shows_no_key() {
    let key = data_key(tenant(), 0xAB);
    let keyring = Keyring::in_memory().unwrap();
    let signing = crate::SigningKey::generate().unwrap();
    assert_eq!(
        format!("{key:?} {keyring:?} {signing:?}"),
        "DataKey(…) Keyring(…) SigningKey(…)"
    );
    assert_eq!(
        format!("{:?}", key.compute_fingerprint(b"token")),
        "Fingerprint(…)"
    );
}
