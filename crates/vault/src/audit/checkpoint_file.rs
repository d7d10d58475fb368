//! The file outside of the database that checkpoints are appended to.
//!
//! The rule: append, then sync, then count as written. Each process writes what it has not written itself, so that a
//! file which was moved away begins anew with the next start.

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

/// Where checkpoints are appended; nowhere without a path.
pub(crate) struct CheckpointFile {
    path: Option<PathBuf>,
    /// The newest of each chain that this process has appended.
    written: Mutex<HashMap<TenantId, i64>>,
}

impl CheckpointFile {
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            written: Mutex::default(),
        }
    }

    /// Appends those that are newer than what this process has appended of the same chain.
    pub(super) async fn append(
        &self,
        mut newest: Vec<(TenantId, StoredCheckpoint)>,
    ) -> Result<(), Error> {
        let Some(path) = self.path.clone() else {
            return Ok(());
        };
        newest.retain(|(tenant, it)| !self.has(*tenant, it.seq));
        if newest.is_empty() {
            return Ok(());
        }
        let lines: String = newest
            .iter()
            .flat_map(|(_, it)| [it.statement.as_str(), "\n"])
            .collect();
        let written = tokio::task::spawn_blocking(move || append_synced(&path, &lines)).await;
        written.map_err(Error::internal)?.map_err(Error::internal)?;
        let mut known = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(newest.into_iter().map(|(tenant, it)| (tenant, it.seq)));
        Ok(())
    }

    fn has(&self, tenant: TenantId, seq: i64) -> bool {
        let known = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&tenant).is_some_and(|it| *it >= seq)
    }
}

fn append_synced(path: &Path, lines: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()?;
    // A file that was made just now is not there after a crash until its directory is synced, too.
    match path.parent().filter(|it| !it.as_os_str().is_empty()) {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}
