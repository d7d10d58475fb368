//! Errors of the database, by what a caller can do about them.

use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr};
use uuid::Uuid;

use crate::outage::{Outage, find_outage};

/// Why a call to the database failed. Never shows a stored value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tenant has no such row. Another tenant's row looks the same.
    #[error("not found")]
    NotFound,
    /// Another transaction was first: a compare-and-set missed, or a lease was lost.
    #[error("changed by another transaction")]
    Stale,
    /// The id or name is taken, or the limit reached.
    #[error("{0} exists already")]
    Taken(&'static str),
    /// The PostgreSQL role could look past row-level security.
    #[error("the database role is not safe to serve with: {}", .0.join("; "))]
    UnsafeRole(Vec<String>),
    /// Another process works on the SQLite file.
    #[error("another process works on this SQLite database")]
    Occupied,
    /// Migrations are pending.
    #[error("the schema is older than this program: run the migrations")]
    SchemaOutdated,
    /// The database or a statement is not safe to use.
    #[error("the database does not fit: {0}")]
    Unsupported(String),
    /// A row was changed around the application: its seal does not fit, or is missing.
    #[error("the row {id} of {table} was changed around the application")]
    Tampered {
        /// The table.
        table: &'static str,
        /// The row's id.
        id: Uuid,
    },
    /// A stored value does not parse.
    #[error("the stored {0} does not parse")]
    Corrupt(&'static str),
    /// The database cannot be used at the moment, whatever the statement.
    #[error("the database cannot be used: {0}")]
    Unavailable(Outage, #[source] DbErr),
    /// The database failed.
    #[error("the database failed")]
    Db(#[source] DbErr),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match find_outage(&error) {
            Some(outage) => Self::Unavailable(outage, error),
            None => Self::Db(error),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))).into()
    }
}
