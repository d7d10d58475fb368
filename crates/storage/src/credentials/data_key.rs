//! Wrapped data keys of a tenant and of the installation itself.

use regrant_domain::{TenantId, Timestamp};
use uuid::Uuid;

use crate::{
    Error, Store, TenantTx,
    sql::{Row, to_micros},
};

/// A data key to insert, active from here on.
#[derive(Debug, Clone)]
pub struct NewDataKey {
    /// The id.
    pub id: Uuid,
    /// The version.
    pub version: u32,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A stored data key.
#[derive(Debug, Clone)]
pub struct StoredDataKey {
    /// The id.
    pub id: Uuid,
    /// The version.
    pub version: u32,
    /// Whether new records are sealed under it.
    pub is_active: bool,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Store {
    /// Inserts the installation's own data key.
    ///
    /// # Errors
    /// [`Error::Taken`]: one is active already; another process may have been first.
    pub async fn insert_system_key(&self, key: &NewDataKey) -> Result<(), Error> {
        let tx = self.begin_as(TenantId::SYSTEM).await?;
        tx.insert_data_key(key).await?;
        tx.commit().await
    }
}

impl TenantTx {
    /// Every data key, the active one first.
    pub async fn list_data_keys(&self) -> Result<Vec<StoredDataKey>, Error> {
        let query = self.query(
            "SELECT key_id, version, state, wrapped, created_at FROM tenant_keys
             WHERE tenant_id = :tenant ORDER BY state, version DESC",
        );
        self.fetch_all(query)
            .await?
            .iter()
            .map(data_key_from_row)
            .collect()
    }

    pub(crate) async fn insert_data_key(&self, key: &NewDataKey) -> Result<(), Error> {
        self.check_kek_floor(&key.wrapped).await?;
        let query = self
            .query(
                "INSERT INTO tenant_keys (tenant_id, key_id, version, state, wrapped, created_at)
                 VALUES (:tenant, :key_id, :version, 'active', :wrapped, :created_at)
                 ON CONFLICT DO NOTHING",
            )
            .bind("key_id", key.id)
            .bind("version", i64::from(key.version))
            .bind("wrapped", key.wrapped.as_slice())
            .bind("created_at", to_micros(key.created_at));
        if self.execute(query).await? == 0 {
            return Err(Error::Taken("data key"));
        }
        self.note_wrap(key.id, &key.wrapped).await
    }
}

fn data_key_from_row(row: &Row) -> Result<StoredDataKey, Error> {
    Ok(StoredDataKey {
        id: row.get("key_id")?,
        version: row.unsigned("version")?,
        is_active: row.get::<String>("state")? == "active",
        wrapped: row.get("wrapped")?,
        created_at: row.time("created_at")?,
    })
}
