//! Files that hold secrets: readable by their owner alone, written whole or not at all.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::Context as _;
use zeroize::Zeroizing;

/// No secret is longer.
const LARGEST: u64 = 64 * 1024;

/// Makes a directory with mode 0700 if there is none.
pub(crate) fn make_directory(path: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    made.with_context(|| format!("cannot make the directory {}", path.display()))
}

/// Writes a file with mode 0600 in place of the one there is.
pub(crate) fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
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
    // A draft left by a crash keeps the mode it had.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()
}

/// A secret from a file, or from standard input where the path is `-`; a line break at its end is dropped.
pub(crate) fn read_secret(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let read = if path == Path::new("-") {
        read_text(io::stdin().lock())
    } else {
        fs::File::open(path).and_then(read_text)
    };
    let mut text = read.with_context(|| format!("cannot read {}", shown(path)))?;
    let kept = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(kept);
    anyhow::ensure!(!text.is_empty(), "{} is empty", shown(path));
    Ok(text)
}

fn read_text(from: impl io::Read) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(4096));
    from.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn shown(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Whether others than the owner may read or write the file.
pub(crate) fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_read_by_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("secret.json");
        write(&file, b"hush\n").unwrap();
        assert!(!is_open_to_others(&file).unwrap());
        assert_eq!(read_secret(&file).unwrap().as_str(), "hush");
    }

    #[test]
    fn an_empty_secret_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("secret");
        write(&file, b"\n").unwrap();
        assert!(
            read_secret(&file)
                .unwrap_err()
                .to_string()
                .ends_with("is empty")
        );
    }
}
