//! Credentials: sealed tokens, read by the slot they are in.

use regrant_domain::{
    AssetId, AssetKind, Credential, CredentialId, CredentialKind, GrantId, SealedRecord, Slot,
};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, SlottedCredential, TenantTx,
    sql::{CHUNK, LenientRow, Query, Row, decode_rows, maybe_micros, to_json, to_micros},
};

/// A credential and the tasks that were proved for it.
#[derive(Debug, Clone)]
pub struct StoredCredential {
    /// The credential.
    pub credential: Credential,
    /// Tasks of its person on the asset; empty if none are known.
    pub tasks: Vec<String>,
    /// Whether a column does not parse. Other values may be placeholders then: its token must not be used.
    pub is_unreadable: bool,
}

pub(crate) const SELECT: &str = "
    SELECT c.id, c.asset_id, a.kind AS asset_kind, c.slot, c.kind, c.generation, c.grant_id,
        c.person_id, c.intent_seq, c.sealed, c.fingerprint, c.tasks, c.expires_at,
        c.data_access_expires_at, c.proved_at, c.created_at, c.slot_seal,
        a.generation AS asset_generation
    FROM credentials c {asset_of_c}
    WHERE c.tenant_id = :tenant";

const INSERT: &str = "
    INSERT INTO credentials (tenant_id, id, asset_id, slot, kind, generation, grant_id, person_id,
        intent_seq, sealed, key_id, key_version, fingerprint, tasks, expires_at,
        data_access_expires_at, proved_at, created_at, slot_seal)
    VALUES :rows {on_conflict}";

impl TenantTx {
    /// Every credential of an asset, the newest first.
    pub async fn list_credentials(&self, asset: &AssetId) -> Result<Vec<StoredCredential>, Error> {
        let query = self
            .query("{select} AND c.asset_id = :asset ORDER BY c.created_at DESC, c.id DESC")
            .fill("select", SELECT)
            .bind("asset", asset.as_str());
        self.fetch_decoded("credentials", query, credential_from_row)
            .await
    }

    /// The credentials that serve these assets, in any order.
    pub async fn find_active_credentials(
        &self,
        assets: &[AssetId],
    ) -> Result<Vec<StoredCredential>, Error> {
        self.find_credentials_in_slot(Slot::Active, assets).await
    }

    /// The credentials that served these assets before, in any order.
    pub async fn find_previous_credentials(
        &self,
        assets: &[AssetId],
    ) -> Result<Vec<StoredCredential>, Error> {
        self.find_credentials_in_slot(Slot::Previous, assets).await
    }

    /// The credentials that are parked for these assets, in any order.
    pub async fn find_candidate_credentials(
        &self,
        assets: &[AssetId],
    ) -> Result<Vec<StoredCredential>, Error> {
        self.find_credentials_in_slot(Slot::Candidate, assets).await
    }

    /// Every credential of these assets by rank: active, candidate, standby (the last proved first), and
    /// previous. One that was put into its slot around the application is left out, so that it is never sealed again.
    pub async fn list_ranked_credentials(
        &self,
        assets: &[AssetId],
    ) -> Result<Vec<StoredCredential>, Error> {
        let sql = "{select} AND c.asset_id IN :ids
                   ORDER BY CASE c.slot WHEN 'active' THEN 0 WHEN 'candidate' THEN 1
                       WHEN 'standby' THEN 2 ELSE 3 END, c.proved_at DESC, c.id DESC";
        let rows = self.read_rows(assets, |tx| tx.query(sql)).await?;
        let slotted = decode_rows("credentials", &rows, |row| self.slotted_from_row(row));
        let intact = slotted.into_iter().filter(SlottedCredential::check_slot);
        Ok(intact.map(|it| it.stored).collect())
    }

    /// Deletes credentials.
    pub async fn delete_credentials(&self, ids: &[CredentialId]) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query("DELETE FROM credentials WHERE tenant_id = :tenant AND id IN :ids")
                .bind_list("ids", chunk.iter().map(|id| id.uuid()));
            self.execute(query).await?;
        }
        Ok(())
    }

    /// The next credentials of all slots after `after`, by id.
    pub async fn list_all_credentials(
        &self,
        after: Option<CredentialId>,
        limit: usize,
    ) -> Result<Vec<SlottedCredential>, Error> {
        let query = self
            .query("{select} [AND c.id > :after] ORDER BY c.id LIMIT :limit")
            .fill("select", SELECT)
            .bind_optional("after", after.map(CredentialId::uuid))
            .bind("limit", i64::try_from(limit).unwrap_or(i64::MAX));
        self.fetch_decoded("credentials", query, |row| self.slotted_from_row(row))
            .await
    }

    /// Inserts credentials. If `unless_taken`, one whose slot is taken is not inserted; else that fails.
    pub(crate) async fn insert_credentials<'a>(
        &self,
        credentials: impl IntoIterator<Item = &'a StoredCredential>,
        unless_taken: bool,
    ) -> Result<(), Error> {
        let rows = credentials
            .into_iter()
            .map(|it| to_row(it, self.seal_slot(&it.credential)?))
            .collect::<Result<Vec<_>, _>>()?;
        let on_conflict = if unless_taken {
            "ON CONFLICT DO NOTHING"
        } else {
            ""
        };
        let query = self
            .query(INSERT)
            .bind_tenant_rows("rows", rows)
            .fill("on_conflict", on_conflict);
        self.execute(query).await.map(drop)
    }

    async fn find_credentials_in_slot(
        &self,
        slot: Slot,
        assets: &[AssetId],
    ) -> Result<Vec<StoredCredential>, Error> {
        let rows = self.find_rows_in_slot(slot, assets).await?;
        Ok(decode_rows("credentials", &rows, credential_from_row))
    }

    /// The rows of credentials in this slot of these assets, in any order.
    pub(crate) async fn find_rows_in_slot(
        &self,
        slot: Slot,
        assets: &[AssetId],
    ) -> Result<Vec<Row>, Error> {
        // The slot is part of the text: the partial index on it serves only such a statement.
        let sql = "{select} AND c.slot = {slot} AND c.asset_id IN :ids";
        let slot = format!("'{}'", slot.as_str());
        self.read_rows(assets, |tx| tx.query(sql).fill("slot", slot.clone()))
            .await
    }

    async fn read_rows(
        &self,
        assets: &[AssetId],
        query: impl Fn(&Self) -> Query,
    ) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::with_capacity(assets.len());
        for chunk in assets.chunks(CHUNK) {
            let query = query(self)
                .fill("select", SELECT)
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            rows.extend(self.fetch_all(query).await?);
        }
        Ok(rows)
    }
}

fn to_row(stored: &StoredCredential, slot_seal: Option<Vec<u8>>) -> Result<[Value; 18], Error> {
    let it = &stored.credential;
    let (key_id, key_version) = read_sealing_key(&it.sealed)?;
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
        to_json(&stored.tasks)?.into(),
        maybe_micros(it.expires_at).into(),
        maybe_micros(it.data_access_expires_at).into(),
        maybe_micros(it.proved_at).into(),
        to_micros(it.created_at).into(),
        slot_seal.into(),
    ])
}

/// The data key that a sealed record names in its head: `RG`, format, suite, key id (16 bytes), version
/// (4 bytes). The columns only find records to reseal; opening a record reads its head.
pub(crate) fn read_sealing_key(sealed: &SealedRecord) -> Result<(Uuid, u32), Error> {
    let head = sealed.as_bytes();
    let id = head
        .get(4..20)
        .and_then(|bytes| Uuid::from_slice(bytes).ok());
    let version = head.get(20..24).and_then(|bytes| bytes.try_into().ok());
    id.zip(version.map(u32::from_be_bytes))
        .ok_or(Error::Corrupt("sealed record"))
}

/// The credential of a row. Where a column does not parse, the credential is unreadable.
pub(crate) fn credential_from_row(row: &Row) -> Result<StoredCredential, Error> {
    let lenient = LenientRow::new();
    let grant_id = lenient.or_default(row.get::<Option<Uuid>>("grant_id"));
    let credential = Credential {
        id: CredentialId::from_uuid(row.get("id")?),
        asset_id: row.parse("asset_id")?,
        asset_kind: lenient.or(row.parse("asset_kind"), AssetKind::Page),
        kind: lenient.or(row.parse("kind"), CredentialKind::User),
        generation: lenient.or_default(row.counter("generation")),
        slot: lenient.or(row.parse("slot"), Slot::Previous),
        grant_id: grant_id.map(GrantId::from_uuid),
        person_id: lenient.or_default(row.maybe_parse("person_id")),
        intent_seq: lenient.or_default(row.counter("intent_seq")),
        sealed: lenient.or(row.sealed("sealed"), SealedRecord::from_bytes(Vec::new())),
        fingerprint: lenient.or_default(row.get("fingerprint")),
        expires_at: lenient.or_default(row.maybe_time("expires_at")),
        data_access_expires_at: lenient.or_default(row.maybe_time("data_access_expires_at")),
        proved_at: lenient.or_default(row.maybe_time("proved_at")),
        created_at: lenient.or_default(row.time("created_at")),
    };
    let tasks = lenient.or_default(row.json("tasks"));
    let id = credential.id.to_string();
    Ok(StoredCredential {
        credential,
        tasks,
        is_unreadable: lenient.report_fault("credentials", &id),
    })
}
