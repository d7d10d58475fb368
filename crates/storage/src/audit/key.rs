//! The key of the audit chains: of the installation, sealed under its own data key.

use regrant_domain::{SealedRecord, Timestamp};

use crate::{
    Error, Store,
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
        let query = Query::new(
            "INSERT INTO audit_keys (name, sealed, created_at) VALUES (:name, :sealed, :at)
             ON CONFLICT DO NOTHING",
        )
        .bind("name", name)
        .bind("sealed", sealed.as_bytes())
        .bind("at", to_micros(at));
        match self.execute_write(query).await? {
            0 => Err(Error::Taken("audit key")),
            _ => Ok(()),
        }
    }
}
