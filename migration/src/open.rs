//! Opens the connection that migrates: the owner's on PostgreSQL, the file itself on SQLite.
//!
//! The rule: a SQLite file is readable only by its owner before anything is written to it. On PostgreSQL all statements run
//! in one session, which holds the lock of its migration (`lock.rs`).

use std::{fs, os::unix::fs::OpenOptionsExt, path::Path, sync::Arc, time::Duration};

use sea_orm_migration::sea_orm::{
    DatabaseConnection, DbErr, RuntimeErr, SqlxPostgresConnector, SqlxSqliteConnector,
};
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// Opens the database at `url` to migrate it; a missing SQLite file is created with mode 0600.
///
/// # Errors
/// The address does not parse, or the database does not answer.
pub async fn open_to_migrate(url: &str) -> Result<DatabaseConnection, DbErr> {
    if !url.starts_with("sqlite:") {
        return open_postgres(url).await;
    }
    let options: SqliteConnectOptions = url.parse().map_err(to_db_error)?;
    create_file(options.get_filename())?;
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What a step deletes is overwritten with zeros.
        .pragma("secure_delete", "ON");
    open_sqlite(options).await
}

/// Opens the database at `url` to look which steps are applied.
///
/// # Errors
/// As [`open_to_migrate`], or there is no SQLite file.
pub async fn open_to_read(url: &str) -> Result<DatabaseConnection, DbErr> {
    if !url.starts_with("sqlite:") {
        return open_postgres(url).await;
    }
    let options: SqliteConnectOptions = url.parse().map_err(to_db_error)?;
    open_sqlite(options.create_if_missing(false)).await
}

async fn open_sqlite(options: SqliteConnectOptions) -> Result<DatabaseConnection, DbErr> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.disable_statement_logging())
        .await;
    pool.map(SqlxSqliteConnector::from_sqlx_sqlite_pool)
        .map_err(to_db_error)
}

async fn open_postgres(url: &str) -> Result<DatabaseConnection, DbErr> {
    let options: PgConnectOptions = url.parse().map_err(to_db_error)?;
    let options = options
        .application_name("regrant migrate")
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        // A step may take longer than the pool keeps a session.
        .max_lifetime(None::<Duration>)
        .idle_timeout(None::<Duration>)
        .connect_with(options)
        .await;
    pool.map(SqlxPostgresConnector::from_sqlx_postgres_pool)
        .map_err(to_db_error)
}

fn create_file(file: &Path) -> Result<(), DbErr> {
    let created = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(file);
    created
        .map(drop)
        .map_err(|error| to_db_error(sqlx::Error::Io(error)))
}

fn to_db_error(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}
