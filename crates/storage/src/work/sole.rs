//! The lock that lets only one process work on a SQLite file.
//!
//! The rule: only the process that holds this lock frees or claims leases. The lock is a file beside the
//! database's real path, because closing a second handle on the database itself would drop SQLite's own locks. The
//! operating system frees the lock when the process ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{Error, Store};

/// The lock beside a SQLite file, and whether this process holds it.
#[derive(Debug, Clone)]
pub(crate) struct ProcessLock {
    path: Arc<Path>,
    held: Arc<Mutex<Option<File>>>,
}

impl ProcessLock {
    /// The lock of the database in `file`, whatever symbolic link names it.
    ///
    /// # Errors
    /// [`Error::Unsupported`]: the file has several names. A process that opened it by another one would have another
    /// lock and another log.
    pub fn beside_database(file: &Path) -> Result<Self, Error> {
        let file = file.canonicalize().map_err(sqlx::Error::Io)?;
        let links = file.metadata().map_err(sqlx::Error::Io)?.nlink();
        if links > 1 {
            return Err(Error::Unsupported(format!(
                "the SQLite file has {links} names (hard links): remove all but one"
            )));
        }
        let mut name = file.into_os_string();
        name.push("-work");
        Ok(Self {
            path: PathBuf::from(name).into(),
            held: Arc::default(),
        })
    }

    /// Takes the lock; whether this process did not hold it yet.
    fn take_lock(&self) -> Result<bool, Error> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_some() {
            return Ok(false);
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.path);
        let file = file.map_err(sqlx::Error::Io)?;
        match file.try_lock() {
            Ok(()) => *held = Some(file),
            Err(TryLockError::WouldBlock) => return Err(Error::Occupied),
            Err(TryLockError::Error(error)) => return Err(sqlx::Error::Io(error).into()),
        }
        Ok(true)
    }

    fn is_held(&self) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.is_some()
    }

    fn close_lock_file(&self) {
        // Closing the file frees the lock.
        drop(
            self.held
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }
}

impl Store {
    /// Makes this process the only one that works on the database, and frees leases that an earlier process
    /// left. On PostgreSQL several processes may work, so there is nothing to do.
    ///
    /// # Errors
    /// [`Error::Occupied`]: another process works on it.
    pub async fn become_sole_process(&self) -> Result<(), Error> {
        if let Some(sole) = &self.sole
            && sole.take_lock()?
        {
            self.expire_leases().await?;
        }
        Ok(())
    }

    /// Whether another process may wait for the only writer of the database: it is a SQLite file, and this process is not
    /// the one that works on it.
    #[must_use]
    pub fn is_beside_other_processes(&self) -> bool {
        self.sole.as_ref().is_some_and(|it| !it.is_held())
    }

    /// Frees the lock, so that another process can work on the database.
    pub fn release_process_lock(&self) {
        if let Some(sole) = &self.sole {
            sole.close_lock_file();
        }
    }
}
