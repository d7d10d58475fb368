//! The keyring on disk: mode 0600, written completely or not at all.
//!
//! The rule: at every moment there is a complete keyring at the path. So a new file is written beside it and synced;
//! then one rename or link moves it to the path, and the directory is synced. A draft that a killed process left beside
//! it holds keys too, so the next change removes it.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use super::KeyringError;
use crate::primitives::random_bytes;

/// The length of what a draft has behind the name of the file.
const DRAFT_DIGITS: usize = 16;

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

/// Removes the drafts that killed processes left beside the file. Only under the lock of the directory: without it,
/// another process may be about to move its draft to the path.
pub(super) fn remove_drafts(path: &Path) -> io::Result<()> {
    let Some(name) = path.file_name() else {
        return Ok(());
    };
    for entry in fs::read_dir(parent_directory(path))? {
        let entry = entry?;
        if is_draft(name, &entry.file_name()) {
            remove_if_there(&entry.path())?;
        }
    }
    Ok(())
}

/// Whether `sibling` is the name of a draft of the file `name`, as [`write_beside`] makes it.
fn is_draft(name: &OsStr, sibling: &OsStr) -> bool {
    let suffix = sibling.as_bytes().strip_prefix(name.as_bytes());
    let digits = suffix.and_then(|it| it.strip_prefix(b"."));
    digits.is_some_and(|it| {
        it.len() == DRAFT_DIGITS
            && it
                .iter()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
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
    let digits = format!("{:0DRAFT_DIGITS$x}", u64::from_be_bytes(*suffix));
    let draft = with_suffix(path, &format!(".{digits}"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_has_sixteen_digits_behind_the_name_of_the_file() {
        for (sibling, expected) in [
            ("keyring.0123456789abcdef", true),
            ("keyring", false),
            ("keyring.prev", false),
            ("keyring.0123456789abcde", false),
            ("keyring.0123456789abcdef0", false),
            ("keyring.0123456789ABCDEF", false),
            ("keyring0123456789abcdef", false),
            ("other.0123456789abcdef", false),
        ] {
            let is = is_draft(OsStr::new("keyring"), OsStr::new(sibling));
            assert_eq!(is, expected, "{sibling}");
        }
    }
}
