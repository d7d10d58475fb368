//! The open database: where transactions begin.
//!
//! The rule: a transaction over a tenant's rows begins with that tenant's [`TenantScope`]; what has no
//! tenant yet (apps, tenants, clients, the work list) has methods of its own on [`Store`].

use std::{fmt, sync::Arc, time::Duration};

use regrant_domain::{AppId, TenantId};
use sea_orm::{DatabaseConnection, DatabaseTransaction, TransactionTrait};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    AuditChain, Error, TenantScope, TenantTx, audit::event::Ledger, sql::Dialect, sql::Query,
    work::sole::Sole,
};

/// The newest migration this program needs; later ones only add.
pub const NEWEST_MIGRATION: &str = "m20261122_000033_session_previews";

/// Where the database is and how it is used.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:path` or `postgres://…`; may hold a password.
    pub url: String,
    /// How many connections are open at most.
    pub max_connections: u32,
    /// How long SQLite waits for another process that writes.
    pub busy_timeout: Duration,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("max_connections", &self.max_connections)
            .field("busy_timeout", &self.busy_timeout)
            .finish_non_exhaustive()
    }
}

/// An open database.
#[derive(Clone)]
pub struct Store {
    pub(crate) connection: DatabaseConnection,
    pub(crate) dialect: Dialect,
    system: TenantScope,
    chain: Option<AuditChain>,
    /// SQLite has one writer. Waiting here is fair and wakes at once; waiting in SQLite is neither.
    writer: Option<Arc<Semaphore>>,
    /// SQLite is worked on by one process.
    pub(crate) sole: Option<Sole>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.dialect).finish()
    }
}

impl Store {
    /// Opens the database and checks everything the promises rest on.
    ///
    /// # Errors
    /// [`Error::SchemaOutdated`], [`Error::UnsafeRole`], [`Error::Unsupported`]: it must not be served;
    /// [`Error::Db`]: it does not answer.
    pub async fn connect(settings: &Settings) -> Result<Self, Error> {
        let dialect = Dialect::of(&settings.url)?;
        let connection = dialect.open(settings).await?;
        let no_app: AppId = "0".parse().map_err(|_| Error::Corrupt("app"))?;
        let store = Self {
            connection,
            dialect,
            system: TenantScope::new(TenantId::SYSTEM, no_app),
            chain: None,
            writer: (dialect == Dialect::Sqlite).then(|| Arc::new(Semaphore::new(1))),
            sole: dialect.sole(&settings.url)?,
        };
        dialect.inspect(&store.connection).await?;
        store.check_schema().await?;
        Ok(store)
    }

    /// The same database, whose transactions can write the audit.
    #[must_use]
    pub fn with_chain(self, chain: AuditChain) -> Self {
        Self {
            chain: Some(chain),
            ..self
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), Error> {
        Query::new("SELECT 1").one(&self.connection).await?;
        Ok(())
    }

    /// Closes every connection, of clones too.
    ///
    /// # Errors
    /// The database did not take its leave.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.connection.close().await?)
    }

    /// Whether this is SQLite, where one process works alone.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }

    /// The scope of the installation itself: its data keys, no tenant's rows.
    #[must_use]
    pub fn system_scope(&self) -> TenantScope {
        self.system.clone()
    }

    /// Begins a transaction that may write. Never hold it across the network.
    ///
    /// # Errors
    /// The database does not answer, or SQLite's other writer does not end in time.
    pub async fn begin(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        self.begin_as(scope.tenant()).await
    }

    /// Begins a transaction that only reads: it waits for no writer. Writing in it may fail on SQLite.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin_read(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        let transaction = self.connection.begin().await?;
        self.reading(transaction, scope).await
    }

    /// Begins a transaction that only reads, and in which every statement sees the same moment.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin_snapshot(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        let transaction = self.dialect.snapshot(&self.connection).await?;
        self.reading(transaction, scope).await
    }

    async fn reading(
        &self,
        transaction: DatabaseTransaction,
        scope: &TenantScope,
    ) -> Result<TenantTx, Error> {
        self.dialect.enter(&transaction, scope.tenant()).await?;
        let ledger = Ledger::closed(self.chain.clone());
        Ok(TenantTx {
            transaction,
            tenant: scope.tenant(),
            dialect: self.dialect,
            ledger,
            _turn: None,
        })
    }

    pub(crate) async fn begin_as(&self, tenant: TenantId) -> Result<TenantTx, Error> {
        let turn = self.turn().await;
        let transaction = self.dialect.begin(&self.connection).await?;
        self.dialect.enter(&transaction, tenant).await?;
        let ledger = Ledger::open(self.chain.clone());
        Ok(TenantTx {
            transaction,
            tenant,
            dialect: self.dialect,
            ledger,
            _turn: turn,
        })
    }

    /// Runs one statement that writes, alone in its transaction.
    pub(crate) async fn write(&self, query: Query) -> Result<u64, Error> {
        let _turn = self.turn().await;
        query.run(&self.connection).await
    }

    /// This process's turn to write.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let writer = self.writer.clone()?;
        // The semaphore is never closed.
        writer.acquire_owned().await.ok()
    }

    async fn check_schema(&self) -> Result<(), Error> {
        if !self.dialect.has_migrations(&self.connection).await? {
            return Err(Error::SchemaOutdated);
        }
        let applied = Query::new("SELECT version FROM seaql_migrations WHERE version = ")
            .bind(NEWEST_MIGRATION);
        let found = applied.one(&self.connection).await?;
        found.map(drop).ok_or(Error::SchemaOutdated)
    }
}
