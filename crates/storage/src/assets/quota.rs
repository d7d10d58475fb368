//! How much of a tenant there may be, and how much there is.
//!
//! The rule: who adds holds the tenant's row first, so that two at once count one another.

use regrant_domain::Timestamp;

use crate::{
    Error, TenantTx,
    sql::{Query, Row, time},
};

/// How many of something a tenant has, and the number an operator set for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many there are.
    pub used: usize,
    /// How many there may be, where that was decided for this tenant.
    pub most: Option<usize>,
}

impl TenantTx {
    /// Holds the tenant's row until this transaction ends: from here on nobody else adds. Before any asset is
    /// locked, or two such transactions wait for each other.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hold_tenant(&self) -> Result<(), Error> {
        let hold = Query::of_tenant(self.tenant, "SELECT id FROM tenants WHERE id = $1");
        hold.sql(self.dialect.for_no_key_update())
            .one(&self.transaction)
            .await?;
        Ok(())
    }

    /// The tenant's assets.
    ///
    /// # Errors
    /// The database failed.
    pub async fn asset_quota(&self) -> Result<Quota, Error> {
        self.quota(
            "SELECT t.max_assets AS most, (SELECT count(*) FROM assets WHERE tenant_id = $1) AS used
             FROM tenants t WHERE t.id = $1",
        )
        .await
    }

    /// The reconnects of the tenant's calls that run.
    ///
    /// # Errors
    /// The database failed.
    pub async fn running_quota(&self) -> Result<Quota, Error> {
        self.quota(
            "SELECT t.max_running_reconnects AS most, (SELECT count(*) FROM reconnects
                WHERE tenant_id = $1 AND finished_at IS NULL AND status = 'running' AND origin = 'call') AS used
             FROM tenants t WHERE t.id = $1",
        )
        .await
    }

    /// How many of the tenant's sessions let somebody in at this moment.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open_reconnect_sessions(&self, now: Timestamp) -> Result<usize, Error> {
        let query = self
            .query(
                "SELECT count(*) AS n FROM reconnect_sessions
                 WHERE tenant_id = $1 AND ended_at IS NULL AND expires_at > ",
            )
            .bind(time(now));
        let row: Row = self.one(query).await?.ok_or(Error::NotFound)?;
        usize::try_from(row.get::<i64>("n")?).map_err(|_| Error::Corrupt("count"))
    }

    async fn quota(&self, sql: &str) -> Result<Quota, Error> {
        let row: Row = self.one(self.query(sql)).await?.ok_or(Error::NotFound)?;
        let whole = |n: i64| usize::try_from(n).map_err(|_| Error::Corrupt("quota"));
        let most: Option<i64> = row.get("most")?;
        Ok(Quota {
            used: whole(row.get("used")?)?,
            most: most.map(whole).transpose()?,
        })
    }
}
