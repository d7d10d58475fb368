//! The data directory of `dev`.
//!
//! The rule: `dev` deletes only files that it made. A directory belongs to `dev` if it contains the marker file,
//! and `--fresh` is refused if it contains any foreign file.

use std::{
    fs::{self, File, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use regrant_crypto::{Keyring, LocalKeys, Strength};
use regrant_domain::{Passphrase, error_chain};
use tracing::warn;

use crate::private_file;

const MARKER: &str = "dev.lock";
const DATABASE: &str = "dev.sqlite3";
const KEYRING: &str = "dev.keyring";
const PASSPHRASE: &str = "dev.passphrase";
const TENANTS: &str = "dev.tenants.json";
const OPERATOR: &str = "dev.operator.json";
/// Every file that `dev` makes.
const OWN_FILES: [&str; 10] = [
    MARKER,
    DATABASE,
    "dev.sqlite3-wal",
    "dev.sqlite3-shm",
    "dev.sqlite3-work",
    KEYRING,
    "dev.keyring.prev",
    PASSPHRASE,
    TENANTS,
    OPERATOR,
];

/// An open data directory; the lock keeps every other `dev` out.
pub(crate) struct DataDir {
    path: PathBuf,
    /// Whether this start made the directory.
    is_new: bool,
    _lock: File,
}

impl DataDir {
    /// Opens the directory, creates it if it does not exist, and empties it if `fresh` is set.
    pub fn open(path: &Path, fresh: bool) -> anyhow::Result<Self> {
        let is_new = !path.exists();
        private_file::make_directory(path)?;
        let path = path
            .canonicalize()
            .with_context(|| format!("cannot enter {}", path.display()))?;
        let names = list_names(&path)?;
        if fresh {
            refuse_foreign_files(&path, &names)?;
        }
        let lock = lock_marker(&path.join(MARKER))?;
        if fresh {
            for name in names.iter().filter(|name| *name != MARKER) {
                fs::remove_file(path.join(name))
                    .with_context(|| format!("cannot delete {name}"))?;
            }
        }
        Ok(Self {
            path,
            is_new,
            _lock: lock,
        })
    }

    /// Removes the directory if this start made it: a start that failed leaves nothing behind.
    pub fn remove_if_new(self) {
        if self.is_new
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            warn!(
                error = error_chain(&error), path = %self.path.display(),
                "cannot remove the directory of this start"
            );
        }
    }

    pub fn database_path(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    pub fn tenants_path(&self) -> PathBuf {
        self.path.join(TENANTS)
    }

    pub fn operator_path(&self) -> PathBuf {
        self.path.join(OPERATOR)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the keyring, or creates it on the first start. It has the lowest strength that is accepted, so that a
    /// start is fast: its passphrase is stored beside it anyway.
    pub fn open_keyring(&self) -> anyhow::Result<LocalKeys> {
        let (keyring, passphrase) = (self.path.join(KEYRING), self.path.join(PASSPHRASE));
        if keyring.exists() {
            return open_keys(keyring, passphrase);
        }
        anyhow::ensure!(
            !self.database_path().exists(),
            "{} is missing, and without it the database cannot be read: start with --fresh",
            keyring.display()
        );
        let secret = regrant_crypto::mint_client_secret()?.0;
        private_file::write_private(&passphrase, secret.expose().as_bytes())?;
        let text = Passphrase::parse(secret.expose().to_owned())?;
        Keyring::create(&keyring, &text, Strength::floor())
            .with_context(|| format!("cannot create {}", keyring.display()))?;
        open_keys(keyring, passphrase)
    }
}

fn open_keys(keyring: PathBuf, passphrase: PathBuf) -> anyhow::Result<LocalKeys> {
    let text = format!("cannot open {}", keyring.display());
    let read = move || -> anyhow::Result<Passphrase> {
        Ok(Passphrase::parse(private_file::read_secret(&passphrase)?)?)
    };
    let first = read()?;
    LocalKeys::open(keyring, &first, Box::new(move || Ok(read()?))).context(text)
}

fn list_names(path: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn refuse_foreign_files(path: &Path, names: &[String]) -> anyhow::Result<()> {
    let shown = path.display();
    if let Some(foreign) = names
        .iter()
        .find(|name| !OWN_FILES.contains(&name.as_str()))
    {
        anyhow::bail!(
            "{shown} contains {foreign}, which `dev` did not make: --fresh deletes nothing"
        );
    }
    let is_ours = names.is_empty() || names.iter().any(|name| name == MARKER);
    anyhow::ensure!(
        is_ours,
        "`dev` did not make {shown}: --fresh deletes nothing"
    );
    Ok(())
}

fn lock_marker(path: &Path) -> anyhow::Result<File> {
    let file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path);
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!(
                "another `regrant dev` uses this directory; choose another one with --data"
            )
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock the data directory"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_deletes_only_what_dev_made() {
        let home = tempfile::tempdir().unwrap();
        drop(DataDir::open(home.path(), false).unwrap());
        fs::write(home.path().join(TENANTS), "{}").unwrap();
        drop(DataDir::open(home.path(), true).unwrap());
        assert_eq!(list_names(home.path()).unwrap(), [MARKER]);
    }

    #[test]
    fn fresh_is_refused_if_there_are_foreign_files() {
        let home = tempfile::tempdir().unwrap();
        drop(DataDir::open(home.path(), false).unwrap());
        fs::write(home.path().join("thesis.txt"), "").unwrap();
        let message = DataDir::open(home.path(), true).err().unwrap().to_string();
        assert!(message.contains("thesis.txt"), "{message}");
        assert!(home.path().join("thesis.txt").exists());
    }

    #[test]
    fn a_directory_without_the_marker_is_not_devs() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(KEYRING), "production").unwrap();
        assert!(DataDir::open(home.path(), true).is_err());
        assert!(home.path().join(KEYRING).exists());
    }

    #[test]
    fn a_start_that_failed_removes_only_the_directory_that_it_made() {
        let home = tempfile::tempdir().unwrap();
        let made = home.path().join("made");
        let data = DataDir::open(&made, false).unwrap();
        data.open_keyring().unwrap();
        data.remove_if_new();
        assert!(!made.exists());
        DataDir::open(home.path(), false).unwrap().remove_if_new();
        assert!(home.path().join(MARKER).exists());
    }

    #[test]
    fn only_one_dev_can_use_a_directory() {
        let home = tempfile::tempdir().unwrap();
        let _first = DataDir::open(home.path(), false).unwrap();
        let message = DataDir::open(home.path(), false).err().unwrap().to_string();
        assert!(message.contains("another `regrant dev`"), "{message}");
    }
}
