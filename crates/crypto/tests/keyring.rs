//! The keyring file: permissions, writing, passphrases and the states of keys.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use regrant_crypto::{InvalidStrength, KekRef, KekState, Keyring, KeyringError, Strength};
use regrant_domain::Passphrase;
use tempfile::TempDir;

struct Bench {
    directory: TempDir,
    path: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keyring");
        Self { directory, path }
    }

    fn with_keyring() -> (Self, Keyring) {
        let bench = Self::new();
        let keyring =
            Keyring::create(&bench.path, &passphrase("right"), Strength::floor()).unwrap();
        (bench, keyring)
    }

    fn open(&self) -> Result<Keyring, KeyringError> {
        Keyring::open(&self.path, &passphrase("right"))
    }

    fn previous(&self) -> PathBuf {
        self.directory.path().join("keyring.prev")
    }

    fn files(&self) -> usize {
        fs::read_dir(self.directory.path()).unwrap().count()
    }
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::parse(format!("{text}, padded to sixteen bytes")).unwrap()
}

fn states(keyring: &Keyring) -> Vec<(u32, KekState)> {
    let mut states: Vec<_> = keyring
        .list_keks()
        .map(|key| (key.kek.version, key.state))
        .collect();
    states.sort_by_key(|(version, _)| *version);
    states
}

#[test]
fn a_keyring_opens_with_its_passphrase_and_only_its_owner_can_read_it() {
    let (bench, created) = Bench::with_keyring();
    assert_eq!(
        fs::metadata(&bench.path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(bench.files(), 1);
    let opened = bench.open().unwrap();
    assert!(created.list_keks().eq(opened.list_keks()));
}

#[test]
fn a_wrong_passphrase_and_a_damaged_file_are_refused_alike() {
    let (bench, _) = Bench::with_keyring();
    let wrong = Keyring::open(&bench.path, &passphrase("wrong")).unwrap_err();
    assert!(matches!(wrong, KeyringError::Refused));
    let mut bytes = fs::read(&bench.path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&bench.path, &bytes).unwrap();
    let damaged = bench.open().unwrap_err();
    assert!(matches!(damaged, KeyringError::Refused));
    assert_eq!(wrong.to_string(), damaged.to_string());
}

#[test]
fn an_empty_shortened_or_huge_file_is_refused() {
    let (bench, _) = Bench::with_keyring();
    let whole = fs::read(&bench.path).unwrap();
    for bytes in [
        vec![],
        whole[..76].to_vec(),
        whole[..92].to_vec(),
        vec![0x52; 1_000_000],
    ] {
        fs::write(&bench.path, bytes).unwrap();
        assert!(matches!(bench.open().unwrap_err(), KeyringError::Refused));
    }
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let (bench, _) = Bench::with_keyring();
    for mode in [0o640, 0o604, 0o660, 0o601, 0o777] {
        fs::set_permissions(&bench.path, Permissions::from_mode(mode)).unwrap();
        assert!(
            matches!(bench.open().unwrap_err(), KeyringError::Permissions),
            "{mode:o}"
        );
    }
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let bench = Bench::new();
    fs::write(&bench.path, "precious").unwrap();
    let refused =
        Keyring::create(&bench.path, &passphrase("right"), Strength::floor()).unwrap_err();
    assert!(matches!(refused, KeyringError::Exists));
    assert_eq!(fs::read_to_string(&bench.path).unwrap(), "precious");
    assert_eq!(bench.files(), 1);
}

#[test]
fn a_missing_file_is_an_io_error() {
    assert!(matches!(
        Bench::new().open().unwrap_err(),
        KeyringError::Io(_)
    ));
}

#[test]
fn a_save_keeps_the_previous_file_which_still_opens() {
    let (bench, mut keyring) = Bench::with_keyring();
    let before = fs::read(&bench.path).unwrap();
    let staged = keyring.stage_kek().unwrap();
    keyring
        .save_file(&bench.path, &passphrase("right"), Strength::floor())
        .unwrap();
    assert_eq!(fs::read(bench.previous()).unwrap(), before);
    assert_eq!(bench.files(), 2);
    assert_eq!(
        states(&bench.open().unwrap()),
        [(1, KekState::Active), (staged.version, KekState::Staged)]
    );
    fs::rename(bench.previous(), &bench.path).unwrap();
    assert_eq!(states(&bench.open().unwrap()), [(1, KekState::Active)]);
}

#[test]
fn a_save_can_change_the_passphrase() {
    let (bench, mut keyring) = Bench::with_keyring();
    keyring
        .save_file(&bench.path, &passphrase("other"), Strength::floor())
        .unwrap();
    assert!(matches!(bench.open().unwrap_err(), KeyringError::Refused));
    assert!(Keyring::open(&bench.path, &passphrase("other")).is_ok());
}

#[test]
fn a_destroyed_key_is_removed_from_the_previous_file_too() {
    let (bench, mut keyring) = Bench::with_keyring();
    let old = keyring.list_keks().next().unwrap().kek;
    let new = keyring.stage_kek().unwrap();
    keyring.promote_kek(new).unwrap();
    keyring
        .save_file(&bench.path, &passphrase("right"), Strength::floor())
        .unwrap();
    assert!(bench.previous().exists());
    keyring.destroy_kek(old).unwrap();
    keyring
        .save_file(&bench.path, &passphrase("right"), Strength::floor())
        .unwrap();
    assert!(!bench.previous().exists());
    assert_eq!(
        states(&bench.open().unwrap()),
        [(1, KekState::Destroyed), (2, KekState::Active)]
    );
}

#[test]
fn a_key_moves_forward_only() {
    let mut keyring = Keyring::in_memory().unwrap();
    let first = keyring.list_keks().next().unwrap().kek;
    let refused =
        |result: Result<(), KeyringError>| matches!(result, Err(KeyringError::Transition));
    assert!(refused(keyring.promote_kek(first)), "the key is active");
    assert!(refused(keyring.destroy_kek(first)), "the key is active");
    let second = keyring.stage_kek().unwrap();
    assert!(refused(keyring.destroy_kek(second)), "the key is staged");
    keyring.promote_kek(second).unwrap();
    assert!(
        refused(keyring.promote_kek(first)),
        "the key is decrypt-only"
    );
    keyring.destroy_kek(first).unwrap();
    assert!(refused(keyring.destroy_kek(first)), "the key is destroyed");
    assert!(
        refused(keyring.promote_kek(KekRef {
            version: 9,
            ..first
        })),
        "the key is unknown"
    );
    assert_eq!(
        states(&keyring),
        [(1, KekState::Destroyed), (2, KekState::Active)]
    );
}

#[test]
fn a_strength_below_the_floor_or_above_the_ceiling_is_refused() {
    for (m_kib, t, p) in [
        (65_535, 3, 1),
        (1_048_577, 3, 1),
        (65_536, 2, 1),
        (65_536, 17, 1),
        (65_536, 3, 0),
        (65_536, 3, 17),
    ] {
        assert_eq!(Strength::new(m_kib, t, p), Err(InvalidStrength));
    }
    assert_eq!(Strength::new(65_536, 3, 1), Ok(Strength::floor()));
    assert_eq!(Strength::new(262_144, 3, 1), Ok(Strength::default()));
}

#[test]
fn a_keyring_is_written_with_a_passphrase_of_sixteen_bytes_at_least() {
    let (bench, mut keyring) = Bench::with_keyring();
    let short = Passphrase::parse("fifteen bytes..".to_owned()).unwrap();
    let path = bench.path.with_extension("new");
    let created = Keyring::create(&path, &short, Strength::floor()).unwrap_err();
    assert!(
        matches!(created, KeyringError::ShortPassphrase),
        "{created}"
    );
    assert!(!path.exists());
    let saved = keyring.save_file(&bench.path, &short, Strength::floor());
    assert!(matches!(saved, Err(KeyringError::ShortPassphrase)));
    assert!(bench.open().is_ok(), "the file is unchanged");
    assert_eq!(bench.files(), 1);
}
