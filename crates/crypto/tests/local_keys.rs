//! The keys of the provider `local`: they follow their file, and are changed in it.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    thread,
};

use regrant_crypto::{KekState, KeyProvider, Keyring, KeyringError, LocalKeys, Strength};
use regrant_domain::Passphrase;
use tempfile::TempDir;

const TEXT: &str = "correct horse battery staple";

struct Bench {
    directory: TempDir,
    path: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keyring");
        Keyring::create(&path, &passphrase(), Strength::floor()).unwrap();
        Self { directory, path }
    }

    /// The keys of another process that uses the same file.
    fn open(&self) -> LocalKeys {
        let read = Box::new(|| Ok(passphrase()));
        LocalKeys::open(self.path.clone(), &passphrase(), read).unwrap()
    }
}

fn passphrase() -> Passphrase {
    Passphrase::parse(TEXT.to_owned()).unwrap()
}

fn states(keys: &LocalKeys) -> Vec<(u32, KekState)> {
    let listed = keys.list_keks();
    let mut states: Vec<_> = listed.iter().map(|it| (it.kek.version, it.state)).collect();
    states.sort_by_key(|(version, _)| *version);
    states
}

#[test]
fn keys_follow_what_another_process_does_with_the_file_and_read_it_once() {
    use KekState::{Active, DecryptOnly, Destroyed, Staged};
    let bench = Bench::new();
    let (one, other) = (bench.open(), bench.open());
    assert!(!other.reload().unwrap());
    let old = one.list_keks().first().unwrap().kek;
    let new = one.stage_kek().unwrap();
    assert_eq!(states(&other), [(1, Active)]);
    assert!(other.reload().unwrap());
    assert!(!other.reload().unwrap());
    assert_eq!(states(&other), [(1, Active), (2, Staged)]);
    other.promote_kek(new).unwrap();
    assert!(one.reload().unwrap());
    assert_eq!(states(&one), [(1, DecryptOnly), (2, Active)]);
    one.destroy_kek(old).unwrap();
    assert!(other.reload().unwrap());
    assert_eq!(states(&other), [(1, Destroyed), (2, Active)]);
    assert!(!bench.directory.path().join("keyring.prev").exists());
}

#[test]
fn processes_that_stage_at_the_same_time_stage_one_version() {
    let bench = Bench::new();
    let staging: Vec<_> = (0..4)
        .map(|_| {
            let keys = bench.open();
            thread::spawn(move || keys.stage_kek().unwrap())
        })
        .collect();
    let staged: Vec<_> = staging.into_iter().map(|it| it.join().unwrap()).collect();
    assert!(staged.iter().all(|it| it.version == 2), "{staged:?}");
    assert_eq!(bench.open().list_keks().len(), 2);
}

#[test]
fn a_step_that_was_done_already_is_refused_and_writes_nothing() {
    let bench = Bench::new();
    let keys = bench.open();
    let staged = keys.stage_kek().unwrap();
    let before = fs::read(&bench.path).unwrap();
    assert_eq!(keys.stage_kek().unwrap(), staged);
    assert!(matches!(
        keys.destroy_kek(staged),
        Err(KeyringError::Transition)
    ));
    assert_eq!(fs::read(&bench.path).unwrap(), before);
    keys.promote_kek(staged).unwrap();
    assert!(matches!(
        keys.promote_kek(staged),
        Err(KeyringError::Transition)
    ));
}

#[test]
fn the_keyring_of_another_installation_is_refused_and_the_keys_stay() {
    let (bench, other) = (Bench::new(), Bench::new());
    let keys = bench.open();
    let before = states(&keys);
    fs::rename(&other.path, &bench.path).unwrap();
    assert!(matches!(keys.reload(), Err(KeyringError::Foreign)));
    assert!(!keys.reload().unwrap(), "it is not tried again at once");
    assert!(matches!(keys.stage_kek(), Err(KeyringError::Foreign)));
    assert_eq!(states(&keys), before);
    assert_eq!(bench.open().list_keks().len(), 1, "nothing was written");
}

#[test]
fn a_file_that_does_not_open_leaves_the_keys_in_memory_until_it_is_replaced_again() {
    let bench = Bench::new();
    let (keys, other) = (bench.open(), bench.open());
    let whole = fs::read(&bench.path).unwrap();
    let beside = bench.directory.path().join("draft");
    fs::write(&beside, &whole[..whole.len() - 1]).unwrap();
    fs::set_permissions(&beside, Permissions::from_mode(0o600)).unwrap();
    fs::rename(&beside, &bench.path).unwrap();
    assert!(matches!(keys.reload(), Err(KeyringError::Refused)));
    assert!(!keys.reload().unwrap(), "it is not tried again at once");
    fs::remove_file(&bench.path).unwrap();
    assert!(matches!(keys.reload(), Err(KeyringError::Io(_))));
    fs::write(&beside, &whole).unwrap();
    fs::set_permissions(&beside, Permissions::from_mode(0o600)).unwrap();
    fs::rename(&beside, &bench.path).unwrap();
    assert!(keys.reload().unwrap());
    other.stage_kek().unwrap();
    assert!(keys.reload().unwrap());
}

#[test]
fn a_draft_that_a_killed_process_left_goes_with_the_destroyed_key() {
    let bench = Bench::new();
    let keys = bench.open();
    let old = keys.list_keks().first().unwrap().kek;
    let new = keys.stage_kek().unwrap();
    keys.promote_kek(new).unwrap();
    let left = bench.directory.path().join("keyring.0123456789abcdef");
    let others = ["keyring.backup", "other.0123456789abcdef"];
    let others = others.map(|it| bench.directory.path().join(it));
    for copy in others.iter().chain([&left]) {
        fs::copy(&bench.path, copy).unwrap();
    }
    keys.destroy_kek(old).unwrap();
    assert!(!left.exists(), "it holds the key that is destroyed");
    assert!(others.iter().all(|it| it.exists()), "they are no drafts");
    assert_eq!(
        states(&bench.open()),
        [(1, KekState::Destroyed), (2, KekState::Active)]
    );
}

#[tokio::test]
async fn a_keyring_that_no_longer_wraps_destroys_its_only_key_and_still_opens() {
    let bench = Bench::new();
    let keys = bench.open();
    let old = keys.list_keks().first().unwrap().kek;
    let active = LocalKeys::from(Keyring::in_memory().unwrap());
    let provider = KeyProvider::new(active.into(), vec![keys.into()]);
    provider.check_destruction(old).unwrap();
    provider.destroy_kek(old).await.unwrap();
    assert!(!provider.is_gone(old).await.unwrap(), "it is listed");
    let opened = bench.open();
    assert_eq!(
        states(&opened),
        [(1, KekState::Destroyed), (2, KekState::Active)],
        "another version has its place"
    );
    assert!(!bench.directory.path().join("keyring.prev").exists());
    let refused = provider.destroy_kek(old).await;
    assert!(matches!(refused, Err(KeyringError::Transition)));
}

#[test]
fn keys_without_a_file_change_in_memory() {
    let keys = LocalKeys::from(Keyring::in_memory().unwrap());
    assert!(!keys.reload().unwrap());
    let staged = keys.stage_kek().unwrap();
    keys.promote_kek(staged).unwrap();
    assert_eq!(
        states(&keys),
        [(1, KekState::DecryptOnly), (2, KekState::Active)]
    );
}
