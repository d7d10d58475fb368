//! The scope of one tenant: what a caller needs before it can reach a tenant's rows.
//!
//! The rule: a [`TenantScope`] comes from a verified credential or a claimed lease, never from a path, a
//! body or a header. Only this crate can make one.

use regrant_domain::{AppId, TenantId};

use crate::{
    AuditHead, Error, RowSeals,
    audit::Ledger,
    outage::Health,
    sql::{Dialect, ListedRows, Plans, Query, Row, Transaction, decode_row},
    turns::Turn,
};

/// The right to reach one tenant's rows.
#[derive(Debug, Clone)]
pub struct TenantScope {
    tenant: TenantId,
    app_id: AppId,
}

impl TenantScope {
    pub(crate) const fn new(tenant: TenantId, app_id: AppId) -> Self {
        Self { tenant, app_id }
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The Meta app the tenant uses.
    #[must_use]
    pub const fn app_id(&self) -> &AppId {
        &self.app_id
    }
}

/// A transaction of one tenant; the only way to its rows. It rolls back if it is dropped.
#[must_use = "a transaction that is not committed rolls back"]
pub struct TenantTx {
    // Declared before the turn, so that it is dropped first.
    pub(crate) transaction: Transaction,
    pub(crate) tenant: TenantId,
    pub(crate) dialect: Dialect,
    pub(crate) health: Health,
    pub(crate) ledger: Ledger,
    pub(crate) seals: Option<RowSeals>,
    pub(crate) plans: Plans,
    pub(crate) _turn: Option<Turn>,
}

impl TenantTx {
    /// Commits this transaction with its audit.
    pub async fn commit(self) -> Result<(), Error> {
        self.commit_audit().await.map(drop)
    }

    /// The same, and returns before it is on disk: a crash of the database may take the whole transaction back, its audit
    /// too, unless a later commit waited. For work that is found again from its rows.
    pub async fn commit_unsynced(self) -> Result<(), Error> {
        let unsynced = self.dialect.unsync_commit(&self.transaction).await;
        self.health.note(unsynced)?;
        self.commit().await
    }

    /// Commits this transaction with its audit, and returns the new end of the chain if there were events.
    pub async fn commit_audit(self) -> Result<Option<AuditHead>, Error> {
        let head = self.link_audit().await?;
        let health = self.health;
        health.note(self.transaction.commit().await)?;
        Ok(head)
    }

    /// Switches to another tenant, so that the audit of several shares one commit. Switch in the order of
    /// tenant ids: each chain stays locked until the commit.
    pub async fn switch_tenant(self, scope: &TenantScope) -> Result<Self, Error> {
        self.link_audit().await?;
        self.switch_to(scope.tenant()).await
    }

    /// The same for leases, whose writes are not audited.
    pub(crate) async fn switch_to(mut self, tenant: TenantId) -> Result<Self, Error> {
        self.dialect
            .set_tenant(&self.transaction, tenant, self.plans)
            .await?;
        self.tenant = tenant;
        Ok(self)
    }

    /// A statement whose `:tenant` is this tenant.
    pub(crate) fn query(&self, sql: &'static str) -> Query {
        Query::tenant(self.tenant, sql)
    }

    pub(crate) async fn fetch_all(&self, query: Query) -> Result<Vec<Row>, Error> {
        self.check_tenant(&query)?;
        self.health.note(query.fetch_all(&self.transaction).await)
    }

    /// The rows that decode. Each is decoded as it arrives: a row of the driver is many times as large as what it holds.
    pub(crate) async fn fetch_decoded<T>(
        &self,
        table: &'static str,
        query: Query,
        decode: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        Ok(self.fetch_listed(table, query, decode).await?.rows)
    }

    /// The same for a list of which pages are made: it knows whether more rows follow, although some do not decode.
    pub(crate) async fn fetch_listed<T>(
        &self,
        table: &'static str,
        query: Query,
        decode: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<ListedRows<T>, Error> {
        self.check_tenant(&query)?;
        let listed = query.fetch_decoded(&self.transaction, |row| decode_row(table, row, &decode));
        self.health.note(listed.await)
    }

    pub(crate) async fn fetch_one(&self, query: Query) -> Result<Option<Row>, Error> {
        self.check_tenant(&query)?;
        self.health.note(query.fetch_one(&self.transaction).await)
    }

    pub(crate) async fn execute(&self, query: Query) -> Result<u64, Error> {
        self.check_tenant(&query)?;
        self.health.note(query.execute(&self.transaction).await)
    }

    /// Runs a statement that must touch exactly `rows` rows; else it is [`Error::Stale`].
    pub(crate) async fn execute_exactly(&self, rows: usize, query: Query) -> Result<(), Error> {
        let touched = self.execute(query).await?;
        if u64::try_from(rows) == Ok(touched) {
            Ok(())
        } else {
            Err(Error::Stale)
        }
    }

    /// Refuses a statement that is not confined to this tenant. On SQLite only this isolates tenants.
    fn check_tenant(&self, query: &Query) -> Result<(), Error> {
        if query.is_bound_to(self.tenant) {
            Ok(())
        } else {
            Err(Error::Unsupported(
                "a statement that is not confined to its tenant".to_owned(),
            ))
        }
    }
}
