//! The log of a SQLite database (WAL): its frames, and the state that a copy of the files opens to.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
};

use sqlx::{Connection, SqliteConnection};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// A frame of the log: one page as a transaction left it.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// The first byte after it.
    pub end: usize,
    /// Whether a transaction is committed with it.
    pub commits: bool,
}

/// A digest of every row of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredState(u64);

/// The frames of a log.
///
/// # Panics
/// It is not a log.
#[must_use]
pub fn list_frames(log: &[u8]) -> Vec<Frame> {
    let number = |at: usize| {
        let bytes = log.get(at..at + 4).and_then(|it| it.try_into().ok());
        u32::from_be_bytes(bytes.expect("the log has a header"))
    };
    let page = usize::try_from(number(8)).expect("a size of pages");
    let frame = FRAME_HEADER_BYTES + page;
    let starts = (HEADER_BYTES..).step_by(frame);
    starts
        .take_while(|it| it + frame <= log.len())
        .map(|start| Frame {
            end: start + frame,
            // The size of the database after the commit; zero in all other frames.
            commits: number(start + 4) != 0,
        })
        .collect()
}

/// The state of a SQLite file with its log.
///
/// # Errors
/// It does not open, or SQLite finds a fault in it.
pub async fn read_state(file: &Path) -> Result<StoredState, String> {
    let text = |error: sqlx::Error| error.to_string();
    let url = format!("sqlite://{}", file.display());
    let mut connection = SqliteConnection::connect(&url).await.map_err(text)?;
    let found: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await
        .map_err(text)?;
    if found != "ok" {
        return Err(found);
    }
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT m.name, group_concat('quote(\"' || c.name || '\")', ' || ' || quote(',') || ' || ')
         FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name ORDER BY m.name",
    )
    .fetch_all(&mut connection)
    .await
    .map_err(text)?;
    let tables = columns
        .iter()
        .map(|(table, row)| format!("SELECT '{table},' || {row} AS r FROM \"{table}\""));
    let sql = tables.collect::<Vec<_>>().join(" UNION ALL ");
    let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("{sql} ORDER BY 1")))
        .fetch_all(&mut connection)
        .await
        .map_err(text)?;
    let mut hasher = DefaultHasher::new();
    rows.hash(&mut hasher);
    connection.close().await.map_err(text)?;
    Ok(StoredState(hasher.finish()))
}
