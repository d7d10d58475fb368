//! Opening PostgreSQL, and refusing a role that row-level security does not restrict.
//!
//! The rule: row-level security is checked before serving, because superusers, roles with BYPASSRLS and
//! owners of the tables see every row whatever the policies say.

use std::future::ready;

use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::{
    ConnectOptions, Executor,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    Error, Settings,
    sql::{Query, Transaction, transaction::check_age},
};

/// Tables whose rows are read, never written, before a tenant is known. They hold ids, times, hashes and settings.
const READ_BY_ALL: &str = "('tenants', 'due', 'probe_due', 'person_directory', 'tenant_origins', \
                           'key_wraps', 'deletions')";

/// How long a statement waits for a lock, and how long it runs. Work without a caller has no such limits. A page that an
/// index leads to costs hardly more than the next one of the table: it is in memory, or on a disk that does not turn.
/// What a call was answered must survive a crash of the server, so a commit waits for the log whatever the server's default
/// is; where a server waits for more, that stays. Long values, such as the audit of a thousand credentials, are compressed by
/// the quick method where the server has it: the usual one takes six times as long.
const SESSION: &str = "SET lock_timeout = '5s'; SET statement_timeout = '30s'; SET random_page_cost = 1.1;
     SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
     SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings
     WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";

/// A row of several pages, deleted in the transaction that writes it: small rows fit into pages that a full disk has still.
pub(super) const WRITE_PROBE: &str = "INSERT INTO nodes (id, name, opens, wraps_with, seen_at)
     SELECT gen_random_uuid(), string_agg(md5(random()::text), ''), '', '', 0 FROM generate_series(1, 1000);
     DELETE FROM nodes WHERE seen_at = 0";

pub(super) async fn open_postgres(
    settings: &Settings,
    max_connections: u32,
) -> Result<DatabaseConnection, Error> {
    let options = settings
        .url
        .parse::<PgConnectOptions>()?
        .application_name("regrant")
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|_, it| Box::pin(ready(check_age(it.age))))
        .after_release(|_, it| Box::pin(ready(check_age(it.age))))
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(SESSION).await.map(drop) })
        })
        .connect_lazy_with(options);
    // The system wakes the runtime that opened a connection. Calls open theirs on their own threads.
    super::await_first_connection(&pool).await?.close().await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

pub(super) async fn lift_time_limits(transaction: &Transaction) -> Result<(), Error> {
    let query = Query::new(
        "SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '0', true)",
    );
    query.fetch_one(transaction).await.map(drop)
}

/// Lets the commit of this transaction return before it is on disk.
pub(super) async fn unsync_commit(transaction: &Transaction) -> Result<(), Error> {
    let sql = "SET LOCAL synchronous_commit TO off";
    transaction.run_commands(sql).await
}

/// The settings with which a power failure damages the database or loses what was committed.
pub(super) async fn list_unsafe_settings(on: &DatabaseConnection) -> Result<Vec<String>, Error> {
    let rows = Query::new(UNSAFE_SETTINGS).fetch_all(on).await?;
    rows.iter().map(|row| row.get("name")).collect()
}

/// The settings that a session here begins with, and that lose what was committed where they stay so.
pub(super) async fn list_unsafe_defaults(on: &DatabaseConnection) -> Result<Vec<String>, Error> {
    let rows = Query::new(UNSAFE_DEFAULTS).fetch_all(on).await?;
    rows.iter().map(|row| row.get("name")).collect()
}

/// What a role, a database or the server sets, whatever [`SESSION`] has set since.
const UNSAFE_DEFAULTS: &str =
    "SELECT name FROM pg_settings WHERE name = 'synchronous_commit' AND reset_val = 'off'";

const UNSAFE_SETTINGS: &str = "
SELECT name FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
ORDER BY name";

/// Drops connections without a farewell: their runtime may have ended, and then nothing can be sent.
pub(super) fn drop_idle_connections(of: &DatabaseConnection) {
    while let Some(connection) = of.get_postgres_connection_pool().try_acquire() {
        drop(connection.detach());
    }
}

pub(super) async fn check_role(on: &DatabaseConnection) -> Result<(), Error> {
    let mut reasons = Vec::new();
    for sql in [ROLE.to_owned(), OWNED.to_owned(), unprotected_tables()] {
        for row in Query::new(sql).fetch_all(on).await? {
            reasons.push(row.get("reason")?);
        }
    }
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(Error::UnsafeRole(reasons))
    }
}

/// Refuses a Citus cluster whose tables do not lie as `regrant distribute` puts them: it would show no rows, or change
/// rows of several nodes in one statement.
pub(super) async fn check_layout(on: &DatabaseConnection) -> Result<(), Error> {
    let mut faults: Vec<String> = Vec::new();
    for row in Query::new(LAYOUT).fetch_all(on).await? {
        faults.push(row.get("reason")?);
    }
    if faults.is_empty() {
        return Ok(());
    }
    let faults = faults.join("; ");
    Err(Error::Unsupported(format!(
        "{faults}: run `regrant distribute --apply`"
    )))
}

/// The faults of the layout. A table of Citus has the method `h` if it is distributed, `n` if it is whole.
const LAYOUT: &str = "
SELECT 'citus.propagate_set_commands is not local' AS reason
WHERE current_setting('citus.propagate_set_commands', true) IS DISTINCT FROM 'local'
UNION ALL
SELECT 'table ' || c.relname || CASE WHEN t.distributed
    THEN ' is not distributed by tenant' ELSE ' is not known to the nodes' END
FROM pg_class c
CROSS JOIN LATERAL (SELECT c.relname NOT IN ('clients', 'tenant_origins', 'person_directory')
    AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
    AS distributed) t
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    AND c.relname <> 'seaql_migrations'
    AND NOT EXISTS (SELECT 1 FROM pg_dist_partition d WHERE d.logicalrelid = c.oid
        AND d.partmethod = CASE WHEN t.distributed THEN 'h' ELSE 'n' END)
ORDER BY 1";

/// Whether the role, or one that it may become by `SET ROLE`, sees every row.
const ROLE: &str = "
SELECT 'the role is ' || CASE WHEN r.rolname = current_user THEN '' ELSE 'a member of a role that is ' END
    || CASE WHEN r.rolsuper THEN 'a superuser' ELSE 'BYPASSRLS' END AS reason
FROM pg_roles r
WHERE (r.rolsuper OR r.rolbypassrls) AND (r.rolname = current_user
    OR (pg_has_role(current_user, r.oid, 'MEMBER')
        AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)))";

/// The tables that the role owns.
const OWNED: &str = "
SELECT 'the role owns table ' || c.relname AS reason
FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    AND (c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
        OR (pg_has_role(current_user, c.relowner, 'MEMBER')
            AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)))
ORDER BY 1";

/// Every table of tenants' rows that is not isolated: row-level security is forced, one policy confines writes to one
/// tenant, and only the tables of [`READ_BY_ALL`] have a second one, for reading. Policies for the owner alone do not
/// count: the role that serves owns nothing. It asks the catalogue, so that a table added later cannot be forgotten here.
fn unprotected_tables() -> String {
    format!(
        "
SELECT 'table ' || c.relname || ' lacks ' || CASE
        WHEN NOT c.relrowsecurity THEN 'row-level security'
        WHEN NOT c.relforcerowsecurity THEN 'forced row-level security'
        ELSE 'the policies that confine it to one tenant' END AS reason
FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    AND (c.relname = 'tenants' OR EXISTS (SELECT 1 FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
    AND NOT (c.relrowsecurity AND c.relforcerowsecurity
        AND (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd <> 'r'
            AND NOT c.relowner = ALL (p.polroles)) = 1
        AND (c.relname IN {READ_BY_ALL} OR NOT EXISTS (SELECT 1 FROM pg_policy p
            WHERE p.polrelid = c.oid AND p.polcmd = 'r' AND NOT c.relowner = ALL (p.polroles))))
ORDER BY 1"
    )
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// The names of the settings that a session sets.
    fn list_settings() -> Vec<&'static str> {
        let by_command = SESSION
            .split("SET ")
            .skip(1)
            .filter_map(|it| it.split_once(" = "));
        let by_function = SESSION
            .split("set_config('")
            .skip(1)
            .filter_map(|it| it.split_once('\''));
        by_command
            .chain(by_function)
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn the_operations_guide_sets_for_the_role_what_a_session_sets() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
        let guide = fs::read_to_string(file).unwrap();
        let names = list_settings();
        assert_eq!(names.len(), 5, "{names:?}");
        for name in names {
            let line = format!("ALTER ROLE regrant_app SET {name} = ");
            assert!(guide.contains(&line), "{name}");
        }
    }
}
