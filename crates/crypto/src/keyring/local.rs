//! The keys of the provider `local`: a keyring in memory that follows its file.
//!
//! The rule: the file is the truth. A change is made to the file, under a lock, and then read into memory; a file that
//! was replaced is read once. Everything here may take seconds and block: call it on a blocking thread.
//! Start at [`LocalKeys::open`].

use std::{
    fmt,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
    time::{Duration, Instant},
};

use regrant_domain::{KekRef, Passphrase};

use super::{
    KekState, KekSummary, Keyring, KeyringError,
    file::{self, FileStamp},
};

/// Reads the passphrase again, because it is not kept.
pub type PassphraseReader =
    Box<dyn Fn() -> Result<Passphrase, Box<dyn std::error::Error + Send + Sync>> + Send + Sync>;

/// A file that could not be opened is not tried again for this long, unless it changes.
const RETRY_AFTER: Duration = Duration::from_mins(1);

/// The keys in memory, and the file that they came from.
pub struct LocalKeys {
    keyring: RwLock<Keyring>,
    file: Option<KeyringFile>,
}

struct KeyringFile {
    path: PathBuf,
    read_passphrase: PassphraseReader,
    /// Held while the file is read or changed.
    seen: Mutex<SeenFile>,
}

/// The file as it was read last.
struct SeenFile {
    /// `None`: there was none.
    stamp: Option<FileStamp>,
    failed_at: Option<Instant>,
}

impl LocalKeys {
    /// Opens the file of a keyring so that it can be changed and followed.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn open(
        path: PathBuf,
        passphrase: &Passphrase,
        read_passphrase: PassphraseReader,
    ) -> Result<Self, KeyringError> {
        let seen = SeenFile {
            stamp: file::read_stamp(&path).ok(),
            failed_at: None,
        };
        let keyring = Keyring::open(&path, passphrase)?;
        Ok(Self {
            keyring: RwLock::new(keyring),
            file: Some(KeyringFile {
                path,
                read_passphrase,
                seen: Mutex::new(seen),
            }),
        })
    }

    /// Reads the file if it was replaced since it was read last. Returns whether the keys were read again.
    ///
    /// # Errors
    /// The file does not open, or [`KeyringError::Foreign`]; the keys in memory stay. The same file is tried again after a
    /// minute.
    pub fn reload(&self) -> Result<bool, KeyringError> {
        let Some(file) = &self.file else {
            return Ok(false);
        };
        let mut seen = file.lock_seen();
        let stamp = file::read_stamp(&file.path).ok();
        let is_resting = seen.failed_at.is_none_or(|it| it.elapsed() < RETRY_AFTER);
        if stamp == seen.stamp && is_resting {
            return Ok(false);
        }
        seen.stamp = stamp;
        seen.failed_at = Some(Instant::now());
        let (keyring, ..) = file.open_keyring()?;
        self.replace_keyring(keyring)?;
        seen.failed_at = None;
        Ok(true)
    }

    /// Adds the next version as staged, unless there is a staged one; returns it.
    ///
    /// # Errors
    /// The file cannot be changed, or the keyring is full.
    pub fn stage_kek(&self) -> Result<KekRef, KeyringError> {
        self.change_keyring(|keyring| {
            let staged = keyring
                .list_keks()
                .find(|it| it.state == KekState::Staged)
                .map(|it| it.kek);
            staged.map_or_else(|| keyring.stage_kek(), Ok)
        })
    }

    /// Makes a staged version the active one.
    ///
    /// # Errors
    /// [`KeyringError::Transition`]: it is not staged. Or the file cannot be changed.
    pub fn promote_kek(&self, kek: KekRef) -> Result<(), KeyringError> {
        self.change_keyring(|keyring| keyring.promote_kek(kek))
    }

    /// Destroys a decrypt-only version, in the file and in the copies beside it too.
    ///
    /// # Errors
    /// [`KeyringError::Transition`]: it is not decrypt-only. Or the file cannot be changed.
    pub fn destroy_kek(&self, kek: KekRef) -> Result<(), KeyringError> {
        self.change_keyring(|keyring| keyring.destroy_kek(kek))
    }

    /// Every key with its state, the active one first.
    #[must_use]
    pub fn list_keks(&self) -> Vec<KekSummary> {
        self.keyring().list_keks().collect()
    }

    pub(super) fn keyring(&self) -> RwLockReadGuard<'_, Keyring> {
        self.keyring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change_keyring<T>(
        &self,
        change: impl FnOnce(&mut Keyring) -> Result<T, KeyringError>,
    ) -> Result<T, KeyringError> {
        let Some(file) = &self.file else {
            let mut keyring = self.keyring.write().unwrap_or_else(PoisonError::into_inner);
            return change(&mut keyring);
        };
        let mut seen = file.lock_seen();
        let _locked = file::lock_directory(&file.path)?;
        file::remove_drafts(&file.path).map_err(KeyringError::Io)?;
        let (mut keyring, strength, passphrase) = file.open_keyring()?;
        check_ours(&self.keyring(), &keyring)?;
        let before: Vec<KekSummary> = keyring.list_keks().collect();
        let changed = change(&mut keyring)?;
        if !keyring.list_keks().eq(before) {
            keyring.save_file(&file.path, &passphrase, strength)?;
        }
        let stamp = file::read_stamp(&file.path).ok();
        self.replace_keyring(keyring)?;
        *seen = SeenFile {
            stamp,
            failed_at: None,
        };
        Ok(changed)
    }

    /// Takes a newer keyring of this installation.
    fn replace_keyring(&self, keyring: Keyring) -> Result<(), KeyringError> {
        let mut current = self.keyring.write().unwrap_or_else(PoisonError::into_inner);
        check_ours(&current, &keyring)?;
        *current = keyring;
        Ok(())
    }
}

impl KeyringFile {
    fn lock_seen(&self) -> MutexGuard<'_, SeenFile> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_keyring(&self) -> Result<(Keyring, super::Strength, Passphrase), KeyringError> {
        let passphrase = (self.read_passphrase)().map_err(KeyringError::Passphrase)?;
        let (keyring, strength) = Keyring::open_with_strength(&self.path, &passphrase)?;
        Ok((keyring, strength, passphrase))
    }
}

/// A keyring of this installation knows the key that this process wraps with.
fn check_ours(current: &Keyring, read: &Keyring) -> Result<(), KeyringError> {
    let active = current.active().at;
    let is_known = read.list_keks().any(|it| it.kek == active);
    is_known.then_some(()).ok_or(KeyringError::Foreign)
}

impl From<Keyring> for LocalKeys {
    /// Keys without a file: a change of them ends with the process.
    fn from(keyring: Keyring) -> Self {
        Self {
            keyring: RwLock::new(keyring),
            file: None,
        }
    }
}

impl fmt::Debug for LocalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalKeys(…)")
    }
}
