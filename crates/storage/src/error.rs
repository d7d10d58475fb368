//! Errors of the database, by what a caller can do about them.

use std::sync::Arc;

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use sqlx::error::DatabaseError;
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
    /// As many calls of the tenant wait for the database as may.
    #[error("too many calls of the tenant wait for the database")]
    TenantBusy,
    /// A connection, a lock, or the turn of a transaction did not become free in time; or the database ended a
    /// transaction so that others go on.
    #[error("the database is busy")]
    Busy,
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
    /// A newer version of the key-encryption key has replaced the one that wrapped a new data key.
    #[error("the key that wrapped the data key was replaced by a newer version")]
    OutdatedKek,
    /// Another process made a key of the audit that this one does not know yet.
    #[error("the audit's key {0} is not known to this process yet")]
    UnknownAuditKey(u32),
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

/// The codes of a busy database. PostgreSQL: serialization failure, deadlock, too many connections, lock timeout,
/// statement timeout. SQLite: busy, locked, and their extended codes.
const BUSY_CODES: [&str; 11] = [
    "40001", "40P01", "53300", "55P03", "57014", "5", "6", "261", "262", "517", "773",
];

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if is_busy(&error) {
            return Self::Busy;
        }
        match find_outage(&error) {
            Some(outage) => Self::Unavailable(outage, error),
            None => Self::Db(error),
        }
    }
}

impl Error {
    /// Whether the database refused a value of the statement, as it will again: data exceptions and violated constraints.
    #[must_use]
    pub fn refuses_value(&self) -> bool {
        let Self::Db(error) = self else {
            return false;
        };
        let cause = find_driver_error(error).and_then(sqlx::Error::as_database_error);
        let code = cause.and_then(DatabaseError::code);
        code.is_some_and(|it| is_code_of_value(&it))
    }
}

/// PostgreSQL: classes 22 and 23. SQLite: too big, constraint, mismatch; an extended code has one of them in its last byte.
fn is_code_of_value(code: &str) -> bool {
    if code.len() == 5 {
        return code.starts_with("22") || code.starts_with("23");
    }
    let primary = code.parse::<u32>().map(|it| it & 0xff);
    primary.is_ok_and(|it| (18..=20).contains(&it))
}

fn is_busy(error: &DbErr) -> bool {
    if let DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) = error {
        return true;
    }
    match find_driver_error(error) {
        Some(sqlx::Error::PoolTimedOut) => true,
        Some(sqlx::Error::Database(cause)) => cause
            .code()
            .is_some_and(|code| BUSY_CODES.contains(&&*code)),
        _ => false,
    }
}

/// What the driver reported, if the error is the driver's.
pub(crate) fn find_driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_that_are_about_a_value_say_that_it_is_refused_again() {
        // Text with U+0000, a foreign key; SQLite's constraint and its unique one.
        for code in ["22021", "23503", "19", "2067"] {
            assert!(is_code_of_value(code), "{code}");
        }
        // A missing right, a column of another release, a full disk; SQLite's general error.
        for code in ["42501", "42703", "53100", "1", "x"] {
            assert!(!is_code_of_value(code), "{code}");
        }
        assert!(!Error::Corrupt("scope").refuses_value());
    }
}
