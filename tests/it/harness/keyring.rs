//! A keyring in a file, for tests that open a second vault on the same database.

use std::path::Path;

use regrant_crypto::{KeyProvider, Keyring, LocalKeys, Strength};
use regrant_domain::Passphrase;

fn passphrase() -> Passphrase {
    Passphrase::parse("correct horse battery staple".to_owned()).expect("a passphrase")
}

/// Creates a keyring in this directory.
pub fn create_keyring(directory: &Path) {
    let path = directory.join("keyring");
    Keyring::create(&path, &passphrase(), Strength::floor()).expect("a keyring");
}

/// Opens the keyring of this directory.
pub fn open_keyring(directory: &Path) -> KeyProvider {
    let read = Box::new(|| Ok(passphrase()));
    let keys = LocalKeys::open(directory.join("keyring"), &passphrase(), read);
    KeyProvider::from(keys.expect("the keyring opens"))
}
