//! Which tenant: the proof a caller needs before it can touch a tenant's rows.
//!
//! The rule: a [`TenantScope`] comes from a verified credential or a claimed lease, never from a path, a
//! body or a header; nothing outside this crate can make one.

use regrant_domain::{AppId, TenantId};
use sea_orm::DatabaseTransaction;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    Error,
    audit::event::Ledger,
    sql::Dialect,
    sql::{Query, Row},
};

/// One tenant, proved.
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

/// A transaction of one tenant; the only way to its rows. Dropped, it rolls back.
#[must_use = "a transaction that is not committed rolls back"]
pub struct TenantTx {
    // Declared before the permit, so that it ends first.
    pub(crate) transaction: DatabaseTransaction,
    pub(crate) tenant: TenantId,
    pub(crate) dialect: Dialect,
    pub(crate) ledger: Ledger,
    pub(crate) _turn: Option<OwnedSemaphorePermit>,
}

impl TenantTx {
    /// Makes everything done in this transaction last, with its audit.
    ///
    /// # Errors
    /// [`Error::Db`]: nothing of it lasts.
    pub async fn commit(self) -> Result<(), Error> {
        self.link_audit().await?;
        Ok(self.transaction.commit().await?)
    }

    /// Goes on as another tenant, so that the audit of several shares one commit. Go from tenant to tenant in
    /// the order of their ids: each one's chain stays locked until the commit.
    ///
    /// # Errors
    /// The database failed; nothing of the transaction lasts.
    pub async fn go_on_as(mut self, scope: &TenantScope) -> Result<Self, Error> {
        self.link_audit().await?;
        self.dialect
            .enter(&self.transaction, scope.tenant())
            .await?;
        self.tenant = scope.tenant();
        Ok(self)
    }

    /// A statement whose `$1` is this tenant.
    pub(crate) fn query(&self, sql: &str) -> Query {
        Query::of_tenant(self.tenant, sql)
    }

    pub(crate) async fn all(&self, query: Query) -> Result<Vec<Row>, Error> {
        self.check(&query)?;
        query.all(&self.transaction).await
    }

    pub(crate) async fn one(&self, query: Query) -> Result<Option<Row>, Error> {
        self.check(&query)?;
        query.one(&self.transaction).await
    }

    pub(crate) async fn run(&self, query: Query) -> Result<u64, Error> {
        self.check(&query)?;
        query.run(&self.transaction).await
    }

    /// Runs a statement that must touch `rows` rows.
    pub(crate) async fn run_exactly(&self, rows: usize, query: Query) -> Result<(), Error> {
        let touched = self.run(query).await?;
        if u64::try_from(rows) == Ok(touched) {
            Ok(())
        } else {
            Err(Error::Stale)
        }
    }

    /// On SQLite nothing else stands between two tenants.
    fn check(&self, query: &Query) -> Result<(), Error> {
        if query.is_bound_to(self.tenant) {
            Ok(())
        } else {
            Err(Error::Unsupported(
                "a statement that names no tenant".to_owned(),
            ))
        }
    }
}
