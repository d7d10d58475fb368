//! Files that hold secrets: only their owner can read them, and a write is atomic.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::Context as _;
use regrant_domain::Passphrase;
use zeroize::Zeroizing;

/// The longest secret that is read.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Creates a directory with mode 0700 unless it exists.
pub(crate) fn make_directory(path: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    made.with_context(|| format!("cannot make the directory {}", path.display()))
}

/// Writes a file with mode 0600, and replaces an existing one.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    let written = write_synced(&draft, content).and_then(|()| fs::rename(&draft, path));
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    // A draft that a crash left behind may have another mode.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()
}

/// Whether a passphrase file may be readable for others than its owner, because the platform mounts it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SharedFile {
    /// It may.
    Allowed,
    /// It is refused.
    Refused,
}

/// Reads the passphrase of a keyring from a file, or from standard input if the path is `-`.
pub(crate) fn read_passphrase(path: &Path, shared: SharedFile) -> anyhow::Result<Passphrase> {
    if path != Path::new("-") && shared == SharedFile::Refused {
        let is_open =
            is_open_to_others(path).with_context(|| format!("cannot read {}", path.display()))?;
        anyhow::ensure!(
            !is_open,
            "{} is open to its group or to others: run `chmod 600` on it; if the platform mounts it with this mode, set \
             REGRANT_KEYRING_ALLOW_SHARED_PASSPHRASE_FILE=true",
            path.display()
        );
    }
    Ok(Passphrase::parse(read_secret(path)?)?)
}

/// Reads the passphrase of a keyring again.
pub(crate) fn read_passphrase_again(path: &Path, shared: SharedFile) -> anyhow::Result<Passphrase> {
    anyhow::ensure!(
        path != Path::new("-"),
        "the passphrase came from standard input: restart the process to read the keyring again"
    );
    read_passphrase(path, shared)
}

/// Reads a secret from a file, or from standard input if the path is `-`; drops line breaks at the end.
pub(crate) fn read_secret(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let read = if path == Path::new("-") {
        read_text(io::stdin().lock())
    } else {
        fs::File::open(path).and_then(read_text)
    };
    let mut text = read.with_context(|| format!("cannot read {}", display_path(path)))?;
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    anyhow::ensure!(!text.is_empty(), "{} is empty", display_path(path));
    Ok(text)
}

fn read_text(from: impl io::Read) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(4096));
    from.take(MAX_SECRET_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn display_path(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Whether other users than the owner may read or write the file. A pipe or a terminal has no reader but this one.
pub(crate) fn is_open_to_others(path: &Path) -> io::Result<bool> {
    let file = fs::metadata(path)?;
    Ok(file.is_file() && file.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_can_read_a_private_file() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("secret.json");
        write_private(&file, b"hush\n").unwrap();
        assert!(!is_open_to_others(&file).unwrap());
        assert_eq!(read_secret(&file).unwrap().as_str(), "hush");
    }

    #[test]
    fn a_passphrase_file_that_others_may_read_is_refused_unless_that_is_allowed() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("passphrase");
        write_private(&file, b"correct horse battery staple\n").unwrap();
        for (mode, is_open) in [
            (0o600, false),
            (0o400, false),
            (0o640, true),
            (0o604, true),
            (0o444, true),
            (0o660, true),
        ] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let refused = read_passphrase(&file, SharedFile::Refused);
            assert_eq!(refused.is_err(), is_open, "{mode:o}");
            if let Err(error) = refused {
                let text = error.to_string();
                assert!(
                    text.contains("chmod 600") && text.contains("ALLOW_SHARED"),
                    "{text}"
                );
            }
            assert!(
                read_passphrase(&file, SharedFile::Allowed).is_ok(),
                "{mode:o}"
            );
        }
    }

    #[test]
    fn an_empty_secret_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("secret");
        write_private(&file, b"\n").unwrap();
        assert!(
            read_secret(&file)
                .unwrap_err()
                .to_string()
                .ends_with("is empty")
        );
    }
}
