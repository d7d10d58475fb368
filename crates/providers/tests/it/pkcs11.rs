//! PKCS#11 with `SoftHSM2` (Debian's package `softhsm2`).
//!
//! The library reads its configuration from a variable once for each process, so each test runs again as a process of its
//! own with that variable set.

use std::{
    future::{Ready, ready},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11 as Library},
    mechanism::Mechanism,
    object::{Attribute, KeyType, ObjectClass},
    session::{Session, UserType},
    types::AuthPin,
};
use regrant_crypto::{
    KekRef, KeyProvider, KeyService as _, KeySource, ProviderError, ProviderKind,
};
use regrant_providers::{Pkcs11, Pkcs11Settings};
use zeroize::Zeroizing;

use crate::{
    conformance::{Bench, Rotation, assert_same, check_provider, data_key, unwrap},
    faults::{Cell, Fault, FaultyBench, cells},
};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const CONFIGURATION: &str = "SOFTHSM2_CONF";
const PIN: &str = "1234-5678";
const TOKEN: &str = "regrant-test";
const KEY: &str = "kek";

/// A token in a directory of its own.
struct Token {
    directory: PathBuf,
    pin: Arc<Mutex<String>>,
    /// The process that holds the files of the token, while the device does not respond.
    holder: Mutex<Option<Child>>,
}

/// Runs the test in a child process with a configuration of its own. `None`: this is the parent, and the child passed.
fn token_of_child(test: &str) -> Option<Token> {
    if let Some(path) = std::env::var_os(CONFIGURATION) {
        let token = Token {
            directory: Path::new(&path).parent().unwrap().to_owned(),
            pin: Arc::new(Mutex::new(PIN.to_owned())),
            holder: Mutex::default(),
        };
        initialize_token();
        return Some(token);
    }
    assert!(Path::new(MODULE).exists(), "install the package softhsm2");
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("tokens")).unwrap();
    let configuration = directory.path().join("softhsm2.conf");
    let tokens = directory.path().join("tokens");
    let written = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        tokens.display()
    );
    std::fs::write(&configuration, written).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("pkcs11::{test}"), "--nocapture"])
        .env(CONFIGURATION, &configuration)
        .status();
    assert!(child.unwrap().success(), "the child failed");
    None
}

impl Token {
    async fn open(&self) -> Result<Pkcs11, ProviderError> {
        let pin = Arc::clone(&self.pin);
        let settings = Pkcs11Settings {
            module: MODULE.into(),
            token_label: TOKEN.to_owned(),
            key_label: KEY.to_owned(),
            read_pin: Box::new(move || Ok(Zeroizing::new(pin.lock().unwrap().clone()))),
        };
        Pkcs11::open(settings).await
    }

    async fn provider(&self) -> KeyProvider {
        KeyProvider::new(self.source("test").await, Vec::new())
    }
}

/// Initializes the token with a key.
fn initialize_token() {
    let library = library();
    let slot = *library.get_all_slots().unwrap().first().unwrap();
    let so_pin = AuthPin::new(PIN.into());
    library.init_token(slot, &so_pin, TOKEN).unwrap();
    let session = library.open_rw_session(find_slot(&library)).unwrap();
    session.login(UserType::So, Some(&so_pin)).unwrap();
    session.init_pin(&so_pin).unwrap();
    session.logout().unwrap();
    drop(session);
    make_key(&open_session(), true);
}

/// The token's slot.
fn find_slot(library: &Library) -> cryptoki::slot::Slot {
    let slots = library.get_slots_with_initialized_token().unwrap();
    let found = slots
        .into_iter()
        .find(|it| library.get_token_info(*it).unwrap().label() == TOKEN);
    found.unwrap()
}

/// Opens a session that is logged in.
fn open_session() -> Session {
    let library = library();
    let session = library.open_rw_session(find_slot(&library)).unwrap();
    // The provider may have logged the process in already.
    drop(session.login(UserType::User, Some(&AuthPin::new(PIN.into()))));
    session
}

fn destroy_keys() {
    let session = open_session();
    for key in session
        .find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY)])
        .unwrap()
    {
        session.destroy_object(key).unwrap();
    }
}

/// The library, initialized.
fn library() -> Library {
    let library = Library::new(MODULE).unwrap();
    drop(library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)));
    library
}

/// Ends every session and log-in of this process, as a restart of the device does.
fn end_all_sessions() {
    library().finalize().unwrap();
}

fn make_key(session: &Session, is_protected: bool) {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::ValueLen(32.into()),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(is_protected),
        Attribute::Extractable(!is_protected),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
        Attribute::Label(KEY.into()),
        Attribute::Id(vec![1]),
    ];
    session
        .generate_key(&Mechanism::AesKeyGen, &template)
        .unwrap();
}

impl Bench for Token {
    const KIND: ProviderKind = ProviderKind::Pkcs11;
    const ROTATION: Rotation = Rotation::Versions;

    async fn source(&self, environment: &str) -> KeySource {
        let opened = self.open().await.unwrap();
        KeySource::of_service(Arc::new(opened), environment.to_owned())
    }

    async fn set_down(&self, down: bool) -> bool {
        let (here, away) = (self.directory.join("tokens"), self.directory.join("away"));
        end_all_sessions();
        if down {
            std::fs::rename(&here, away).unwrap();
            std::fs::create_dir(here).unwrap();
        } else {
            std::fs::remove_dir_all(&here).unwrap();
            std::fs::rename(away, here).unwrap();
        }
        true
    }

    async fn replace_key(&self) -> bool {
        // The suite left version 3.
        destroy_keys();
        make_key(&open_session(), true);
        let session = open_session();
        for key in session
            .find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY)])
            .unwrap()
        {
            session
                .update_attributes(key, &[Attribute::Id(vec![0, 0, 0, 3])])
                .unwrap();
        }
        true
    }

    async fn remove_key(&self) -> bool {
        destroy_keys();
        true
    }
}

impl Token {
    /// Locks every file of the token from another process, so that the library waits for them.
    fn hold_files(&self) {
        let program = "import fcntl, pathlib, sys, time\n\
            held = [open(it, 'r+') for it in pathlib.Path(sys.argv[1]).rglob('*') if it.is_file()]\n\
            [fcntl.lockf(it, fcntl.LOCK_EX) for it in held]\n\
            print(len(held), flush=True)\n\
            time.sleep(300)";
        let mut python = Command::new("python3");
        python
            .args(["-c", program])
            .arg(self.directory.join("tokens"));
        let mut child = python.stdout(Stdio::piped()).spawn().unwrap();
        let mut held = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut held).unwrap();
        assert_ne!(held.trim(), "0", "no file was held");
        *self.holder.lock().unwrap() = Some(child);
    }

    fn release_files(&self) {
        if let Some(mut child) = self.holder.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Changes the files of the token, which a copy keeps.
    fn change_files(&self, change: impl FnOnce()) {
        copy_all(&self.directory.join("tokens"), &self.directory.join("kept"));
        change();
    }

    /// Brings the files of the token back, as a backup of a device does.
    fn restore_files(&self) {
        end_all_sessions();
        let (here, kept) = (self.directory.join("tokens"), self.directory.join("kept"));
        if kept.exists() {
            std::fs::remove_dir_all(&here).unwrap();
            std::fs::rename(kept, here).unwrap();
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

/// Overwrites every object of the token.
fn spoil_objects(directory: &Path) {
    for token in std::fs::read_dir(directory).unwrap() {
        for file in std::fs::read_dir(token.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|it| it == "object") {
                std::fs::write(path, [0xff; 300]).unwrap();
            }
        }
    }
}

impl FaultyBench for Token {
    fn cell(fault: Fault) -> Cell {
        match fault {
            Fault::Timeout | Fault::Slow | Fault::Garbage => Cell::Outage,
            Fault::Denied | Fault::WrongKey | Fault::Deleted => Cell::Refusal,
            // The session is opened again.
            Fault::Restart => Cell::Serves,
            Fault::Throttle => Cell::CannotBe("PKCS#11 has no error for too many calls"),
        }
    }

    async fn begin(&self, fault: Fault) {
        match fault {
            // A library that waits is both: it never returns before the end of the fault.
            Fault::Timeout | Fault::Slow => self.hold_files(),
            Fault::Denied => {
                "wrong-pin".clone_into(&mut self.pin.lock().unwrap());
                end_all_sessions();
            }
            Fault::WrongKey => self.change_files(|| {
                destroy_keys();
                make_key(&open_session(), true);
            }),
            Fault::Deleted => self.change_files(destroy_keys),
            Fault::Garbage => self.change_files(|| {
                spoil_objects(&self.directory.join("tokens"));
                end_all_sessions();
            }),
            Fault::Restart => end_all_sessions(),
            Fault::Throttle => {}
        }
    }

    async fn end(&self, fault: Fault) {
        self.release_files();
        PIN.clone_into(&mut self.pin.lock().unwrap());
        if matches!(fault, Fault::WrongKey | Fault::Deleted | Fault::Garbage) {
            self.restore_files();
        }
    }
}

fn start_for_cell(test: &str) -> Ready<Option<Token>> {
    ready(token_of_child(test))
}

cells!();

#[tokio::test]
async fn softhsm_conforms() {
    if let Some(token) = token_of_child("softhsm_conforms") {
        check_provider(&token).await;
    }
}

#[tokio::test]
async fn a_restart_of_the_device_is_survived() {
    let Some(token) = token_of_child("a_restart_of_the_device_is_survived") else {
        return;
    };
    let (provider, key) = (token.provider().await, data_key());
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    for _ in 0..3 {
        end_all_sessions();
        assert_same(&key, &unwrap(&provider, &key, &wrapped).await.unwrap());
    }
    // The log-in is lost, and the sessions stay.
    open_session().logout().unwrap();
    assert_same(&key, &unwrap(&provider, &key, &wrapped).await.unwrap());
}

#[tokio::test]
async fn many_calls_at_once_share_a_few_sessions() {
    let Some(token) = token_of_child("many_calls_at_once_share_a_few_sessions") else {
        return;
    };
    let provider = Arc::new(token.provider().await);
    let key = Arc::new(data_key());
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (provider, key, wrapped) = (Arc::clone(&provider), Arc::clone(&key), wrapped.clone());
        calls.spawn(async move { unwrap(&provider, &key, &wrapped).await.map(drop) });
    }
    for done in calls.join_all().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn a_wrong_pin_is_sent_once_and_a_new_one_opens() {
    let Some(token) = token_of_child("a_wrong_pin_is_sent_once_and_a_new_one_opens") else {
        return;
    };
    let (provider, key) = (token.provider().await, data_key());
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    *token.pin.lock().unwrap() = "wrong-pin".to_owned();
    end_all_sessions();
    let first = unwrap(&provider, &key, &wrapped).await.unwrap_err();
    let again = unwrap(&provider, &key, &wrapped).await.unwrap_err();
    assert!(first.to_string().contains("PinIncorrect"), "{first}");
    assert!(again.to_string().contains("refused the PIN"), "{again}");
    assert!(!first.to_string().contains("wrong-pin"), "{first}");
    *token.pin.lock().unwrap() = PIN.to_owned();
    assert_same(&key, &unwrap(&provider, &key, &wrapped).await.unwrap());
}

#[tokio::test]
async fn a_version_is_gone_only_if_the_token_has_a_newer_one() {
    let Some(token) = token_of_child("a_version_is_gone_only_if_the_token_has_a_newer_one") else {
        return;
    };
    let device = token.open().await.unwrap();
    let old = device.list_keks()[0].kek;
    assert!(!device.is_gone(old).await.unwrap(), "it is there");
    let staged = device.stage_kek().await.unwrap();
    device.promote_kek(staged).await.unwrap();
    assert!(!device.is_gone(old).await.unwrap(), "it still opens");
    device.destroy_kek(old).await.unwrap();
    assert!(device.is_gone(old).await.unwrap());
    let later = KekRef { version: 9, ..old };
    assert!(!device.is_gone(later).await.unwrap(), "it never was");
    let foreign = KekRef {
        id: uuid::Uuid::from_u128(1),
        ..old
    };
    assert!(!device.is_gone(foreign).await.unwrap());
    assert!(token.set_down(true).await);
    assert!(device.is_gone(old).await.unwrap_err().is_retryable());
    assert!(token.set_down(false).await);
    assert!(device.is_gone(old).await.unwrap());
    destroy_keys();
    assert!(!device.is_gone(old).await.unwrap(), "the token is empty");
}

#[tokio::test]
async fn a_key_that_can_be_extracted_is_refused() {
    let Some(token) = token_of_child("a_key_that_can_be_extracted_is_refused") else {
        return;
    };
    destroy_keys();
    make_key(&open_session(), false);
    let refused = token.open().await.err().unwrap();
    assert!(refused.to_string().contains("not extractable"), "{refused}");
}
