//! `REGRANT_DATABASE_…`: where the database is.

use std::time::Duration;

use super::SettingsReader;

/// More than a server of PostgreSQL can hold; the pool reserves room for each.
const MAX_CONNECTIONS: u64 = 10_000;

/// Reads the section `database`; `None` where a setting without a default is missing.
pub(super) fn read_database(reader: &mut SettingsReader<'_>) -> Option<regrant_storage::Settings> {
    let url = reader.read_secret("database.url");
    let max_connections = reader.read_at_least_one("database.max_connections", 12);
    reader.check_at_most("database.max_connections", max_connections, MAX_CONNECTIONS);
    let acquire_timeout =
        reader.read_seconds("database.acquire_timeout_seconds", Duration::from_secs(2));
    let busy_timeout = reader.read_seconds("database.busy_timeout_seconds", Duration::from_secs(5));
    let url = url?;
    let is_known = ["sqlite:", "postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    if !is_known {
        reader.add_fault(
            "database.url",
            "expected `sqlite:PATH` or `postgres://USER@HOST/NAME`",
        );
    }
    Some(regrant_storage::Settings {
        url: url.to_string(),
        max_connections,
        acquire_timeout,
        busy_timeout,
    })
}
