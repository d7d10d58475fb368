//! Credentials: sealed tokens, read by the slot they stand in.

use regrant_domain::{AssetId, Credential, CredentialId, GrantId, Sealed, Slot};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, Query, Row, json, maybe_time, time},
};

/// A credential and the tasks that were proved for it.
#[derive(Debug, Clone)]
pub struct StoredCredential {
    /// The credential.
    pub credential: Credential,
    /// Tasks of its person on the asset; empty where none are known.
    pub tasks: Vec<String>,
}

const SELECT: &str =
    "SELECT c.id, c.asset_id, a.kind AS asset_kind, c.slot, c.kind, c.generation, c.grant_id,
    c.person_id, c.intent_seq, c.sealed, c.fingerprint, c.tasks, c.expires_at, c.data_access_expires_at,
    c.proved_at, c.created_at
    FROM credentials c JOIN assets a ON a.tenant_id = c.tenant_id AND a.id = c.asset_id
    WHERE c.tenant_id = $1";

impl TenantTx {
    /// Every credential of an asset, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn credentials(&self, asset: &AssetId) -> Result<Vec<StoredCredential>, Error> {
        let query = self
            .query(SELECT)
            .sql(" AND c.asset_id = ")
            .bind(asset.as_str())
            .sql(" ORDER BY c.created_at DESC, c.id DESC");
        self.all(query).await?.iter().map(read).collect()
    }

    /// What serves these assets, in any order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn active_credentials(
        &self,
        assets: &[AssetId],
    ) -> Result<Vec<StoredCredential>, Error> {
        self.in_slot(Slot::Active, assets).await
    }

    /// What served these assets before, in any order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn previous_credentials(
        &self,
        assets: &[AssetId],
    ) -> Result<Vec<StoredCredential>, Error> {
        self.in_slot(Slot::Previous, assets).await
    }

    /// What is parked for these assets, in any order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn candidate_credentials(
        &self,
        assets: &[AssetId],
    ) -> Result<Vec<StoredCredential>, Error> {
        self.in_slot(Slot::Candidate, assets).await
    }

    /// Every credential of these assets, the better ranked first: what serves, what waits, spares by what was
    /// proved last, and what served before.
    ///
    /// # Errors
    /// The database failed.
    pub async fn standing_credentials(
        &self,
        assets: &[AssetId],
    ) -> Result<Vec<StoredCredential>, Error> {
        let mut credentials = Vec::with_capacity(assets.len());
        for chunk in assets.chunks(CHUNK) {
            let query =
                self.query(SELECT).sql(" AND c.asset_id IN ").list(chunk.iter().map(AssetId::as_str)).sql(
                    " ORDER BY CASE c.slot WHEN 'active' THEN 0 WHEN 'candidate' THEN 1 WHEN 'standby' THEN 2
                      ELSE 3 END, c.proved_at DESC, c.id DESC",
                );
            for row in self.all(query).await? {
                credentials.push(read(&row)?);
            }
        }
        Ok(credentials)
    }

    /// Deletes credentials.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_credentials(&self, ids: &[CredentialId]) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self.query("DELETE FROM credentials WHERE tenant_id = $1 AND id IN ");
            self.run(query.list(chunk.iter().map(|id| id.uuid())))
                .await?;
        }
        Ok(())
    }

    /// The next credentials of whatever slot in the order of their ids, beyond `after`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sealed_credentials(
        &self,
        after: Option<CredentialId>,
        limit: usize,
    ) -> Result<Vec<StoredCredential>, Error> {
        let query = self.query(SELECT);
        let query = match after {
            Some(id) => query.sql(" AND c.id > ").bind(id.uuid()),
            None => query,
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = query.sql(" ORDER BY c.id LIMIT ").bind(limit);
        self.all(query).await?.iter().map(read).collect()
    }

    /// Keeps credentials; where their slot is taken it stays as it is, if `unless_taken`.
    pub(crate) async fn insert_credentials<'a>(
        &self,
        credentials: impl IntoIterator<Item = &'a StoredCredential>,
        unless_taken: bool,
    ) -> Result<(), Error> {
        let rows = credentials
            .into_iter()
            .map(row)
            .collect::<Result<Vec<_>, _>>()?;
        let query = self
            .query(
                "INSERT INTO credentials (tenant_id, id, asset_id, slot, kind, generation, grant_id, person_id,
                 intent_seq, sealed, key_id, key_version, fingerprint, tasks, expires_at,
                 data_access_expires_at, proved_at, created_at)",
            )
            .tenant_rows(rows)
            .sql(if unless_taken { " ON CONFLICT DO NOTHING" } else { "" });
        self.run(query).await.map(drop)
    }

    async fn in_slot(
        &self,
        slot: Slot,
        assets: &[AssetId],
    ) -> Result<Vec<StoredCredential>, Error> {
        let mut credentials = Vec::with_capacity(assets.len());
        for chunk in assets.chunks(CHUNK) {
            let query = of_slot(self.query(SELECT), slot).list(chunk.iter().map(AssetId::as_str));
            for row in self.all(query).await? {
                credentials.push(read(&row)?);
            }
        }
        Ok(credentials)
    }
}

/// The slot is text of the statement: only so does the partial index on it serve.
fn of_slot(query: Query, slot: Slot) -> Query {
    query
        .sql(" AND c.slot = '")
        .sql(slot.as_str())
        .sql("' AND c.asset_id IN ")
}

fn row(stored: &StoredCredential) -> Result<[Value; 17], Error> {
    let it = &stored.credential;
    let (key_id, key_version) = sealed_under(&it.sealed)?;
    Ok([
        it.id.uuid().into(),
        it.asset_id.as_str().into(),
        it.slot.as_str().into(),
        it.kind.as_str().into(),
        it.generation.into(),
        it.grant_id.map(GrantId::uuid).into(),
        it.person_id
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .into(),
        it.intent_seq.into(),
        it.sealed.as_bytes().into(),
        key_id.into(),
        i64::from(key_version).into(),
        it.fingerprint.as_slice().into(),
        json(&stored.tasks)?.into(),
        maybe_time(it.expires_at).into(),
        maybe_time(it.data_access_expires_at).into(),
        maybe_time(it.proved_at).into(),
        time(it.created_at).into(),
    ])
}

/// The data key a record names in its head: `RG`, format, suite, key id (16), version (4). An index for
/// resealing; the record itself is what counts.
pub(crate) fn sealed_under(sealed: &Sealed) -> Result<(Uuid, u32), Error> {
    let head = sealed.as_bytes();
    let id = head
        .get(4..20)
        .and_then(|bytes| Uuid::from_slice(bytes).ok());
    let version = head.get(20..24).and_then(|bytes| bytes.try_into().ok());
    id.zip(version.map(u32::from_be_bytes))
        .ok_or(Error::Corrupt("sealed record"))
}

fn read(row: &Row) -> Result<StoredCredential, Error> {
    let credential = Credential {
        id: CredentialId::from_uuid(row.get("id")?),
        asset_id: row.parsed("asset_id")?,
        asset_kind: row.parsed("asset_kind")?,
        kind: row.parsed("kind")?,
        generation: row.get("generation")?,
        slot: row.parsed("slot")?,
        grant_id: row.get::<Option<Uuid>>("grant_id")?.map(GrantId::from_uuid),
        person_id: row.maybe_parsed("person_id")?,
        intent_seq: row.get("intent_seq")?,
        sealed: row.sealed("sealed")?,
        fingerprint: row.get("fingerprint")?,
        expires_at: row.maybe_time("expires_at")?,
        data_access_expires_at: row.maybe_time("data_access_expires_at")?,
        proved_at: row.maybe_time("proved_at")?,
        created_at: row.time("created_at")?,
    };
    Ok(StoredCredential {
        credential,
        tasks: row.json("tasks")?,
    })
}
