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

    /// How many assets the tenant may have, if the operator set a limit for it.
    pub async fn find_asset_limit(&self) -> Result<Option<usize>, Error> {
        let query = Query::tenant(
            self.tenant,
            "SELECT max_assets FROM tenants WHERE id = :tenant",
        );
        let row = query.fetch_one(&self.transaction).await?;
        let most: Option<i64> = row.ok_or(Error::NotFound)?.get("max_assets")?;
        most.map(to_whole).transpose()
    }

    /// How many assets the tenant has. It counts no further than `most`, because a tenant may have millions.
    pub async fn count_assets(&self, most: usize) -> Result<usize, Error> {
        let query = self
            .query(
                "SELECT count(*) AS n FROM (
                     SELECT id FROM assets WHERE tenant_id = :tenant LIMIT :most) a",
            )
            .bind("most", i64::try_from(most).unwrap_or(i64::MAX));
        let row: Row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        to_whole(row.get("n")?)
    }

    /// The running reconnects that calls of the tenant started.
    pub async fn read_running_quota(&self) -> Result<Quota, Error> {
        let query = self.query(
            "SELECT t.max_running_reconnects AS most,
                 (SELECT count(*) FROM reconnects
                     WHERE tenant_id = :tenant AND finished_at IS NULL AND status = 'running'
                         AND origin = 'call') AS used
             FROM tenants t WHERE t.id = :tenant",
        );
        let row: Row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        let most: Option<i64> = row.get("most")?;
        Ok(Quota {
            used: to_whole(row.get("used")?)?,
            limit: most.map(to_whole).transpose()?,
        })
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
        to_whole(row.get("n")?)
    }
}

fn to_whole(n: i64) -> Result<usize, Error> {
    usize::try_from(n).map_err(|_| Error::Corrupt("quota"))
}
