//! Opening SQLite so that a committed row survives a power failure.
//!
//! The rule: pragmas belong to a connection and are easily lost, so they are set in the connect options
//! and read back before serving.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{Error, Settings, sql::Query};

/// Older versions could lose a write when the log is reset.
const OLDEST: [u32; 3] = [3, 51, 3];

pub(super) async fn open_sqlite(
    settings: &Settings,
    max_connections: u32,
) -> Result<DatabaseConnection, Error> {
    let options = settings
        .url
        .parse::<SqliteConnectOptions>()?
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(settings.busy_timeout)
        .foreign_keys(true)
        .pragma("mmap_size", "0")
        // Deleted content is overwritten with zeros.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    make_private(options.get_filename())?;
    let pool = SqlitePoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(settings.acquire_timeout)
        // A connection to a file does not age. One that takes its place would prepare its statements again.
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_reusable(connection)))
        .connect_lazy_with(options);
    drop(super::await_first_connection(&pool).await?);
    let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    check_version(&connection).await?;
    check_pragmas(&connection, settings).await?;
    Ok(connection)
}

/// Whether a connection that was given back has no transaction open. After a full disk or a failed write SQLite rolls back
/// by itself; the driver then fails to, and counts the transaction as open for good.
async fn is_reusable(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // The rollback of a dropped transaction is queued before this.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// The file that this address names.
pub(super) fn parse_file(url: &str) -> Result<PathBuf, Error> {
    Ok(url
        .parse::<SqliteConnectOptions>()?
        .get_filename()
        .to_owned())
}

/// Lets only the owner read the file, its log and its index. SQLite gives new ones the file's mode.
fn make_private(file: &Path) -> Result<(), Error> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        let file = PathBuf::from(name);
        if file.exists() {
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(&file, private).map_err(sqlx::Error::Io)?;
        }
    }
    Ok(())
}

async fn check_version(on: &DatabaseConnection) -> Result<(), Error> {
    let row = Query::new("SELECT sqlite_version() AS version")
        .fetch_one(on)
        .await?;
    let version: String = row.ok_or(Error::NotFound)?.get("version")?;
    let parts: Vec<u32> = version
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect();
    if parts.as_slice() >= OLDEST.as_slice() {
        Ok(())
    } else {
        Err(Error::Unsupported(format!(
            "SQLite {version} is older than 3.51.3"
        )))
    }
}

async fn check_pragmas(on: &DatabaseConnection, settings: &Settings) -> Result<(), Error> {
    let row = Query::new("PRAGMA journal_mode")
        .fetch_one(on)
        .await?
        .ok_or(Error::NotFound)?;
    check_pragma("journal_mode", "wal", &row.get::<String>("journal_mode")?)?;
    let busy = i64::try_from(settings.busy_timeout.as_millis()).unwrap_or(i64::MAX);
    let wanted = [
        ("synchronous", "synchronous", 2),
        ("busy_timeout", "timeout", busy),
        ("foreign_keys", "foreign_keys", 1),
        ("mmap_size", "mmap_size", 0),
        ("secure_delete", "secure_delete", 1),
    ];
    for (pragma, column, wanted) in wanted {
        let row = Query::new(format!("PRAGMA {pragma}")).fetch_one(on).await?;
        let found: i64 = row.ok_or(Error::NotFound)?.get(column)?;
        check_pragma(pragma, &wanted.to_string(), &found.to_string())?;
    }
    Ok(())
}

fn check_pragma(pragma: &str, wanted: &str, found: &str) -> Result<(), Error> {
    if found == wanted {
        Ok(())
    } else {
        Err(Error::Unsupported(format!(
            "PRAGMA {pragma} is {found}, not {wanted}"
        )))
    }
}
