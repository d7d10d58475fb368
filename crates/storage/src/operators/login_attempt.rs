//! Failed log-ins, by the keyed hashes of the name that was tried and of the address it was tried from, whether or not
//! an operator has that name.

use regrant_domain::Timestamp;

use crate::{
    Error, Store, TenantTx,
    sql::{Query, to_micros},
};

/// Where a log-in was tried: keyed hashes, so that the table names neither operators nor addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginOrigin {
    /// Hash of the name.
    pub name: [u8; 16],
    /// Hash of the address.
    pub address: [u8; 16],
}

/// The failures since the last success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginFailures {
    /// With this name from this address.
    pub here: u32,
    /// With this name from any address.
    pub of_name: u32,
}

impl Store {
    /// The end of the lock of this name at this address, if it was ever locked.
    pub async fn find_login_lock(&self, origin: &LoginOrigin) -> Result<Option<Timestamp>, Error> {
        let query = Query::new(
            "SELECT locked_until FROM login_attempts
             WHERE name_hash = :name AND address_hash = :address",
        )
        .bind("name", &origin.name[..])
        .bind("address", &origin.address[..]);
        match query.fetch_one(&self.connection).await? {
            Some(row) => row.maybe_time("locked_until"),
            None => Ok(None),
        }
    }

    /// Deletes failures whose last repetition was before `before`.
    pub async fn purge_login_attempts(&self, before: Timestamp) -> Result<u64, Error> {
        let query = Query::new("DELETE FROM login_attempts WHERE last_at < :before")
            .bind("before", to_micros(before));
        self.execute_write(query).await
    }
}

impl TenantTx {
    /// Counts one more failure.
    pub async fn count_login_failure(
        &self,
        origin: &LoginOrigin,
        at: Timestamp,
    ) -> Result<LoginFailures, Error> {
        self.require_installation()?;
        let counted = Query::new(
            "INSERT INTO login_attempts (name_hash, address_hash, failures, last_at)
             VALUES (:name, :address, 1, :at)
             ON CONFLICT (name_hash, address_hash) DO UPDATE SET
                 failures = login_attempts.failures + 1, last_at = excluded.last_at
             RETURNING failures",
        )
        .bind("name", &origin.name[..])
        .bind("address", &origin.address[..])
        .bind("at", to_micros(at));
        let here = counted.fetch_one(&self.transaction).await?;
        let summed = Query::new(
            "SELECT CAST(sum(failures) AS BIGINT) AS failures FROM login_attempts
             WHERE name_hash = :name",
        )
        .bind("name", &origin.name[..]);
        let of_name = summed.fetch_one(&self.transaction).await?;
        Ok(LoginFailures {
            here: here.ok_or(Error::NotFound)?.unsigned("failures")?,
            of_name: of_name.ok_or(Error::NotFound)?.unsigned("failures")?,
        })
    }

    /// Locks this name at this address until `until`.
    pub async fn lock_login(&self, origin: &LoginOrigin, until: Timestamp) -> Result<(), Error> {
        let query = Query::new(
            "UPDATE login_attempts SET locked_until = :until
             WHERE name_hash = :name AND address_hash = :address",
        )
        .bind("until", to_micros(until))
        .bind("name", &origin.name[..])
        .bind("address", &origin.address[..]);
        self.run_on_installation(query).await.map(drop)
    }

    /// Deletes the failures of this name at this address.
    pub async fn clear_login_failures(&self, origin: &LoginOrigin) -> Result<(), Error> {
        let query = Query::new(
            "DELETE FROM login_attempts WHERE name_hash = :name AND address_hash = :address",
        )
        .bind("name", &origin.name[..])
        .bind("address", &origin.address[..]);
        self.run_on_installation(query).await.map(drop)
    }

    /// Deletes the failures of this name at every address.
    pub async fn clear_login_name(&self, name: &[u8; 16]) -> Result<(), Error> {
        let query = Query::new("DELETE FROM login_attempts WHERE name_hash = :name")
            .bind("name", &name[..]);
        self.run_on_installation(query).await.map(drop)
    }
}
