//! The open database: where transactions begin.
//!
//! The rule: a transaction over a tenant's rows begins with that tenant's [`TenantScope`]. Rows that are
//! read before a tenant is known (apps, tenants, clients, due work) have methods of their own on [`Store`].
//! Which transaction begins next is up to `turns.rs`.

mod server;

use std::{fmt, sync::Arc, time::Duration};

use regrant_domain::{AppId, TenantId};
use regrant_permits::Limits;
use sea_orm::DatabaseConnection;

use crate::{
    AuditChain, Error, RowSeals, TenantScope, TenantTx,
    audit::Ledger,
    integrity::without_seals,
    outage::Health,
    sql::{Dialect, Lane, Plans, Query, Row, Transaction},
    turns::{Sizes, Turn, Turns},
    work::sole::ProcessLock,
};

/// The newest migration this program needs. A database with later ones fits too: they only add.
pub const NEWEST_MIGRATION: &str = "m20261130_000090_audit_key_changes";

/// How to open the database.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:path` or `postgres://…`; may hold a password.
    pub url: String,
    /// The maximum number of open connections; four are opened at least.
    pub max_connections: u32,
    /// How long a call waits for a connection. It waits longer for other calls of its tenant.
    pub acquire_timeout: Duration,
    /// How long SQLite waits while another process writes.
    pub busy_timeout: Duration,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("busy_timeout", &self.busy_timeout)
            .finish_non_exhaustive()
    }
}

/// An open database.
#[derive(Clone)]
pub struct Store {
    /// For reads, and for short writes that callers wait for.
    pub(crate) connection: DatabaseConnection,
    /// For all other writes.
    pub(crate) writes: DatabaseConnection,
    /// For single statements of calls: reads of clients and tokens, and on PostgreSQL their audit.
    pub(crate) lane: Lane,
    pub(crate) dialect: Dialect,
    /// Whether the tables are spread over the nodes of a Citus cluster.
    pub(crate) is_distributed: bool,
    system: TenantScope,
    codes: Arc<Codes>,
    /// Waiting here is fair; waiting in the database is not.
    turns: Turns,
    /// Only one process may work on a SQLite file.
    pub(crate) sole: Option<ProcessLock>,
    /// The last outage.
    pub(crate) health: Health,
}

/// What computes the keyed codes of the audit and of sealed rows.
#[derive(Debug, Default)]
struct Codes {
    chain: Option<AuditChain>,
    seals: Option<RowSeals>,
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
        let sizes = Sizes::of_connections(dialect, settings.max_connections);
        let (connection, writes, lane) = dialect.open_database(settings, sizes).await?;
        let is_distributed = dialect.is_distributed(&connection).await?;
        let no_app: AppId = "0".parse().map_err(|_| Error::Corrupt("app"))?;
        let store = Self {
            connection,
            writes,
            lane,
            dialect,
            is_distributed,
            system: TenantScope::new(TenantId::SYSTEM, no_app),
            codes: Arc::default(),
            turns: Turns::new(dialect, sizes, settings.acquire_timeout),
            sole: dialect.process_lock(&settings.url)?,
            health: Health::default(),
        };
        store.check_schema().await?;
        dialect.check_isolation(&store.connection).await?;
        if is_distributed {
            dialect.check_layout(&store.connection).await?;
        }
        Ok(store)
    }

    /// The same database, opened so that transactions can write the audit.
    #[must_use]
    pub fn with_chain(self, chain: AuditChain) -> Self {
        let seals = self.codes.seals.clone();
        let chain = Some(chain);
        Self {
            codes: Arc::new(Codes { chain, seals }),
            ..self
        }
    }

    /// The same database, opened so that sealed rows can be checked and changed.
    #[must_use]
    pub fn with_seals(self, seals: RowSeals) -> Self {
        let chain = self.codes.chain.clone();
        let seals = Some(seals);
        Self {
            codes: Arc::new(Codes { chain, seals }),
            ..self
        }
    }

    /// The seals of rows.
    ///
    /// # Errors
    /// [`Error::Unsupported`]: the store was opened without them.
    pub(crate) fn row_seals(&self) -> Result<&RowSeals, Error> {
        self.codes.seals.as_ref().ok_or_else(without_seals)
    }

    /// The same database for work without a caller: it waits longer for its turn, and its transactions have no limit
    /// of time.
    #[must_use]
    pub fn in_background(&self) -> Self {
        Self {
            turns: self.turns.in_background(),
            ..self.clone()
        }
    }

    /// How many transactions read and write, and how many short statements run at the same time, in all and for one
    /// tenant.
    #[must_use]
    pub fn turn_limits(&self) -> [Limits; 3] {
        self.turns.limits()
    }

    /// Drops the connections that no transaction uses; the next transactions open their own. For a process whose
    /// listeners have ended: a connection ends with the runtime of the thread that opened it, unseen by the pool.
    pub fn drop_idle_connections(&self) {
        for pool in [&self.connection, &self.writes] {
            self.dialect.drop_idle_connections(pool);
        }
        self.lane.drop_kept();
    }

    /// Closes every connection, those of clones too.
    ///
    /// # Errors
    /// The pool could not be closed.
    pub async fn close(self) -> Result<(), Error> {
        let (read, written) = (self.connection.close().await, self.writes.close().await);
        self.lane.close().await?;
        Ok(read.and(written)?)
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
    ///
    /// # Errors
    /// [`Error::TenantBusy`], [`Error::Busy`]: its turn did not come.
    pub async fn begin(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        self.begin_as(scope.tenant()).await
    }

    /// Begins a transaction that writes a few single rows for a caller who waits: it begins before others.
    ///
    /// # Errors
    /// As [`Store::begin`].
    pub async fn begin_short(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        let turn = self.turns.wait_to_write_shortly(scope.tenant()).await?;
        let on = if self.is_sqlite() {
            &self.writes
        } else {
            &self.connection
        };
        let transaction = self.dialect.begin_write(on).await;
        let transaction = self.health.note(transaction)?;
        let ledger = Ledger::for_writes(self.codes.chain.clone());
        self.open(transaction, scope.tenant(), Plans::Kept, ledger, Some(turn))
            .await
    }

    /// Begins a transaction that only reads and does not wait for writers. Writing in it may fail on SQLite.
    ///
    /// # Errors
    /// As [`Store::begin`].
    pub async fn begin_read(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        self.begin_reading(scope, Plans::Fresh).await
    }

    /// The same for a transaction that reads a few single rows by their keys.
    ///
    /// # Errors
    /// As [`Store::begin`].
    pub async fn begin_short_read(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        self.begin_reading(scope, Plans::Kept).await
    }

    /// Whether callers wait for the only writer of SQLite now and then: long transactions should be divided, then.
    #[must_use]
    pub fn do_callers_share_writer(&self) -> bool {
        self.turns.do_callers_share_writer()
    }

    /// Begins a read that may be needed within another transaction of the tenant, so it waits for no turn. Only for reads
    /// that are rare because their results are kept.
    ///
    /// # Errors
    /// [`Error::Busy`]: no connection became free.
    pub async fn begin_nested_read(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        let transaction = self.dialect.begin(&self.connection).await;
        let transaction = self.health.note(transaction)?;
        let ledger = Ledger::read_only(self.codes.chain.clone());
        self.open(transaction, scope.tenant(), Plans::Kept, ledger, None)
            .await
    }

    /// Begins a transaction that only reads, and in which every statement sees the same moment.
    ///
    /// # Errors
    /// As [`Store::begin`].
    pub async fn begin_snapshot(&self, scope: &TenantScope) -> Result<TenantTx, Error> {
        let turn = self.turns.wait_to_read(scope.tenant()).await?;
        let transaction = self.dialect.begin_snapshot(&self.connection).await;
        let transaction = self.health.note(transaction)?;
        let ledger = Ledger::read_only(self.codes.chain.clone());
        self.open(
            transaction,
            scope.tenant(),
            Plans::Fresh,
            ledger,
            Some(turn),
        )
        .await
    }

    /// The rows of one statement that reads rows of a tenant by their keys.
    ///
    /// # Errors
    /// [`Error::TenantBusy`], [`Error::Busy`]: its turn did not come.
    pub(crate) async fn fetch_shortly(
        &self,
        tenant: TenantId,
        query: Query,
    ) -> Result<Vec<Row>, Error> {
        let _turn = self.turns.wait_for_lane(tenant).await?;
        self.health.note(self.lane.fetch_all(query).await)
    }

    /// The row of one statement that writes single rows of a tenant for a caller who waits.
    ///
    /// # Errors
    /// As [`Store::fetch_shortly`]. Where the connection is lost, it may be committed or not.
    pub(crate) async fn write_shortly(
        &self,
        tenant: TenantId,
        query: Query,
    ) -> Result<Option<Row>, Error> {
        let _turn = self.turns.wait_for_lane(tenant).await?;
        self.health.note(self.lane.fetch_written(query).await)
    }

    /// What links the audit.
    ///
    /// # Errors
    /// [`Error::Unsupported`]: the store was opened without it.
    pub(crate) fn audit_chain(&self) -> Result<&AuditChain, Error> {
        let chain = self.codes.chain.as_ref();
        chain.ok_or_else(|| Error::Unsupported("a store without a chain".to_owned()))
    }

    async fn begin_reading(&self, scope: &TenantScope, plans: Plans) -> Result<TenantTx, Error> {
        let turn = self.turns.wait_to_read(scope.tenant()).await?;
        let transaction = self.dialect.begin(&self.connection).await;
        let transaction = self.health.note(transaction)?;
        let ledger = Ledger::read_only(self.codes.chain.clone());
        self.open(transaction, scope.tenant(), plans, ledger, Some(turn))
            .await
    }

    pub(crate) async fn begin_as(&self, tenant: TenantId) -> Result<TenantTx, Error> {
        let turn = self.turns.wait_to_write(tenant).await?;
        let transaction = self.dialect.begin_write(&self.writes).await;
        let transaction = self.health.note(transaction)?;
        let ledger = Ledger::for_writes(self.codes.chain.clone());
        self.open(transaction, tenant, Plans::Fresh, ledger, Some(turn))
            .await
    }

    /// Begins a transaction that writes leases. On PostgreSQL it waits for no turn, because it waits for no lock either.
    pub(crate) async fn begin_for_leases(&self, tenant: TenantId) -> Result<TenantTx, Error> {
        let turn = self.wait_for_writer().await?;
        let transaction = self.dialect.begin_write(&self.writes).await;
        let transaction = self.health.note(transaction)?;
        let ledger = Ledger::for_writes(self.codes.chain.clone());
        self.open(transaction, tenant, Plans::Kept, ledger, turn)
            .await
    }

    async fn open(
        &self,
        mut transaction: Transaction,
        tenant: TenantId,
        plans: Plans,
        ledger: Ledger,
        turn: Option<Turn>,
    ) -> Result<TenantTx, Error> {
        self.dialect.set_tenant(&transaction, tenant, plans).await?;
        if self.turns.is_in_background() {
            self.dialect.lift_time_limits(&mut transaction).await?;
        }
        Ok(TenantTx {
            transaction,
            tenant,
            dialect: self.dialect,
            seals: self.codes.seals.clone(),
            health: self.health.clone(),
            ledger,
            plans,
            _turn: turn,
        })
    }

    /// Runs one statement that writes, in a transaction of its own.
    pub(crate) async fn execute_write(&self, query: Query) -> Result<u64, Error> {
        let _turn = self.wait_for_writer().await?;
        self.health.note(query.execute(&self.writes).await)
    }

    /// Waits for the right to write on SQLite; on PostgreSQL there is nothing to wait for.
    pub(crate) async fn wait_for_writer(&self) -> Result<Option<Turn>, Error> {
        self.turns.wait_for_writer().await
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
