//! Keys that sign access tokens: installation-wide, sealed under the installation's own data key.

use regrant_domain::{Sealed, Timestamp};
use sea_orm::Value;

use crate::{
    Error, Store,
    query::{Query, time},
    row::Row,
};

/// A signing key as it is kept.
#[derive(Debug, Clone)]
pub struct StoredSigningKey {
    /// Its name in a token's header.
    pub kid: String,
    /// The key.
    pub sealed: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nothing signed by it is believed.
    pub retired_at: Option<Timestamp>,
}

impl Store {
    /// Every signing key, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, Error> {
        let query = Query::new(
            "SELECT kid, sealed, created_at, retired_at FROM signing_keys ORDER BY created_at, kid",
        );
        query.all(&self.connection).await?.iter().map(read).collect()
    }

    /// Keeps a signing key.
    ///
    /// # Errors
    /// [`Error::Taken`]: its name is.
    pub async fn insert_signing_key(&self, kid: &str, sealed: &Sealed, at: Timestamp) -> Result<(), Error> {
        let row: [Value; 3] = [kid.into(), sealed.as_bytes().into(), time(at).into()];
        let query = Query::new("INSERT INTO signing_keys (kid, sealed, created_at) VALUES ")
            .list(row)
            .sql(" ON CONFLICT DO NOTHING");
        match self.write(query).await? {
            0 => Err(Error::Taken("signing key")),
            _ => Ok(()),
        }
    }
}

fn read(row: &Row) -> Result<StoredSigningKey, Error> {
    Ok(StoredSigningKey {
        kid: row.get("kid")?,
        sealed: row.sealed("sealed")?,
        created_at: row.time("created_at")?,
        retired_at: row.maybe_time("retired_at")?,
    })
}
