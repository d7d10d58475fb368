//! What a rotation of key-encryption keys (KEKs) reads and writes in the table of data keys, of all tenants.
//!
//! The rule: a wrapped key is replaced only if it still is what was read, and only by its own tenant's statement. Which
//! rows are left follows from the rows alone: each names the KEK that wrapped it. No data key is inserted or replaced under
//! a KEK that is older than the floor, which a promotion raises, or that is destroyed.
//! Start at [`Store::rewrap_data_keys`].

use std::collections::BTreeSet;

use regrant_domain::{KekRef, TenantId};
use uuid::Uuid;

use crate::{
    Error, Store, TenantTx,
    sql::{Query, Row},
};

/// Where a wrapped key names its KEK. In SQL these are the bytes 27 to 46.
const KEK_NAME: std::ops::Range<usize> = 26..46;
const BELOW_ALL: [u8; KekRef::BYTES] = [0; KekRef::BYTES];
const ABOVE_ALL: [u8; KekRef::BYTES + 1] = [0xff; KekRef::BYTES + 1];

/// A wrapped data key of any tenant, or of the installation.
#[derive(Debug, Clone)]
pub struct WrappedDataKey {
    /// The tenant.
    pub tenant: TenantId,
    /// The id.
    pub id: Uuid,
    /// The version.
    pub version: u32,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

/// A data key that was wrapped again.
#[derive(Debug, Clone)]
pub struct RewrappedDataKey {
    /// The key as it was read.
    pub read: WrappedDataKey,
    /// The new bytes.
    pub wrapped: Vec<u8>,
}

/// How many data keys a KEK wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KekUse {
    /// The KEK; `None` for rows that name none.
    pub kek: Option<KekRef>,
    /// How many data keys.
    pub data_keys: u64,
}

/// Which wrapped keys to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrappedBy {
    /// All.
    Any,
    /// Those under an older version of this KEK.
    OlderThan(KekRef),
    /// Those under exactly this KEK.
    Only(KekRef),
    /// Those under KEKs with a lower id than this one.
    LowerIds(KekRef),
    /// Those under KEKs with a higher id than this one.
    HigherIds(KekRef),
}

impl Store {
    /// How many data keys each KEK wraps, of all tenants and of the installation.
    pub async fn count_data_keys_by_kek(&self) -> Result<Vec<KekUse>, Error> {
        let query = Query::new(self.dialect.keys_by_kek());
        let rows = query.fetch_all(&self.connection).await?;
        let read = |row: &Row| {
            Ok(KekUse {
                kek: KekRef::from_bytes(&row.get::<Vec<u8>>("kek")?),
                data_keys: row.unsigned("data_keys")?.into(),
            })
        };
        rows.iter().map(read).collect()
    }

    /// The next wrapped keys after this one, by tenant and id.
    pub async fn list_wrapped_keys(
        &self,
        which: WrappedBy,
        after: Option<&WrappedDataKey>,
        limit: u32,
    ) -> Result<Vec<WrappedDataKey>, Error> {
        let (lowest, below) = which.bounds();
        let (tenant, key) =
            after.map_or((Uuid::nil(), Uuid::nil()), |it| (it.tenant.uuid(), it.id));
        let query = Query::new(self.dialect.wrapped_keys())
            .bind("lowest", lowest)
            .bind("below", below)
            .bind("after_tenant", tenant)
            .bind("after_key", key)
            .bind("limit", i64::from(limit));
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter().map(wrapped_key_from_row).collect()
    }

    /// Replaces wrapped keys in one transaction, each only if it is what was read. Returns how many were replaced. The
    /// transaction before it notes by which KEKs: what a transaction wrote may stay in the log even if it is undone.
    ///
    /// # Errors
    /// [`Error::OutdatedKek`]: a KEK was replaced or destroyed since it wrapped them, and nothing changes.
    pub async fn rewrap_data_keys(&self, keys: &[RewrappedDataKey]) -> Result<u64, Error> {
        self.note_wraps(keys).await?;
        let mut tx = self.begin(&self.system_scope()).await?;
        tx.check_new_keks(keys).await?;
        let mut replaced = 0_u64;
        for key in keys {
            if key.read.tenant != tx.tenant {
                tx = tx.switch_to(key.read.tenant).await?;
            }
            replaced = replaced.saturating_add(tx.replace_wrapped_key(key).await?);
        }
        tx.commit().await?;
        Ok(replaced)
    }

    async fn note_wraps(&self, keys: &[RewrappedDataKey]) -> Result<(), Error> {
        let mut tx = self.begin(&self.system_scope()).await?;
        tx.check_new_keks(keys).await?;
        for key in keys {
            if key.read.tenant != tx.tenant {
                tx = tx.switch_to(key.read.tenant).await?;
            }
            tx.note_wrap(key.read.id, &key.wrapped).await?;
        }
        tx.commit().await
    }

    /// The oldest version of this KEK that may still wrap; `None` if that was never noted.
    pub async fn find_kek_floor(&self, kek_id: Uuid) -> Result<Option<KekRef>, Error> {
        let query =
            Query::new("SELECT version FROM kek_floor WHERE kek_id = :id").bind("id", kek_id);
        floor_from_row(kek_id, query.fetch_one(&self.connection).await?)
    }

    /// Notes the floor of this KEK unless there is one.
    pub async fn ensure_kek_floor(&self, kek: KekRef) -> Result<(), Error> {
        let query = Query::new(
            "INSERT INTO kek_floor (kek_id, version) VALUES (:id, :version) ON CONFLICT DO NOTHING",
        );
        let query = query
            .bind("id", kek.id)
            .bind("version", i64::from(kek.version));
        self.execute_write(query).await.map(drop)
    }
}

impl TenantTx {
    /// Raises the floor to this version. Returns false if it was there or higher.
    pub async fn raise_kek_floor(&self, kek: KekRef) -> Result<bool, Error> {
        let query = Query::new(
            "INSERT INTO kek_floor (kek_id, version) VALUES (:id, :version)
             ON CONFLICT (kek_id) DO UPDATE SET version = excluded.version
             WHERE kek_floor.version < excluded.version",
        );
        let query = query
            .bind("id", kek.id)
            .bind("version", i64::from(kek.version));
        Ok(query.execute(&self.transaction).await? > 0)
    }

    /// Refuses a data key that a KEK below the floor wrapped, or one that is destroyed. The floor cannot rise until this
    /// transaction ends.
    pub(super) async fn check_kek_floor(&self, wrapped: &[u8]) -> Result<(), Error> {
        match read_kek_name(wrapped) {
            Some(kek) => self.require_wrapping_kek(kek).await,
            None => Ok(()),
        }
    }

    /// The same for data keys that were wrapped again, once for each KEK: usually that is one.
    async fn check_new_keks(&self, keys: &[RewrappedDataKey]) -> Result<(), Error> {
        let named = keys.iter().filter_map(|it| read_kek_name(&it.wrapped));
        for kek in named.collect::<BTreeSet<_>>() {
            self.require_wrapping_kek(kek).await?;
        }
        Ok(())
    }

    async fn require_wrapping_kek(&self, kek: KekRef) -> Result<(), Error> {
        let query = Query::new("SELECT version FROM kek_floor WHERE kek_id = :id {for_share}");
        let query = query.bind("id", kek.id);
        let floor = floor_from_row(kek.id, query.fetch_one(&self.transaction).await?)?;
        let is_replaced = floor.is_some_and(|it| kek.is_older_than(it));
        if is_replaced || self.is_kek_destroyed(kek).await? {
            return Err(Error::OutdatedKek);
        }
        Ok(())
    }

    async fn replace_wrapped_key(&self, key: &RewrappedDataKey) -> Result<u64, Error> {
        let query = self
            .query(
                "UPDATE tenant_keys SET wrapped = :new
                 WHERE tenant_id = :tenant AND key_id = :id AND version = :version AND wrapped = :old",
            )
            .bind("new", key.wrapped.as_slice())
            .bind("id", key.read.id)
            .bind("version", i64::from(key.read.version))
            .bind("old", key.read.wrapped.as_slice());
        self.execute(query).await
    }
}

impl WrappedDataKey {
    /// The KEK that the bytes name; not trustworthy until they unwrap.
    #[must_use]
    pub fn kek_ref(&self) -> Option<KekRef> {
        read_kek_name(&self.wrapped)
    }
}

impl WrappedBy {
    /// The least bytes, and the first beyond, that name the KEKs of these keys.
    fn bounds(self) -> (Vec<u8>, Vec<u8>) {
        match self {
            Self::Any => (BELOW_ALL.to_vec(), ABOVE_ALL.to_vec()),
            Self::OlderThan(kek) => (first_version(kek), kek.to_bytes().to_vec()),
            Self::Only(kek) => (kek.to_bytes().to_vec(), just_above(kek)),
            Self::LowerIds(kek) => (BELOW_ALL.to_vec(), first_version(kek)),
            Self::HigherIds(kek) => {
                let version = u32::MAX;
                (just_above(KekRef { version, ..kek }), ABOVE_ALL.to_vec())
            }
        }
    }
}

fn first_version(kek: KekRef) -> Vec<u8> {
    KekRef { version: 0, ..kek }.to_bytes().to_vec()
}

/// The least bytes above the name of this KEK.
fn just_above(kek: KekRef) -> Vec<u8> {
    let mut bytes = kek.to_bytes().to_vec();
    bytes.push(0);
    bytes
}

pub(super) fn read_kek_name(wrapped: &[u8]) -> Option<KekRef> {
    wrapped.get(KEK_NAME).and_then(KekRef::from_bytes)
}

fn floor_from_row(id: Uuid, row: Option<Row>) -> Result<Option<KekRef>, Error> {
    row.map(|row| {
        let version = row.unsigned("version")?;
        Ok(KekRef { id, version })
    })
    .transpose()
}

fn wrapped_key_from_row(row: &Row) -> Result<WrappedDataKey, Error> {
    Ok(WrappedDataKey {
        tenant: TenantId::from_uuid(row.get("tenant_id")?),
        id: row.get("key_id")?,
        version: row.unsigned("version")?,
        wrapped: row.get("wrapped")?,
    })
}
