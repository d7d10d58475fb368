//! Wrapped data keys of a tenant and of the installation itself.

use regrant_domain::{TenantId, Timestamp};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, Store, TenantTx,
    sql::{Row, time},
};

/// A data key to keep, active from here on.
#[derive(Debug, Clone)]
pub struct NewDataKey {
    /// Its id.
    pub id: Uuid,
    /// Its version.
    pub version: u32,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A data key as it is kept.
#[derive(Debug, Clone)]
pub struct StoredDataKey {
    /// Its id.
    pub id: Uuid,
    /// Its version.
    pub version: u32,
    /// Whether new records are sealed under it.
    pub active: bool,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
}

impl Store {
    /// Keeps the installation's own data key.
    ///
    /// # Errors
    /// [`Error::Taken`]: one is active, perhaps another process was first.
    pub async fn insert_system_key(&self, key: &NewDataKey) -> Result<(), Error> {
        let tx = self.begin_as(TenantId::SYSTEM).await?;
        tx.insert_key(key).await?;
        tx.commit().await
    }
}

impl TenantTx {
    /// Every data key, the active one first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn data_keys(&self) -> Result<Vec<StoredDataKey>, Error> {
        let query = self.query(
            "SELECT key_id, version, state, wrapped FROM tenant_keys
             WHERE tenant_id = $1 ORDER BY state, version DESC",
        );
        self.all(query).await?.iter().map(read).collect()
    }

    pub(crate) async fn insert_key(&self, key: &NewDataKey) -> Result<(), Error> {
        let row: [Value; 5] = [
            key.id.into(),
            i64::from(key.version).into(),
            "active".into(),
            key.wrapped.as_slice().into(),
            time(key.created_at).into(),
        ];
        let query = self
            .query(
                "INSERT INTO tenant_keys (tenant_id, key_id, version, state, wrapped, created_at)",
            )
            .tenant_rows([row])
            .sql(" ON CONFLICT DO NOTHING");
        match self.run(query).await? {
            0 => Err(Error::Taken("data key")),
            _ => Ok(()),
        }
    }
}

fn read(row: &Row) -> Result<StoredDataKey, Error> {
    Ok(StoredDataKey {
        id: row.get("key_id")?,
        version: row.unsigned("version")?,
        active: row.get::<String>("state")? == "active",
        wrapped: row.get("wrapped")?,
    })
}
