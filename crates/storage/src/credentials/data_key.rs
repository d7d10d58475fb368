//! Wrapped data keys of a tenant and of the installation itself: made, replaced, noted as leaked, deleted.

use regrant_domain::{TenantId, Timestamp};
use uuid::Uuid;

use crate::{
    Error, Store, TenantScope, TenantTx,
    sql::{Query, Row, decode_rows, to_micros},
    tenants::scope::tenant_scope_from_row,
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

    /// The tenants with a data key in this state that was made before `made_before`, by id. Deleted ones are left out.
    pub async fn list_scopes_with_keys(
        &self,
        is_active: bool,
        made_before: Timestamp,
    ) -> Result<Vec<TenantScope>, Error> {
        let query = Query::new(
            "SELECT t.id AS t_id, t.app_id AS t_app_id FROM tenants t
             WHERE t.deleted_at IS NULL AND t.id IN ({tenants_with_keys}) ORDER BY t.id",
        );
        let query = query
            .fill("tenants_with_keys", self.dialect.tenants_with_keys())
            .bind("state", if is_active { "active" } else { "decrypt_only" })
            .bind("made_before", to_micros(made_before));
        let rows = query.fetch_all(&self.connection).await?;
        Ok(decode_rows("tenants", &rows, tenant_scope_from_row))
    }

    /// The tenants with a data key that leaked and that is not deleted yet, and whether the installation has one.
    pub async fn list_scopes_with_compromised_keys(
        &self,
    ) -> Result<(Vec<TenantScope>, bool), Error> {
        let query = Query::new(self.dialect.tenants_with_compromised_keys());
        let rows = query.fetch_all(&self.connection).await?;
        let ids = rows.iter().map(|row| row.get::<Uuid>("tenant_id"));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        if ids.is_empty() {
            return Ok((Vec::new(), false));
        }
        let query = Query::new(
            "SELECT t.id AS t_id, t.app_id AS t_app_id FROM tenants t
             WHERE t.deleted_at IS NULL AND t.id IN :ids ORDER BY t.id",
        );
        let rows = query
            .bind_list("ids", ids.iter().copied())
            .fetch_all(&self.connection)
            .await?;
        let is_installations = ids.contains(&TenantId::SYSTEM.uuid());
        let scopes = decode_rows("tenants", &rows, tenant_scope_from_row);
        Ok((scopes, is_installations))
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

    /// Makes a new data key the tenant's active one; the one before it only opens from now on.
    ///
    /// # Errors
    /// [`Error::Stale`]: the tenant has a key of this version or a newer one. [`Error::OutdatedKek`].
    pub async fn replace_data_key(&self, new: &NewDataKey) -> Result<(), Error> {
        let query =
            self.query("SELECT max(version) AS newest FROM tenant_keys WHERE tenant_id = :tenant");
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        let newest: Option<i64> = row.get("newest")?;
        if newest.is_some_and(|it| it >= i64::from(new.version)) {
            return Err(Error::Stale);
        }
        let query = self.query(
            "UPDATE tenant_keys SET state = 'decrypt_only'
             WHERE tenant_id = :tenant AND state = 'active'",
        );
        self.execute(query).await?;
        self.insert_data_key(new).await
    }

    /// Notes that the keys of the tenant, or of the installation, which only open leaked. Returns how many were not noted.
    pub async fn mark_old_keys_compromised(&self, at: Timestamp) -> Result<u64, Error> {
        let query = self
            .query(
                "UPDATE tenant_keys SET compromised_at = :at
                 WHERE tenant_id = :tenant AND state = 'decrypt_only' AND compromised_at IS NULL",
            )
            .bind("at", to_micros(at));
        self.execute(query).await
    }

    /// Deletes a data key that only opens. Returns false if there is none.
    pub async fn delete_data_key(&self, key: Uuid, at: Timestamp) -> Result<bool, Error> {
        let query = self.query(
            "DELETE FROM tenant_keys
             WHERE tenant_id = :tenant AND key_id = :key AND state = 'decrypt_only'",
        );
        let is_deleted = self.execute(query.bind("key", key)).await? > 0;
        if is_deleted {
            self.note_keys_deleted(Some(key), at).await?;
        }
        Ok(is_deleted)
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
