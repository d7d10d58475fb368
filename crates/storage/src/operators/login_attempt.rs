//! Log-ins that failed, by the keyed hash of the name that was tried, whether anybody has it or not.

use regrant_domain::Timestamp;
use sea_orm::Value;

use crate::{
    Error, Store, TenantTx,
    sql::{Query, time},
};

impl Store {
    /// Until when this name is locked, if it ever was.
    ///
    /// # Errors
    /// The database failed.
    pub async fn login_locked_until(&self, name_hash: &[u8]) -> Result<Option<Timestamp>, Error> {
        let query = Query::new("SELECT locked_until FROM login_attempts WHERE name_hash = ")
            .bind(name_hash);
        match query.one(&self.connection).await? {
            Some(row) => row.maybe_time("locked_until"),
            None => Ok(None),
        }
    }

    /// Forgets failures that nobody added to since `before`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_login_attempts(&self, before: Timestamp) -> Result<u64, Error> {
        self.write(Query::new("DELETE FROM login_attempts WHERE last_at < ").bind(time(before)))
            .await
    }
}

impl TenantTx {
    /// Counts one more failure of this name; how many there are in a row.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_login_failure(&self, name_hash: &[u8], at: Timestamp) -> Result<u32, Error> {
        self.demand_installation()?;
        let row: [Value; 3] = [name_hash.into(), 1_i64.into(), time(at).into()];
        let query = Query::new("INSERT INTO login_attempts (name_hash, failures, last_at) VALUES ")
            .list(row)
            .sql(
                " ON CONFLICT (name_hash) DO UPDATE SET failures = login_attempts.failures + 1,
                 last_at = excluded.last_at RETURNING failures",
            );
        query
            .one(&self.transaction)
            .await?
            .ok_or(Error::NotFound)?
            .unsigned("failures")
    }

    /// Locks this name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lock_login(&self, name_hash: &[u8], until: Timestamp) -> Result<(), Error> {
        let query = Query::new("UPDATE login_attempts SET locked_until = ").bind(time(until));
        self.of_installation(query.sql(" WHERE name_hash = ").bind(name_hash))
            .await
            .map(drop)
    }

    /// Forgets the failures of this name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn clear_login_failures(&self, name_hash: &[u8]) -> Result<(), Error> {
        let query = Query::new("DELETE FROM login_attempts WHERE name_hash = ").bind(name_hash);
        self.of_installation(query).await.map(drop)
    }
}
