//! What the database server is, and what it may lose.
//!
//! The rule: this only reports; whether to serve is decided elsewhere.

use crate::{Error, Store};

impl Store {
    /// Whether this is a standby of PostgreSQL, which can be read and accepts no writes.
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_standby(&self) -> Result<bool, Error> {
        self.dialect.is_standby(&self.connection).await
    }

    /// The settings of PostgreSQL with which a power failure damages the database or loses what was committed; none on
    /// SQLite.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_unsafe_settings(&self) -> Result<Vec<String>, Error> {
        self.dialect.list_unsafe_settings(&self.connection).await
    }

    /// The settings of PostgreSQL that would lose what was committed, were they not set otherwise when a session begins: a
    /// pooler in transaction mode drops what a session has set. None on SQLite.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_unsafe_defaults(&self) -> Result<Vec<String>, Error> {
        self.dialect.list_unsafe_defaults(&self.connection).await
    }
}
