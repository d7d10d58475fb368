//! `REGRANT_KEYRING_…`: the keyring and its passphrase.

use std::path::PathBuf;

use regrant_domain::Passphrase;

use super::SettingsReader;

/// Where the keyring is and what unlocks it.
pub(crate) struct KeyringFile {
    /// The keyring's file.
    pub path: PathBuf,
    /// Unlocks the keyring.
    pub passphrase: Passphrase,
}

/// Reads the section `keyring`; `None` where a setting without a default is missing.
pub(super) fn read_keyring(reader: &mut SettingsReader<'_>) -> Option<KeyringFile> {
    let path = reader.read_required("keyring.path");
    let passphrase = reader.read_secret("keyring.passphrase");
    let passphrase = Passphrase::parse(passphrase?);
    let passphrase = passphrase
        .map_err(|error| reader.add_fault("keyring.passphrase", error))
        .ok()?;
    Some(KeyringFile {
        path: path?,
        passphrase,
    })
}
