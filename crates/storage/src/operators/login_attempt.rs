//! Failed log-ins, by the keyed hash of the name that was tried, whether or not an operator has that name.

use regrant_domain::Timestamp;

use crate::{
    Error, Store, TenantTx,
    sql::{Query, to_micros},
};

impl Store {
    /// The end of this name's lock, if it was ever locked.
    pub async fn find_login_lock(&self, name_hash: &[u8]) -> Result<Option<Timestamp>, Error> {
        let query =
            Query::new("SELECT locked_until FROM login_attempts WHERE name_hash = :name_hash")
                .bind("name_hash", name_hash);
        match query.fetch_one(&self.connection).await? {
            Some(row) => row.maybe_time("locked_until"),
            None => Ok(None),
        }
    }

    /// Deletes names whose last failure was before `before`.
    pub async fn purge_login_attempts(&self, before: Timestamp) -> Result<u64, Error> {
        let query = Query::new("DELETE FROM login_attempts WHERE last_at < :before")
            .bind("before", to_micros(before));
        self.execute_write(query).await
    }
}

impl TenantTx {
    /// Counts one more failure of this name; returns how many there were in a row.
    pub async fn count_login_failure(&self, name_hash: &[u8], at: Timestamp) -> Result<u32, Error> {
        self.require_installation()?;
        let query = Query::new(
            "INSERT INTO login_attempts (name_hash, failures, last_at) VALUES (:name_hash, 1, :at)
             ON CONFLICT (name_hash) DO UPDATE SET failures = login_attempts.failures + 1,
                 last_at = excluded.last_at
             RETURNING failures",
        )
        .bind("name_hash", name_hash)
        .bind("at", to_micros(at));
        let row = query.fetch_one(&self.transaction).await?;
        row.ok_or(Error::NotFound)?.unsigned("failures")
    }

    /// Locks this name until `until`.
    pub async fn lock_login_name(&self, name_hash: &[u8], until: Timestamp) -> Result<(), Error> {
        let query = Query::new(
            "UPDATE login_attempts SET locked_until = :until WHERE name_hash = :name_hash",
        )
        .bind("until", to_micros(until))
        .bind("name_hash", name_hash);
        self.run_on_installation(query).await.map(drop)
    }

    /// Deletes the failures of this name.
    pub async fn clear_login_failures(&self, name_hash: &[u8]) -> Result<(), Error> {
        let query = Query::new("DELETE FROM login_attempts WHERE name_hash = :name_hash")
            .bind("name_hash", name_hash);
        self.run_on_installation(query).await.map(drop)
    }
}
