//! The key of the audit chains: of the installation, sealed under its own data key.

use regrant_domain::{SealedRecord, Timestamp};

use crate::{
    Error, Store, TenantTx,
    sql::{Query, to_micros},
};

impl Store {
    /// The key of this name, if there is one.
    pub async fn find_audit_key(&self, name: &str) -> Result<Option<SealedRecord>, Error> {
        let query =
            Query::new("SELECT sealed FROM audit_keys WHERE name = :name").bind("name", name);
        let row = query.fetch_one(&self.connection).await?;
        row.map(|row| row.sealed("sealed")).transpose()
    }

    /// When the key of this name was made; `None` if there is none.
    pub async fn find_audit_key_made_at(&self, name: &str) -> Result<Option<Timestamp>, Error> {
        let query =
            Query::new("SELECT created_at FROM audit_keys WHERE name = :name").bind("name", name);
        let row = query.fetch_one(&self.connection).await?;
        row.map(|row| row.time("created_at")).transpose()
    }

    /// Inserts the key of this name.
    ///
    /// # Errors
    /// [`Error::Taken`]: there is one; another process may have been first.
    pub async fn insert_audit_key(
        &self,
        name: &str,
        sealed: &SealedRecord,
        at: Timestamp,
    ) -> Result<(), Error> {
        check_inserted(self.execute_write(insert_key(name, sealed, at)).await?)
    }
}

impl TenantTx {
    /// Inserts the key of this name in this transaction.
    ///
    /// # Errors
    /// [`Error::Taken`]: there is one.
    pub async fn insert_audit_key(
        &self,
        name: &str,
        sealed: &SealedRecord,
        at: Timestamp,
    ) -> Result<(), Error> {
        check_inserted(
            self.run_on_installation(insert_key(name, sealed, at))
                .await?,
        )
    }

    /// Whether the chain has an event of this action.
    pub async fn has_audit_action(&self, action: &str) -> Result<bool, Error> {
        let query = self
            .query(
                "SELECT 1 FROM audit_events WHERE tenant_id = :tenant AND action = :action LIMIT 1",
            )
            .bind("action", action);
        Ok(self.fetch_one(query).await?.is_some())
    }
}

fn insert_key(name: &str, sealed: &SealedRecord, at: Timestamp) -> Query {
    Query::new(
        "INSERT INTO audit_keys (name, sealed, created_at) VALUES (:name, :sealed, :at)
         ON CONFLICT DO NOTHING",
    )
    .bind("name", name)
    .bind("sealed", sealed.as_bytes())
    .bind("at", to_micros(at))
}

fn check_inserted(rows: u64) -> Result<(), Error> {
    match rows {
        0 => Err(Error::Taken("audit key")),
        _ => Ok(()),
    }
}
