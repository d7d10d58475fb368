//! The keyring: the key-encryption keys of one installation, in a file sealed with a passphrase.
//!
//! The rule: exactly one key is active, and a key only moves forward: staged, active, decrypt-only,
//! destroyed. `create` and `save_file` write it, `open` reads it. `sealed` has the format of the file and `file` writes
//! it to disk; `local` keeps it in memory and follows changes of the file. `service` is what other key providers are
//! reached through, and `provider` puts them together.

mod file;
mod kek;
mod local;
mod provider;
mod provider_error;
pub(crate) mod sealed;
mod service;
mod source;
mod strength;

use std::{fmt, io, path::Path};

use regrant_domain::{Clock, Passphrase};
use uuid::Uuid;
use zeroize::Zeroize;

pub(crate) use regrant_domain::KekRef;

pub(crate) use kek::Kek;
pub use kek::{KekState, KekSummary};
pub use local::{LocalKeys, PassphraseReader};
pub use provider::KeyProvider;
pub use provider_error::ProviderError;
pub use service::{KeyContext, KeyService, ProviderKind, Refresh, ServiceFuture, UnknownProvider};
pub use source::{KeySource, ServiceKeys};
pub use strength::{InvalidStrength, Strength};

use crate::primitives::random_bytes;

/// Together with the active key a thousand, which fit into a file of 64 KiB.
const MAX_INACTIVE_KEKS: usize = 999;

/// The keys that wrap data keys: plaintext in memory, never on disk.
pub struct Keyring {
    active_kek: Kek,
    others: Vec<Kek>,
    /// Whether a key was destroyed since the last save, so that the previous file must be removed.
    destroyed: bool,
}

/// Why a keyring could not be made, opened, changed or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// There is a file already. It is never overwritten.
    #[error("there is a file at this path already")]
    Exists,
    /// The file is readable or writable for others than the owner.
    #[error("the keyring is open to its group or to others: it must have mode 0600")]
    Permissions,
    /// Wrong passphrase or damaged file; the error does not say which.
    #[error("the passphrase is wrong or the keyring is damaged")]
    Refused,
    /// The passphrase of a file that is to be written is too short.
    #[error(
        "the passphrase has fewer than {} bytes, so that a copy of the keyring could be opened by guessing; \
         `head -c 32 /dev/urandom | base64` makes a good one",
        Passphrase::MIN_BYTES
    )]
    ShortPassphrase,
    /// The key is not in the required state.
    #[error("the key is not in the state that this step requires")]
    Transition,
    /// The system returned no random bytes.
    #[error("the system returned no random bytes")]
    Random,
    /// Deriving the key of the passphrase needs more memory than there is.
    #[error("there is not enough memory to derive the key of the passphrase")]
    Memory,
    /// The file holds the keys of another installation, or lost one that is in use.
    #[error("the keyring's file does not hold the key that this process wraps with")]
    Foreign,
    /// The passphrase could not be read again.
    #[error("the passphrase of the keyring could not be read again")]
    Passphrase(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file system returned an error.
    #[error("the keyring's file could not be read or written")]
    Io(#[source] io::Error),
    /// The key service returned an error.
    #[error(transparent)]
    Provider(ProviderError),
}

impl From<ProviderError> for KeyringError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Transition => Self::Transition,
            other => Self::Provider(other),
        }
    }
}

impl Keyring {
    /// Makes a keyring with one active key and writes it with mode 0600.
    ///
    /// # Errors
    /// [`KeyringError::Exists`]: there is a file already; [`KeyringError::ShortPassphrase`]; otherwise randomness,
    /// memory or the disk.
    pub fn create(
        path: &Path,
        passphrase: &Passphrase,
        strength: Strength,
    ) -> Result<Self, KeyringError> {
        if path.try_exists().map_err(KeyringError::Io)? {
            return Err(KeyringError::Exists);
        }
        let keyring = Self::in_memory()?;
        file::create_file(path, &keyring.seal_file(passphrase, strength)?)?;
        Ok(keyring)
    }

    /// Opens the file of a keyring. The passphrase is used once and not kept.
    ///
    /// # Errors
    /// [`KeyringError::Permissions`], or [`KeyringError::Refused`] for any fault of the content.
    pub fn open(path: &Path, passphrase: &Passphrase) -> Result<Self, KeyringError> {
        Self::open_with_strength(path, passphrase).map(|(keyring, _)| keyring)
    }

    /// The same, with the costs that the file was sealed with.
    fn open_with_strength(
        path: &Path,
        passphrase: &Passphrase,
    ) -> Result<(Self, Strength), KeyringError> {
        let bytes = file::read_file(path)?;
        let locked = sealed::KeyringFile::parse(&bytes).ok_or(KeyringError::Refused)?;
        let strength = locked.strength();
        let stretched = strength
            .stretch_passphrase(passphrase, locked.salt())
            .ok_or(KeyringError::Memory)?;
        let keyring = locked
            .open_keyring(&stretched)
            .ok_or(KeyringError::Refused)?;
        Ok((keyring, strength))
    }

    /// A keyring in memory only: keys that it wraps cannot be unwrapped after the process ends.
    ///
    /// # Errors
    /// [`KeyringError::Random`]: the system returned no random bytes.
    pub fn in_memory() -> Result<Self, KeyringError> {
        let at = KekRef {
            id: Uuid::now_v7(),
            version: 1,
        };
        let active =
            Kek::generate(at, KekState::Active, now_unix()).map_err(|_| KeyringError::Random)?;
        Ok(Self::from_keys(active, Vec::new()))
    }

    /// Replaces the file of the keyring atomically, with a fresh salt and nonce. The previous file stays as `.prev`, unless
    /// it holds a key that was destroyed since.
    ///
    /// # Errors
    /// [`KeyringError::ShortPassphrase`]; otherwise randomness, memory or the disk. Then the old file is unchanged.
    pub fn save_file(
        &mut self,
        path: &Path,
        passphrase: &Passphrase,
        strength: Strength,
    ) -> Result<(), KeyringError> {
        let bytes = self.seal_file(passphrase, strength)?;
        file::replace_file(path, &bytes, !self.destroyed)?;
        self.destroyed = false;
        Ok(())
    }

    /// Adds the next version as staged: it can unwrap, but wraps nothing before it is promoted.
    ///
    /// # Errors
    /// [`KeyringError::Random`], or the keyring is full.
    pub fn stage_kek(&mut self) -> Result<KekRef, KeyringError> {
        if self.others.len() >= MAX_INACTIVE_KEKS {
            return Err(KeyringError::Transition);
        }
        let newest = self.all_keks().map(|kek| kek.at.version).max();
        let version = newest
            .and_then(|version| version.checked_add(1))
            .ok_or(KeyringError::Transition)?;
        let at = KekRef {
            id: self.active_kek.at.id,
            version,
        };
        let staged =
            Kek::generate(at, KekState::Staged, now_unix()).map_err(|_| KeyringError::Random)?;
        self.others.push(staged);
        Ok(at)
    }

    /// Makes a staged key the active one; the previous active key can only unwrap from now on.
    ///
    /// # Errors
    /// [`KeyringError::Transition`]: the key is not staged.
    pub fn promote_kek(&mut self, at: KekRef) -> Result<(), KeyringError> {
        let staged = self
            .others
            .iter()
            .position(|kek| kek.at == at && kek.state == KekState::Staged);
        let mut promoted = self
            .others
            .swap_remove(staged.ok_or(KeyringError::Transition)?);
        promoted.state = KekState::Active;
        let mut retired = std::mem::replace(&mut self.active_kek, promoted);
        retired.state = KekState::DecryptOnly;
        self.others.push(retired);
        Ok(())
    }

    /// Erases a decrypt-only key. No data key that it wrapped can be unwrapped again, not even from backups.
    ///
    /// # Errors
    /// [`KeyringError::Transition`]: the key is not decrypt-only.
    pub fn destroy_kek(&mut self, at: KekRef) -> Result<(), KeyringError> {
        let mut keys = self.others.iter_mut();
        let kek = keys
            .find(|kek| kek.at == at && kek.state == KekState::DecryptOnly)
            .ok_or(KeyringError::Transition)?;
        kek.secret.zeroize();
        kek.state = KekState::Destroyed;
        self.destroyed = true;
        Ok(())
    }

    /// Every key with its state, the active one first.
    pub fn list_keks(&self) -> impl Iterator<Item = KekSummary> + '_ {
        self.all_keks().map(Kek::to_summary)
    }

    pub(crate) const fn active(&self) -> &Kek {
        &self.active_kek
    }

    /// The key with this reference, unless it is destroyed.
    pub(crate) fn find_kek(&self, at: KekRef) -> Option<&Kek> {
        self.all_keks()
            .find(|kek| kek.at == at && kek.state != KekState::Destroyed)
    }

    pub(crate) const fn from_keys(active_kek: Kek, others: Vec<Kek>) -> Self {
        Self {
            active_kek,
            others,
            destroyed: false,
        }
    }

    pub(crate) fn all_keks(&self) -> impl Iterator<Item = &Kek> {
        std::iter::once(&self.active_kek).chain(&self.others)
    }

    /// The bytes of the file. Every file that is written comes from here.
    fn seal_file(
        &self,
        passphrase: &Passphrase,
        strength: Strength,
    ) -> Result<Vec<u8>, KeyringError> {
        if passphrase.is_short() {
            return Err(KeyringError::ShortPassphrase);
        }
        let salt = random_bytes().map_err(|_| KeyringError::Random)?;
        let nonce = random_bytes().map_err(|_| KeyringError::Random)?;
        let stretched = strength
            .stretch_passphrase(passphrase, &salt)
            .ok_or(KeyringError::Memory)?;
        sealed::seal_keyring(self, &stretched, strength, &salt, *nonce).ok_or(KeyringError::Refused)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(…)")
    }
}

static_assertions::assert_not_impl_any!(Keyring: Clone, fmt::Display, serde::Serialize, PartialEq<Keyring>);

fn now_unix() -> i64 {
    Clock::system_time().timestamp()
}
