//! The key of the audit chains: installation-wide, sealed under the installation's own data key.

use regrant_domain::{Sealed, Timestamp};
use sea_orm::Value;

use crate::{
    Error, Store,
    sql::{Query, time},
};

impl Store {
    /// The key of this name, if it was made.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_key(&self, name: &str) -> Result<Option<Sealed>, Error> {
        let query = Query::new("SELECT sealed FROM audit_keys WHERE name = ").bind(name);
        query
            .one(&self.connection)
            .await?
            .map(|row| row.sealed("sealed"))
            .transpose()
    }

    /// Keeps the key of this name.
    ///
    /// # Errors
    /// [`Error::Taken`]: there is one, perhaps another process was first.
    pub async fn insert_audit_key(
        &self,
        name: &str,
        sealed: &Sealed,
        at: Timestamp,
    ) -> Result<(), Error> {
        let row: [Value; 3] = [name.into(), sealed.as_bytes().into(), time(at).into()];
        let query = Query::new("INSERT INTO audit_keys (name, sealed, created_at) VALUES ");
        match self
            .write(query.list(row).sql(" ON CONFLICT DO NOTHING"))
            .await?
        {
            0 => Err(Error::Taken("audit key")),
            _ => Ok(()),
        }
    }
}
