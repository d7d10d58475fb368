//! Files that hold secrets: only their owner can read them, and a write is atomic.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::Context as _;
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

/// Whether other users than the owner may read or write the file.
pub(crate) fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
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
