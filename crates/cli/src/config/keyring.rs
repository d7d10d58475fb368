//! `REGRANT_KEYRING_…`: the keyring and its passphrase.
//!
//! The rule: the passphrase comes from a file alone. A variable is copied into every child and stays in the memory of the
//! process; the settings file is often readable for others.

use std::path::{Path, PathBuf};

use regrant_crypto::PassphraseReader;
use regrant_domain::Passphrase;

use super::SettingsReader;
use crate::private_file::{self, SharedFile};

/// Why a passphrase that is set as a value is refused, and what to do.
pub(crate) const PASSPHRASE_IN_VARIABLE: &str = "is no longer read: write the passphrase into a file of mode 0600, and \
     set REGRANT_KEYRING_PASSPHRASE_FILE to its path";

/// Where the keyring is and what unlocks it.
pub(crate) struct KeyringFile {
    /// The keyring's file.
    pub path: PathBuf,
    /// Unlocks the keyring.
    pub passphrase: Passphrase,
    /// Reads the passphrase again, to follow a keyring that was replaced.
    pub read_passphrase: PassphraseReader,
}

/// The settings of this section.
pub(super) const SETTINGS: [&str; 4] = [
    "keyring.path",
    "keyring.passphrase_file",
    "keyring.allow_shared_passphrase_file",
    "keyring.passphrase",
];

/// Reads the section `keyring`; `None` where a setting without a default is missing.
pub(super) fn read_keyring(reader: &mut SettingsReader<'_>) -> Option<KeyringFile> {
    let path = reader.read_required("keyring.path");
    let shared = reader.read_or_default("keyring.allow_shared_passphrase_file", false);
    let shared = if shared {
        SharedFile::Allowed
    } else {
        SharedFile::Refused
    };
    reader.refuse_value("keyring.passphrase", PASSPHRASE_IN_VARIABLE);
    let file: String = reader.read_required("keyring.passphrase_file")?;
    let passphrase = private_file::read_passphrase(Path::new(&file), shared)
        .map_err(|error| reader.add_fault("keyring.passphrase_file", format!("{error:#}")))
        .ok()?;
    Some(KeyringFile {
        path: path?,
        passphrase,
        read_passphrase: Box::new(move || {
            Ok(private_file::read_passphrase_again(
                Path::new(&file),
                shared,
            )?)
        }),
    })
}
