//! Where SQLite and PostgreSQL differ. The rule: nothing outside this module asks which one it is.

mod postgres;
mod sqlite;

use regrant_domain::TenantId;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::{Error, Settings, sql::Query, work::sole::Sole};

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    pub(crate) fn of(url: &str) -> Result<Self, Error> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" => Ok(Self::Sqlite),
            "postgres" | "postgresql" => Ok(Self::Postgres),
            _ => Err(Error::Unsupported(
                "the address starts with sqlite: or postgres://".to_owned(),
            )),
        }
    }

    /// Opens the database and refuses one on which the promises would not hold.
    pub(crate) async fn open(self, settings: &Settings) -> Result<DatabaseConnection, Error> {
        match self {
            Self::Sqlite => sqlite::open(settings).await,
            Self::Postgres => postgres::open(settings).await,
        }
    }

    /// The lock of the one process that works, where there can be one only.
    pub(crate) fn sole(self, url: &str) -> Result<Option<Sole>, Error> {
        match self {
            Self::Sqlite => Ok(Some(Sole::beside(&sqlite::file(url)?))),
            Self::Postgres => Ok(None),
        }
    }

    /// Takes a turn that lasts until this transaction ends; whether nobody else has it. SQLite's writer
    /// is alone anyway.
    pub(crate) async fn take_turn(
        self,
        transaction: &DatabaseTransaction,
        what: &str,
        tenant: TenantId,
    ) -> Result<bool, Error> {
        if self == Self::Sqlite {
            return Ok(true);
        }
        let name = format!("{what} {}", tenant.uuid());
        let query = Query::new("SELECT pg_try_advisory_xact_lock(hashtextextended(").bind(name);
        let row = query.sql(", 0)) AS taken").one(transaction).await?;
        row.ok_or(Error::NotFound)?.get("taken")
    }

    /// Refuses a database whose last wall is missing.
    pub(crate) async fn inspect(self, connection: &DatabaseConnection) -> Result<(), Error> {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres => postgres::inspect(connection).await,
        }
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once: one that reads
    /// first and writes later would fail instead of wait.
    pub(crate) async fn begin(self, on: &DatabaseConnection) -> Result<DatabaseTransaction, Error> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self == Self::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(on.begin_with_options(options).await?)
    }

    /// Begins a transaction that only reads, and sees one moment throughout. SQLite's always do.
    pub(crate) async fn snapshot(
        self,
        on: &DatabaseConnection,
    ) -> Result<DatabaseTransaction, Error> {
        let options = TransactionOptions {
            isolation_level: (self == Self::Postgres).then_some(IsolationLevel::RepeatableRead),
            access_mode: (self == Self::Postgres).then_some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        };
        Ok(on.begin_with_options(options).await?)
    }

    /// Shows row-level security whose rows this transaction may touch.
    pub(crate) async fn enter(
        self,
        transaction: &DatabaseTransaction,
        tenant: TenantId,
    ) -> Result<(), Error> {
        if self == Self::Postgres {
            let tenant = tenant.uuid().to_string();
            let query = Query::new("SELECT set_config('app.tenant_id', ")
                .bind(tenant)
                .sql(", true)");
            query.one(transaction).await?;
        }
        Ok(())
    }

    /// Ends a select that locks its rows. SQLite's writer holds the whole file already.
    pub(crate) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// Ends a select that locks its rows, and lets others refer to them.
    pub(crate) const fn for_no_key_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR NO KEY UPDATE",
        }
    }

    /// Ends a select whose rows cannot be deleted while this transaction lasts.
    pub(crate) const fn for_key_share(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR KEY SHARE",
        }
    }

    /// Ends a select that locks its rows `d` and not what it joins them with.
    pub(crate) const fn for_update_of_rows(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE OF d",
        }
    }

    /// Ends a select of rows `d` that takes only what nobody else is taking.
    pub(crate) const fn for_update_of_free_rows(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE OF d SKIP LOCKED",
        }
    }

    /// Whether the table of applied migrations exists.
    pub(crate) async fn has_migrations(self, on: &impl ConnectionTrait) -> Result<bool, Error> {
        let sql = match self {
            Self::Sqlite => {
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'"
            }
            Self::Postgres => "SELECT 1 WHERE to_regclass('seaql_migrations') IS NOT NULL",
        };
        Ok(Query::new(sql).one(on).await?.is_some())
    }
}
