//! The open database: where transactions begin.
//!
//! The rule: a transaction over a tenant's rows begins with that tenant's [`TenantScope`]. Rows that are
//! read before a tenant is known (apps, tenants, clients, due work) have methods of their own on [`Store`].

use std::{fmt, sync::Arc, time::Duration};

use regrant_domain::{AppId, TenantId};
use sea_orm::{DatabaseConnection, DatabaseTransaction, TransactionTrait};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    AuditChain, Error, TenantScope, TenantTx,
    audit::Ledger,
    sql::{Dialect, Query},
    work::sole::ProcessLock,
};

/// The newest migration this program needs. A database with later ones fits too: they only add.
pub const NEWEST_MIGRATION: &str = "m20261128_000044_login_refusals";

/// How to open the database.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:path` or `postgres://…`; may hold a password.
    pub url: String,
    /// The maximum number of open connections.
    pub max_connections: u32,
    /// How long SQLite waits while another process writes.
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
    /// SQLite has one writer. Waiting here is fair and ends at once; waiting in SQLite polls.
    writer: Option<Arc<Semaphore>>,
    /// Only one process may work on a SQLite file.
    pub(crate) sole: Option<ProcessLock>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.dialect).finish()
    }
}

impl Store {
    /// Opens the database and checks that it is safe to serve from.
    ///
    /// # Errors
    /// [`Error::SchemaOutdated`], [`Error::UnsafeRole`], [`Error::Unsupported`]: it is not.
    pub async fn connect(settings: &Settings) -> Result<Self, Error> {
        let dialect = Dialect::of_url(&settings.url)?;
        let connection = dialect.open_database(settings).await?;
        let no_app: AppId = "0".parse().map_err(|_| Error::Corrupt("app"))?;
        let store = Self {
            connection,
            dialect,
            system: TenantScope::new(TenantId::SYSTEM, no_app),
            chain: None,
            writer: (dialect == Dialect::Sqlite).then(|| Arc::new(Semaphore::new(1))),
            sole: dialect.process_lock(&settings.url)?,
        };
        dialect.check_isolation(&store.connection).await?;
        store.check_schema().await?;
        Ok(store)
    }

    /// The same database, opened so that transactions can write the audit.
    #[must_use]
    pub fn with_chain(self, chain: AuditChain) -> Self {
        Self {
            chain: Some(chain),
            ..self
        }
    }

    /// Checks that the database answers.
    pub async fn check_connection(&self) -> Result<(), Error> {
        Query::new("SELECT 1").fetch_one(&self.connection).await?;
        Ok(())
    }

    /// Closes every connection, those of clones too.
    ///
    /// # Errors
    /// The pool could not be closed.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.connection.close().await?)
    }

    /// Whether this is SQLite, on which only one process may work.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }

    /// The scope of the installation itself: its own data keys, operators and audit.
    #[must_use]
    pub fn system_scope(&self) -> TenantScope {
        self.system.clone()
    }

    /// Begins a transaction that may write. Never wait for the network while it is open.
    pub async fn begin(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        self.begin_as(scope.tenant()).await
    }

    /// Begins a transaction that only reads and does not wait for writers. Writing in it may fail on SQLite.
    pub async fn begin_read(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        let transaction = self.connection.begin().await?;
        self.begin_reading(transaction, scope).await
    }

    /// Begins a transaction that only reads, and in which every statement sees the same moment.
    pub async fn begin_snapshot(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        let transaction = self.dialect.begin_snapshot(&self.connection).await?;
        self.begin_reading(transaction, scope).await
    }

    async fn begin_reading(
        &self,
        transaction: DatabaseTransaction,
        scope: &TenantScope,
    ) -> Result<TenantTx, Error> {
        self.dialect
            .set_tenant(&transaction, scope.tenant())
            .await?;
        let ledger = Ledger::read_only(self.chain.clone());
        Ok(TenantTx {
            transaction,
            tenant: scope.tenant(),
            dialect: self.dialect,
            ledger,
            _turn: None,
        })
    }

    pub(crate) async fn begin_as(&self, tenant: TenantId) -> Result<TenantTx, Error> {
        let turn = self.wait_for_writer().await;
        let transaction = self.dialect.begin_write(&self.connection).await?;
        self.dialect.set_tenant(&transaction, tenant).await?;
        let ledger = Ledger::for_writes(self.chain.clone());
        Ok(TenantTx {
            transaction,
            tenant,
            dialect: self.dialect,
            ledger,
            _turn: turn,
        })
    }

    /// Runs one statement that writes, in a transaction of its own.
    pub(crate) async fn execute_write(&self, query: Query) -> Result<u64, Error> {
        let _turn = self.wait_for_writer().await;
        query.execute(&self.connection).await
    }

    /// Waits for the right to write on SQLite; on PostgreSQL there is nothing to wait for.
    pub(crate) async fn wait_for_writer(&self) -> Option<OwnedSemaphorePermit> {
        let writer = self.writer.clone()?;
        // The semaphore is never closed.
        writer.acquire_owned().await.ok()
    }

    async fn check_schema(&self) -> Result<(), Error> {
        if !self.dialect.has_migrations(&self.connection).await? {
            return Err(Error::SchemaOutdated);
        }
        let applied = Query::new("SELECT version FROM seaql_migrations WHERE version = :version")
            .bind("version", NEWEST_MIGRATION);
        let found = applied.fetch_one(&self.connection).await?;
        found.map(drop).ok_or(Error::SchemaOutdated)
    }
}
