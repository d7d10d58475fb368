//! Keys that sign access tokens: of the installation, sealed under its own data key.

use regrant_domain::{SealedRecord, Timestamp};

use crate::{
    Error, Store, TenantTx,
    sql::{Query, Queryable, Row, to_micros},
};

/// A signing key to insert.
#[derive(Debug, Clone)]
pub struct NewSigningKey {
    /// The key id in a token's header.
    pub kid: String,
    /// The sealed key.
    pub sealed: SealedRecord,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub active_from: Timestamp,
}

/// A stored signing key.
#[derive(Debug, Clone)]
pub struct StoredSigningKey {
    /// The key id in a token's header.
    pub kid: String,
    /// The sealed key.
    pub sealed: SealedRecord,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub active_from: Timestamp,
    /// When its signatures stop being accepted.
    pub retired_at: Option<Timestamp>,
}

impl Store {
    /// Every signing key, the oldest first.
    pub async fn list_signing_keys(&self) -> Result<Vec<StoredSigningKey>, Error> {
        list_keys(&self.connection).await
    }

    /// Inserts a signing key.
    ///
    /// # Errors
    /// [`Error::Taken`]: the key id is.
    pub async fn insert_signing_key(&self, key: &NewSigningKey) -> Result<(), Error> {
        check_inserted(self.execute_write(insert_key(key)).await?)
    }
}

impl TenantTx {
    /// Every signing key, the oldest first.
    pub async fn list_signing_keys(&self) -> Result<Vec<StoredSigningKey>, Error> {
        list_keys(&self.transaction).await
    }

    /// Inserts a signing key and retires the others at `others_until`, unless they retire sooner.
    ///
    /// # Errors
    /// [`Error::Taken`]: the key id is.
    pub async fn replace_signing_keys(
        &self,
        key: &NewSigningKey,
        others_until: Timestamp,
    ) -> Result<(), Error> {
        check_inserted(insert_key(key).execute(&self.transaction).await?)?;
        let query = Query::new(
            "UPDATE signing_keys SET retired_at = :until
             WHERE kid <> :kid AND (retired_at IS NULL OR retired_at > :until)",
        )
        .bind("until", to_micros(others_until))
        .bind("kid", key.kid.as_str());
        query.execute(&self.transaction).await.map(drop)
    }
}

fn insert_key(key: &NewSigningKey) -> Query {
    Query::new(
        "INSERT INTO signing_keys (kid, sealed, created_at, active_from)
         VALUES (:kid, :sealed, :created_at, :active_from) ON CONFLICT DO NOTHING",
    )
    .bind("kid", key.kid.as_str())
    .bind("sealed", key.sealed.as_bytes())
    .bind("created_at", to_micros(key.created_at))
    .bind("active_from", to_micros(key.active_from))
}

fn check_inserted(rows: u64) -> Result<(), Error> {
    if rows == 0 {
        Err(Error::Taken("signing key"))
    } else {
        Ok(())
    }
}

async fn list_keys(on: &impl Queryable) -> Result<Vec<StoredSigningKey>, Error> {
    let query = Query::new(
        "SELECT kid, sealed, created_at, active_from, retired_at FROM signing_keys
         ORDER BY created_at, kid",
    );
    query
        .fetch_all(on)
        .await?
        .iter()
        .map(signing_key_from_row)
        .collect()
}

fn signing_key_from_row(row: &Row) -> Result<StoredSigningKey, Error> {
    let created_at = row.time("created_at")?;
    Ok(StoredSigningKey {
        kid: row.get("kid")?,
        sealed: row.sealed("sealed")?,
        created_at,
        // A key from before this column signs since it was made.
        active_from: row.maybe_time("active_from")?.unwrap_or(created_at),
        retired_at: row.maybe_time("retired_at")?,
    })
}
