//! The limits of a tenant and how much of them it uses.
//!
//! The rule: hold the tenant's row before adding to it, so that two transactions cannot both take the last
//! unit.

use regrant_domain::Timestamp;

use crate::{
    Error, TenantTx,
    sql::{Query, Row, to_micros},
};

/// A limit of a tenant and how much of it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many there are.
    pub used: usize,
    /// How many there may be, if the operator set a limit for this tenant.
    pub limit: Option<usize>,
}

impl TenantTx {
    /// Locks the tenant's row until this transaction ends, so that no other transaction adds to the tenant.
    /// Call it before locking assets; in the other order two transactions could wait for each other.
    pub async fn lock_tenant_row(&self) -> Result<(), Error> {
        let query = Query::tenant(
            self.tenant,
            "SELECT id FROM tenants WHERE id = :tenant {for_no_key_update}",
        );
        query.fetch_one(&self.transaction).await.map(drop)
    }

    /// The tenant's assets; they are counted only where they are limited.
    pub async fn read_asset_quota(&self) -> Result<Quota, Error> {
        self.read_quota(
            "SELECT t.max_assets AS most,
                 CASE WHEN t.max_assets IS NULL THEN 0
                     ELSE (SELECT count(*) FROM assets WHERE tenant_id = :tenant) END AS used
             FROM tenants t WHERE t.id = :tenant",
        )
        .await
    }

    /// The running reconnects that calls of the tenant started.
    pub async fn read_running_quota(&self) -> Result<Quota, Error> {
        self.read_quota(
            "SELECT t.max_running_reconnects AS most,
                 (SELECT count(*) FROM reconnects
                     WHERE tenant_id = :tenant AND finished_at IS NULL AND status = 'running'
                         AND origin = 'call') AS used
             FROM tenants t WHERE t.id = :tenant",
        )
        .await
    }

    /// How many of the tenant's reconnect sessions are open at this moment.
    pub async fn count_open_sessions(&self, now: Timestamp) -> Result<usize, Error> {
        let query = self
            .query(
                "SELECT count(*) AS n FROM reconnect_sessions
                 WHERE tenant_id = :tenant AND ended_at IS NULL AND expires_at > :now",
            )
            .bind("now", to_micros(now));
        let row: Row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        usize::try_from(row.get::<i64>("n")?).map_err(|_| Error::Corrupt("count"))
    }

    async fn read_quota(&self, sql: &'static str) -> Result<Quota, Error> {
        let row: Row = self
            .fetch_one(self.query(sql))
            .await?
            .ok_or(Error::NotFound)?;
        let whole = |n: i64| usize::try_from(n).map_err(|_| Error::Corrupt("quota"));
        let most: Option<i64> = row.get("most")?;
        Ok(Quota {
            used: whole(row.get("used")?)?,
            limit: most.map(whole).transpose()?,
        })
    }
}
