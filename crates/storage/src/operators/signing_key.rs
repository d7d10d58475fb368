//! Keys that sign access tokens: installation-wide, sealed under the installation's own data key.

use regrant_domain::{Sealed, Timestamp};
use sea_orm::{ConnectionTrait, Value};

use crate::{
    Error, Store, TenantTx,
    sql::{Query, Row, time},
};

/// A signing key to keep.
#[derive(Debug, Clone)]
pub struct NewSigningKey {
    /// Its name in a token's header.
    pub kid: String,
    /// The key.
    pub sealed: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub active_from: Timestamp,
}

/// A signing key as it is kept.
#[derive(Debug, Clone)]
pub struct StoredSigningKey {
    /// Its name in a token's header.
    pub kid: String,
    /// The key.
    pub sealed: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub active_from: Timestamp,
    /// Since when nothing signed by it is believed.
    pub retired_at: Option<Timestamp>,
}

impl Store {
    /// Every signing key, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, Error> {
        all(&self.connection).await
    }

    /// Keeps a signing key.
    ///
    /// # Errors
    /// [`Error::Taken`]: its name is.
    pub async fn insert_signing_key(&self, key: &NewSigningKey) -> Result<(), Error> {
        taken_unless(self.write(insert(key)).await?)
    }
}

impl TenantTx {
    /// Every signing key, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, Error> {
        all(&self.transaction).await
    }

    /// Keeps a signing key and retires the others at `others_until`, unless they are to retire sooner.
    ///
    /// # Errors
    /// [`Error::Taken`]: its name is.
    pub async fn replace_signing_keys(
        &self,
        key: &NewSigningKey,
        others_until: Timestamp,
    ) -> Result<(), Error> {
        taken_unless(insert(key).run(&self.transaction).await?)?;
        let until = time(others_until);
        let query = Query::new("UPDATE signing_keys SET retired_at = ").bind(until);
        let query = query.sql(" WHERE kid <> ").bind(key.kid.as_str());
        let query = query
            .sql(" AND (retired_at IS NULL OR retired_at > ")
            .bind(until)
            .sql(")");
        query.run(&self.transaction).await.map(drop)
    }
}

fn insert(key: &NewSigningKey) -> Query {
    let row: [Value; 4] = [
        key.kid.as_str().into(),
        key.sealed.as_bytes().into(),
        time(key.created_at).into(),
        time(key.active_from).into(),
    ];
    Query::new("INSERT INTO signing_keys (kid, sealed, created_at, active_from) VALUES ")
        .list(row)
        .sql(" ON CONFLICT DO NOTHING")
}

fn taken_unless(kept: u64) -> Result<(), Error> {
    if kept == 0 {
        Err(Error::Taken("signing key"))
    } else {
        Ok(())
    }
}

async fn all(on: &impl ConnectionTrait) -> Result<Vec<StoredSigningKey>, Error> {
    let sql = "SELECT kid, sealed, created_at, active_from, retired_at FROM signing_keys
        ORDER BY created_at, kid";
    Query::new(sql).all(on).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<StoredSigningKey, Error> {
    let created_at = row.time("created_at")?;
    Ok(StoredSigningKey {
        kid: row.get("kid")?,
        sealed: row.sealed("sealed")?,
        created_at,
        // One from before there were times for it signs since it was made.
        active_from: row.maybe_time("active_from")?.unwrap_or(created_at),
        retired_at: row.maybe_time("retired_at")?,
    })
}
