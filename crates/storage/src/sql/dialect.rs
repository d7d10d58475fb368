//! The differences between SQLite and PostgreSQL.
//!
//! The rule: no other module asks which of the two it is.

mod clause;
mod postgres;
mod sqlite;

use regrant_domain::TenantId;
use sea_orm::{
    AccessMode, DatabaseConnection, DbBackend, IsolationLevel, SqliteTransactionMode,
    TransactionOptions,
};
use sqlx::pool::PoolConnection;

use crate::{
    Error, Settings,
    sql::{Lane, Query, Queryable, Transaction},
    turns::Sizes,
    work::sole::ProcessLock,
};

/// How often the first connection of a pool is tried, each time as long as a call waits for one.
const FIRST_TRIES: usize = 5;

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// How PostgreSQL plans the statements of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plans {
    /// Each for the values it carries. A plan that was kept since the tables were small reads every row of a tenant.
    Fresh,
    /// Once for all values: for statements that find single rows by their keys, whose plans do not depend on them.
    Kept,
}

impl Plans {
    /// The commands that set this for a transaction.
    const fn as_commands(self) -> &'static str {
        match self {
            Self::Fresh => "SET LOCAL plan_cache_mode = force_custom_plan",
            // The rows are found by their keys, however small the tables were when the plan was made.
            Self::Kept => {
                "SET LOCAL plan_cache_mode = auto; SET LOCAL enable_hashjoin = off;
                 SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"
            }
        }
    }
}

impl Dialect {
    /// What fits this database.
    pub(crate) fn choose<T>(self, on_sqlite: T, on_postgres: T) -> T {
        match self {
            Self::Sqlite => on_sqlite,
            Self::Postgres => on_postgres,
        }
    }

    pub(crate) fn of_backend(backend: DbBackend) -> Self {
        match backend {
            DbBackend::Postgres => Self::Postgres,
            _ => Self::Sqlite,
        }
    }

    pub(crate) fn of_url(url: &str) -> Result<Self, Error> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" => Ok(Self::Sqlite),
            "postgres" | "postgresql" => Ok(Self::Postgres),
            _ => Err(Error::Unsupported(
                "the address starts with sqlite: or postgres://".to_owned(),
            )),
        }
    }

    /// Opens the database three times, for reads, for writes and for short statements of calls, or refuses one that is not
    /// safe to serve from.
    pub(crate) async fn open_database(
        self,
        settings: &Settings,
        sizes: Sizes,
    ) -> Result<(DatabaseConnection, DatabaseConnection, Lane), Error> {
        match self {
            Self::Sqlite => Ok((
                sqlite::open_sqlite(settings, sizes.front).await?,
                sqlite::open_sqlite(settings, sizes.work).await?,
                Lane::new(sqlite::open_sqlite(settings, sizes.lane).await?),
            )),
            Self::Postgres => Ok((
                postgres::open_postgres(settings, sizes.front).await?,
                postgres::open_postgres(settings, sizes.work).await?,
                Lane::new(postgres::open_postgres(settings, sizes.lane).await?),
            )),
        }
    }

    /// Lets the statements of this transaction take as long as they need.
    pub(crate) async fn lift_time_limits(self, transaction: &mut Transaction) -> Result<(), Error> {
        if self == Self::Postgres {
            transaction.wait_for_work();
            postgres::lift_time_limits(transaction).await?;
        }
        Ok(())
    }

    /// Lets the commit of this transaction return before it is on disk. SQLite has no such commits beside others.
    pub(crate) async fn unsync_commit(self, transaction: &Transaction) -> Result<(), Error> {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres => postgres::unsync_commit(transaction).await,
        }
    }

    /// Whether the database replays the log of another one and accepts no writes.
    pub(crate) async fn is_standby(self, on: &DatabaseConnection) -> Result<bool, Error> {
        if self == Self::Sqlite {
            return Ok(false);
        }
        let query = Query::new("SELECT pg_is_in_recovery() AS standby");
        let row = query.fetch_one(on).await?;
        row.ok_or(Error::NotFound)?.get("standby")
    }

    /// The settings of the server with which a power failure damages the database or loses what was committed. SQLite's are
    /// checked when it is opened.
    pub(crate) async fn list_unsafe_settings(
        self,
        on: &DatabaseConnection,
    ) -> Result<Vec<String>, Error> {
        match self {
            Self::Sqlite => Ok(Vec::new()),
            Self::Postgres => postgres::list_unsafe_settings(on).await,
        }
    }

    /// The settings that lose what was committed, by the defaults of the role and the database. Each session sets them
    /// otherwise; a pooler may drop what a session has set.
    pub(crate) async fn list_unsafe_defaults(
        self,
        on: &DatabaseConnection,
    ) -> Result<Vec<String>, Error> {
        match self {
            Self::Sqlite => Ok(Vec::new()),
            Self::Postgres => postgres::list_unsafe_defaults(on).await,
        }
    }

    /// Whether the database has the extension that spreads tables over several servers.
    pub(crate) async fn is_distributed(self, on: &DatabaseConnection) -> Result<bool, Error> {
        if self == Self::Sqlite {
            return Ok(false);
        }
        let query = Query::new("SELECT 1 FROM pg_extension WHERE extname = 'citus'");
        Ok(query.fetch_one(on).await?.is_some())
    }

    /// Refuses a distributed database whose tables do not lie where they belong.
    pub(crate) async fn check_layout(self, on: &DatabaseConnection) -> Result<(), Error> {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres => postgres::check_layout(on).await,
        }
    }

    /// Drops the connections of a pool that no transaction uses. SQLite's do not depend on the thread that opened them.
    pub(crate) fn drop_idle_connections(self, of: &DatabaseConnection) {
        if self == Self::Postgres {
            postgres::drop_idle_connections(of);
        }
    }

    /// The lock of the one process that may work on SQLite.
    pub(crate) fn process_lock(self, url: &str) -> Result<Option<ProcessLock>, Error> {
        match self {
            Self::Sqlite => ProcessLock::beside_database(&sqlite::parse_file(url)?).map(Some),
            Self::Postgres => Ok(None),
        }
    }

    /// Tries to take the lock `what` of a tenant until this transaction ends; whether it was free. SQLite's
    /// writer is alone anyway.
    pub(crate) async fn try_lock(
        self,
        transaction: &Transaction,
        what: &str,
        tenant: TenantId,
    ) -> Result<bool, Error> {
        if self == Self::Sqlite {
            return Ok(true);
        }
        let name = format!("{what} {}", tenant.uuid());
        let query =
            Query::new("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0)) AS taken")
                .bind("name", name);
        let row = query.fetch_one(transaction).await?;
        row.ok_or(Error::NotFound)?.get("taken")
    }

    /// Refuses a database that does not isolate tenants.
    pub(crate) async fn check_isolation(
        self,
        connection: &DatabaseConnection,
    ) -> Result<(), Error> {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres => postgres::check_role(connection).await,
        }
    }

    /// Begins a transaction that reads; on PostgreSQL it may write.
    pub(crate) async fn begin(self, on: &DatabaseConnection) -> Result<Transaction, Error> {
        Transaction::begin(on, TransactionOptions::default()).await
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once: a transaction that
    /// reads first and writes later would fail instead of waiting.
    pub(crate) async fn begin_write(self, on: &DatabaseConnection) -> Result<Transaction, Error> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self == Self::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Transaction::begin(on, options).await
    }

    /// Begins a transaction that only reads, and in which every statement sees the same moment. On SQLite
    /// every transaction does.
    pub(crate) async fn begin_snapshot(
        self,
        on: &DatabaseConnection,
    ) -> Result<Transaction, Error> {
        let options = TransactionOptions {
            isolation_level: (self == Self::Postgres).then_some(IsolationLevel::RepeatableRead),
            access_mode: (self == Self::Postgres).then_some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        };
        Transaction::begin(on, options).await
    }

    /// Lets this transaction see the tenant's rows through row-level security, and says how its statements are
    /// planned.
    pub(crate) async fn set_tenant(
        self,
        transaction: &Transaction,
        tenant: TenantId,
        plans: Plans,
    ) -> Result<(), Error> {
        if self == Self::Postgres {
            // `SET` takes no parameters; the text of a uuid needs no quoting. A distributed database forwards this
            // command to its nodes, and would not forward `set_config`. All commands are one round trip.
            let sql = format!(
                "SET LOCAL app.tenant_id = '{}'; {}",
                tenant.uuid(),
                plans.as_commands()
            );
            transaction.run_commands(&sql).await?;
        }
        Ok(())
    }

    /// Whether deleted rows leave the database only when this program rewrites its file.
    pub(crate) fn rewrites_file(self) -> bool {
        self == Self::Sqlite
    }

    /// Commands that write and leave nothing behind, to learn whether the database accepts writes. SQLite writes a page with
    /// the content that it has.
    pub(crate) fn write_probe(self) -> &'static str {
        self.choose("PRAGMA user_version = 0", postgres::WRITE_PROBE)
    }

    /// Whether a select can lock its rows. SQLite's writer holds the whole file already.
    pub(crate) fn locks_rows(self) -> bool {
        self == Self::Postgres
    }

    /// Whether the table of applied migrations exists.
    pub(crate) async fn has_migrations(self, on: &impl Queryable) -> Result<bool, Error> {
        let sql = match self {
            Self::Sqlite => {
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'"
            }
            Self::Postgres => "SELECT 1 WHERE to_regclass('seaql_migrations') IS NOT NULL",
        };
        Ok(Query::new(sql).fetch_one(on).await?.is_some())
    }
}

/// Waits for the first connection of a pool: a database that starts takes longer than a call may.
async fn await_first_connection<D: sqlx::Database>(
    pool: &sqlx::Pool<D>,
) -> Result<PoolConnection<D>, Error> {
    let mut first = pool.acquire().await;
    for _ in 1..FIRST_TRIES {
        if !matches!(first, Err(sqlx::Error::PoolTimedOut)) {
            break;
        }
        first = pool.acquire().await;
    }
    Ok(first?)
}
