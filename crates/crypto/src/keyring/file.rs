//! The keyring on disk: mode 0600, written completely or not at all.
//!
//! The rule: at every moment there is a complete keyring at the path. So a new file is written beside it and synced;
//! then one rename or link moves it to the path, and the directory is synced.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::KeyringError;
use crate::primitives::random_bytes;

/// A limit in bytes; a thousand keys fit.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Reads a keyring file that only its owner can read.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, KeyringError> {
    let file = File::open(path).map_err(KeyringError::Io)?;
    // Checks the open file, not the path, because the file at the path could be replaced in between.
    let facts = file.metadata().map_err(KeyringError::Io)?;
    if !facts.is_file() {
        return Err(KeyringError::Refused);
    }
    if facts.permissions().mode() & 0o077 != 0 {
        return Err(KeyringError::Permissions);
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(KeyringError::Io)?;
    Ok(bytes)
}

/// What changes when the file is replaced: its number, size and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileStamp(u64, u64, i64, i64);

/// The stamp of the file at this path.
pub(super) fn read_stamp(path: &Path) -> io::Result<FileStamp> {
    let facts = fs::metadata(path)?;
    Ok(FileStamp(
        facts.ino(),
        facts.size(),
        facts.mtime(),
        facts.mtime_nsec(),
    ))
}

/// Waits until no other process changes a keyring in this directory. Locked until the result is dropped.
pub(super) fn lock_directory(path: &Path) -> Result<File, KeyringError> {
    let directory = File::open(parent_directory(path)).map_err(KeyringError::Io)?;
    directory.lock().map_err(KeyringError::Io)?;
    Ok(directory)
}

/// Creates the file. An existing file is never changed, even if it appears at the last moment.
pub(super) fn create_file(path: &Path, bytes: &[u8]) -> Result<(), KeyringError> {
    let draft = write_beside(path, bytes)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(KeyringError::Io)?;
    linked.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeyringError::Exists,
        _ => KeyringError::Io(error),
    })?;
    sync_directory(path).map_err(KeyringError::Io)
}

/// Replaces the file. The old one stays as `.prev` if `keep` is set; otherwise any `.prev` is removed.
pub(super) fn replace_file(path: &Path, bytes: &[u8], keep: bool) -> Result<(), KeyringError> {
    let draft = write_beside(path, bytes)?;
    let replaced = move_into_path(path, &draft, keep);
    if replaced.is_err() {
        // Report the error of the replacement, not that of the clean-up.
        drop(fs::remove_file(&draft));
    }
    replaced.map_err(KeyringError::Io)
}

fn move_into_path(path: &Path, draft: &Path, keep: bool) -> io::Result<()> {
    let previous = with_suffix(path, ".prev");
    remove_if_there(&previous)?;
    if keep && path.try_exists()? {
        fs::hard_link(path, &previous)?;
    }
    fs::rename(draft, path)?;
    sync_directory(path)
}

fn write_beside(path: &Path, bytes: &[u8]) -> Result<PathBuf, KeyringError> {
    let suffix = random_bytes().map_err(|_| KeyringError::Random)?;
    let draft = with_suffix(path, &format!(".{:016x}", u64::from_be_bytes(*suffix)));
    if let Err(error) = write_synced(&draft, bytes) {
        drop(fs::remove_file(&draft));
        return Err(KeyringError::Io(error));
    }
    Ok(draft)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(parent_directory(path))?.sync_all()
}

fn parent_directory(path: &Path) -> &Path {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}
