//! The keyring.

use std::{
    future::{Ready, ready},
    sync::{Arc, Mutex},
};

use regrant_crypto::{KeySource, Keyring, LocalKeys, ProviderKind, Strength};
use regrant_domain::Passphrase;

use crate::{
    conformance::{Bench, Rotation, check_provider},
    faults::{Cell, Fault, FaultyBench, cells},
};

struct LocalBench;

impl Bench for LocalBench {
    const KIND: ProviderKind = ProviderKind::Local;
    const ROTATION: Rotation = Rotation::Versions;

    async fn source(&self, _: &str) -> KeySource {
        LocalKeys::from(Keyring::in_memory().unwrap()).into()
    }

    async fn set_down(&self, _: bool) -> bool {
        false
    }

    async fn replace_key(&self) -> bool {
        false
    }

    async fn remove_key(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn the_keyring_conforms() {
    check_provider(&LocalBench).await;
}

/// A keyring in a file.
struct FileBench {
    directory: tempfile::TempDir,
    /// What the file of the passphrase holds.
    passphrase: Arc<Mutex<&'static str>>,
    keys: Arc<LocalKeys>,
    kept: Vec<u8>,
}

const RIGHT: &str = "correct horse battery staple";
const WRONG: &str = "another passphrase of this file";

fn passphrase(text: &str) -> Passphrase {
    Passphrase::parse(text.to_owned()).unwrap()
}

impl FileBench {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keyring");
        Keyring::create(&path, &passphrase(RIGHT), Strength::floor()).unwrap();
        let kept = std::fs::read(&path).unwrap();
        let read = Arc::new(Mutex::new(RIGHT));
        let again = Arc::clone(&read);
        let read_again = Box::new(move || Ok(passphrase(*again.lock().unwrap())));
        let keys = LocalKeys::open(path, &passphrase(RIGHT), read_again).unwrap();
        Self {
            directory,
            passphrase: read,
            keys: Arc::new(keys),
            kept,
        }
    }

    fn write(&self, bytes: &[u8]) {
        std::fs::write(self.directory.path().join("keyring"), bytes).unwrap();
        // The file was replaced: the process reads it now, and keeps its keys where it cannot.
        drop(self.keys.reload());
    }
}

impl Bench for FileBench {
    const KIND: ProviderKind = ProviderKind::Local;
    const ROTATION: Rotation = Rotation::Versions;

    async fn source(&self, _: &str) -> KeySource {
        KeySource::Local(Arc::clone(&self.keys))
    }

    async fn set_down(&self, _: bool) -> bool {
        false
    }

    async fn replace_key(&self) -> bool {
        false
    }

    async fn remove_key(&self) -> bool {
        false
    }
}

/// Why there is no such fault of a keyring.
const IN_MEMORY: Cell =
    Cell::CannotBe("its keys are in the memory of the process: nothing is called");

impl FaultyBench for FileBench {
    fn cell(fault: Fault) -> Cell {
        match fault {
            Fault::Timeout | Fault::Throttle | Fault::Slow => IN_MEMORY,
            // The keys that the process has stay until the file opens again. One that starts meanwhile does not.
            _ => Cell::Serves,
        }
    }

    async fn begin(&self, fault: Fault) {
        match fault {
            Fault::Denied => {
                *self.passphrase.lock().unwrap() = WRONG;
                self.write(&self.kept);
            }
            Fault::WrongKey => {
                let path = self.directory.path().join("other");
                Keyring::create(&path, &passphrase(RIGHT), Strength::floor()).unwrap();
                self.write(&std::fs::read(path).unwrap());
            }
            Fault::Deleted => {
                std::fs::remove_file(self.directory.path().join("keyring")).unwrap();
                drop(self.keys.reload());
            }
            Fault::Garbage => self.write(&[0xff; 500]),
            _ => {}
        }
        let path = self.directory.path().join("keyring");
        let opens = Keyring::open(&path, &passphrase(*self.passphrase.lock().unwrap()));
        let may_open = matches!(fault, Fault::Restart | Fault::WrongKey);
        assert_eq!(opens.is_ok(), may_open, "a process that starts meanwhile");
    }

    async fn end(&self, _: Fault) {
        *self.passphrase.lock().unwrap() = RIGHT;
        self.write(&self.kept);
    }
}

fn start_for_cell(_test: &str) -> Ready<Option<FileBench>> {
    ready(Some(FileBench::start()))
}

cells!();
