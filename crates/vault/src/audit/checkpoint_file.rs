//! The file outside the database that signed checkpoints are appended to.
//!
//! The rule: append, sync, and only then remember as written. Each process remembers only its own writes: after a
//! restart it appends the newest checkpoint of every chain again, so that a file that was moved away is refilled.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use regrant_domain::TenantId;
use regrant_storage::StoredCheckpoint;

use crate::Error;

/// Appends checkpoints to the configured file. Without a path it does nothing.
pub(crate) struct CheckpointFile {
    path: Option<PathBuf>,
    /// The number of the newest checkpoint that this process has appended, by chain.
    written: Mutex<HashMap<TenantId, i64>>,
}

impl CheckpointFile {
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            written: Mutex::default(),
        }
    }

    /// Appends the checkpoints that are newer than the last one this process appended for the same chain.
    pub(super) async fn append_newer(
        &self,
        mut newest: Vec<(TenantId, StoredCheckpoint)>,
    ) -> Result<(), Error> {
        let Some(path) = self.path.clone() else {
            return Ok(());
        };
        newest.retain(|(tenant, it)| !self.has_written(*tenant, it.seq));
        if newest.is_empty() {
            return Ok(());
        }
        let lines: String = newest
            .iter()
            .flat_map(|(_, it)| [it.statement.as_str(), "\n"])
            .collect();
        let written = tokio::task::spawn_blocking(move || append_synced(&path, &lines)).await;
        written
            .map_err(Error::from_cause)?
            .map_err(Error::from_cause)?;
        let mut known = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(newest.into_iter().map(|(tenant, it)| (tenant, it.seq)));
        Ok(())
    }

    fn has_written(&self, tenant: TenantId, seq: i64) -> bool {
        let known = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&tenant).is_some_and(|it| *it >= seq)
    }
}

fn append_synced(path: &Path, lines: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()?;
    // A new file survives a crash only after its directory is synced, too.
    match path.parent().filter(|it| !it.as_os_str().is_empty()) {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}
