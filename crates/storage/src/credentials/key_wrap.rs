//! Which key-encryption keys (KEKs) ever wrapped a data key, and which KEKs are destroyed.
//!
//! The rule: that a KEK wraps a data key is noted before or with the wrapped bytes, and never deleted. Copies of those bytes
//! may stay in logs and backups; they are of use until the KEK is destroyed.
//! `tenants/deletion_record.rs` compares the two.

use regrant_domain::{KekRef, Timestamp};
use uuid::Uuid;

use super::key_rotation::read_kek_name;
use crate::{
    Error, Store, TenantTx,
    sql::{Query, Row, to_micros},
};

/// A KEK that is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DestroyedKek {
    /// The KEK.
    pub kek: KekRef,
    /// When it was destroyed.
    pub destroyed_at: Timestamp,
}

impl Store {
    /// Every KEK that is destroyed.
    pub async fn list_destroyed_keks(&self) -> Result<Vec<DestroyedKek>, Error> {
        let query = Query::new("SELECT kek, destroyed_at FROM destroyed_keks ORDER BY kek");
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter().map(destroyed_kek_from_row).collect()
    }
}

impl TenantTx {
    /// Notes that a KEK is destroyed, which ends the request for it. Returns false if that was noted before. In a
    /// transaction of the installation.
    pub async fn record_destroyed_kek(&self, destroyed: DestroyedKek) -> Result<bool, Error> {
        let query = Query::new(
            "INSERT INTO destroyed_keks (kek, destroyed_at) VALUES (:kek, :at) ON CONFLICT DO NOTHING",
        );
        let query = query
            .bind("kek", destroyed.kek.to_bytes().to_vec())
            .bind("at", to_micros(destroyed.destroyed_at));
        let is_new = query.execute(&self.transaction).await? > 0;
        self.delete_kek_retirement(destroyed.kek).await?;
        Ok(is_new)
    }

    /// Whether it is noted that this KEK is destroyed.
    pub(super) async fn is_kek_destroyed(&self, kek: KekRef) -> Result<bool, Error> {
        let query = Query::new("SELECT 1 FROM destroyed_keks WHERE kek = :kek")
            .bind("kek", kek.to_bytes().to_vec());
        Ok(query.fetch_one(&self.transaction).await?.is_some())
    }

    /// Notes that the KEK which these bytes name wraps this data key of the tenant.
    pub(super) async fn note_wrap(&self, key: Uuid, wrapped: &[u8]) -> Result<(), Error> {
        let Some(kek) = read_kek_name(wrapped) else {
            return Ok(());
        };
        let query = self.query(
            "INSERT INTO key_wraps (tenant_id, key_id, kek, made_at)
             SELECT tenant_id, key_id, :kek, created_at FROM tenant_keys
             WHERE tenant_id = :tenant AND key_id = :key
             ON CONFLICT DO NOTHING",
        );
        let query = query.bind("kek", kek.to_bytes().to_vec()).bind("key", key);
        self.execute(query).await.map(drop)
    }

    /// Notes that a data key of the tenant is deleted, or all of them.
    pub(crate) async fn note_keys_deleted(
        &self,
        key: Option<Uuid>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = self.query(
            "UPDATE key_wraps SET deleted_at = :at
             WHERE tenant_id = :tenant AND deleted_at IS NULL [AND key_id = :key]",
        );
        let query = query.bind("at", to_micros(at)).bind_optional("key", key);
        self.execute(query).await.map(drop)
    }
}

/// The KEKs as a list of values.
pub(crate) fn to_kek_list(keks: &[KekRef]) -> impl Iterator<Item = Vec<u8>> {
    keks.iter().map(|it| it.to_bytes().to_vec())
}

fn destroyed_kek_from_row(row: &Row) -> Result<DestroyedKek, Error> {
    let kek = KekRef::from_bytes(&row.get::<Vec<u8>>("kek")?);
    Ok(DestroyedKek {
        kek: kek.ok_or(Error::Corrupt("kek"))?,
        destroyed_at: row.time("destroyed_at")?,
    })
}
