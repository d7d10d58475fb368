//! Records of deletions: what was deleted when, and the key-encryption keys (KEKs) that each waits for.
//!
//! The rule: a deletion is recorded in the transaction that deletes. It waits for every KEK that ever wrapped a data key
//! of the tenant that was made before it, and becomes effective once all of them are destroyed. Records outlive the tenant.
//! Start at [`Store::list_deletion_records`].

use regrant_domain::{AccessRevocation, KekRef, TenantId, Timestamp, closed_list};
use uuid::Uuid;

use crate::{
    Error, Store, TenantTx,
    credentials::key_wrap::to_kek_list,
    sql::{Query, Row, maybe_to_json, to_micros},
};

/// Whether a data key may have sealed what a deletion deleted: every key of a tenant that is gone, and those that were made
/// before a person's tokens were deleted. The clocks of processes differ by seconds.
const CONCERNS: &str = "(d.cause <> 'person' OR k.made_at <= d.deleted_at + 5000000)";

closed_list! {
    /// What was deleted.
    pub enum DeletionCause: "cause of a deletion" {
        /// The data keys of a tenant; the subject is the tenant.
        Shred = "shred",
        /// Every row of a tenant; the subject is the tenant.
        Tenant = "tenant",
        /// A person's tokens in a tenant; the subject is the notice.
        Person = "person",
    }
}

/// A deletion to record.
#[derive(Debug, Clone)]
pub struct NewDeletion {
    /// What was deleted.
    pub cause: DeletionCause,
    /// The tenant or the notice.
    pub subject: Uuid,
    /// When.
    pub at: Timestamp,
    /// How many: data keys, rows, or assets whose tokens were deleted.
    pub items: u64,
    /// What became of the app's access at Meta; `None` where ending it was not asked for.
    pub revocation: Option<AccessRevocation>,
}

/// A deletion, and what it waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionRecord {
    /// The tenant.
    pub tenant: TenantId,
    /// What was deleted.
    pub cause: DeletionCause,
    /// The tenant or the notice.
    pub subject: Uuid,
    /// When.
    pub deleted_at: Timestamp,
    /// How many: data keys, rows, or assets whose tokens were deleted.
    pub items: u64,
    /// What became of the app's access at Meta; `None` where ending it was not asked for.
    pub revocation: Option<AccessRevocation>,
    /// From when on no copy of what was deleted can be opened.
    pub effective_at: Option<Timestamp>,
    /// The KEKs that wrapped data keys from before the deletion and are not destroyed.
    pub waits_for: Vec<KekRef>,
    /// Whether one of those data keys is still in use: it must be replaced before its KEKs can be destroyed.
    pub has_live_key: bool,
}

impl Store {
    /// The deletions of these subjects, by tenant and cause. `destroyed`: the KEKs that no process can open any more.
    pub async fn list_deletion_records(
        &self,
        subjects: &[Uuid],
        destroyed: &[KekRef],
    ) -> Result<Vec<DeletionRecord>, Error> {
        if subjects.is_empty() {
            return Ok(Vec::new());
        }
        let query = Query::new(
            "SELECT d.tenant_id, d.cause, d.subject_id, d.deleted_at, d.items, d.revocation, d.effective_at,
                 k.kek, k.deleted_at AS key_deleted_at
             FROM deletions d LEFT JOIN key_wraps k ON k.tenant_id = d.tenant_id
                 AND {concerns} AND d.effective_at IS NULL [AND k.kek NOT IN :destroyed]
             WHERE d.subject_id IN :subjects ORDER BY d.tenant_id, d.cause, d.subject_id, k.kek",
        );
        let query = query
            .fill("concerns", CONCERNS)
            .bind_list("subjects", subjects.iter().copied())
            .bind_optional_list("destroyed", to_kek_list(destroyed));
        let rows = query.fetch_all(&self.connection).await?;
        collect_records(&rows)
    }

    /// The next deletions that wait for no KEK any more and are not yet noted as effective.
    pub async fn list_ended_waits(
        &self,
        destroyed: &[KekRef],
        limit: u32,
    ) -> Result<Vec<DeletionRecord>, Error> {
        let query = Query::new(
            "SELECT d.tenant_id, d.cause, d.subject_id, d.deleted_at, d.items, d.revocation, d.effective_at
             FROM deletions d WHERE d.effective_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM key_wraps k WHERE k.tenant_id = d.tenant_id
                     AND {concerns} [AND k.kek NOT IN :destroyed])
             ORDER BY d.tenant_id, d.cause, d.subject_id LIMIT :limit",
        );
        let query = query
            .fill("concerns", CONCERNS)
            .bind_optional_list("destroyed", to_kek_list(destroyed))
            .bind("limit", i64::from(limit));
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter().map(record_from_row).collect()
    }
}

impl TenantTx {
    /// Records a deletion. One of the same subject that continues adds to it, and waits from now on.
    pub async fn record_deletion(&self, deletion: NewDeletion) -> Result<(), Error> {
        let query = self.query(
            "INSERT INTO deletions (tenant_id, cause, subject_id, deleted_at, items, revocation)
             VALUES (:tenant, :cause, :subject, :at, :items, :revocation)
             ON CONFLICT (tenant_id, cause, subject_id) DO UPDATE SET deleted_at = excluded.deleted_at,
                 items = deletions.items + excluded.items, effective_at = NULL,
                 revocation = coalesce(excluded.revocation, deletions.revocation)",
        );
        let query = query
            .bind("cause", deletion.cause.as_str())
            .bind("subject", deletion.subject)
            .bind("at", to_micros(deletion.at))
            .bind("revocation", maybe_to_json(deletion.revocation.as_ref())?)
            .bind("items", i64::try_from(deletion.items).unwrap_or(i64::MAX));
        self.execute(query).await.map(drop)
    }

    /// Notes from when on a deletion of this tenant is effective. Returns false if that was noted before, or the deletion
    /// has continued since it was read.
    pub async fn note_effective_deletion(
        &self,
        read: &DeletionRecord,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let query = self.query(
            "UPDATE deletions SET effective_at = :at WHERE tenant_id = :tenant AND cause = :cause
                 AND subject_id = :subject AND deleted_at = :deleted_at AND effective_at IS NULL",
        );
        let query = query
            .bind("at", to_micros(at))
            .bind("cause", read.cause.as_str())
            .bind("subject", read.subject)
            .bind("deleted_at", to_micros(read.deleted_at));
        Ok(self.execute(query).await? > 0)
    }
}

/// One record for all rows of a deletion, which follow one another: each names one KEK.
fn collect_records(rows: &[Row]) -> Result<Vec<DeletionRecord>, Error> {
    let mut records: Vec<DeletionRecord> = Vec::new();
    for row in rows {
        let mut record = record_from_row(row)?;
        if let Some(kek) = row.get::<Option<Vec<u8>>>("kek")? {
            let kek = KekRef::from_bytes(&kek).ok_or(Error::Corrupt("kek"))?;
            record.waits_for.push(kek);
            record.has_live_key = row.maybe_time("key_deleted_at")?.is_none();
        }
        match records.last_mut().filter(|it| it.is_same_as(&record)) {
            Some(known) => known.add_waits(record),
            None => records.push(record),
        }
    }
    Ok(records)
}

impl DeletionRecord {
    fn is_same_as(&self, other: &Self) -> bool {
        (self.tenant, self.cause, self.subject) == (other.tenant, other.cause, other.subject)
    }

    fn add_waits(&mut self, other: Self) {
        self.waits_for.extend(other.waits_for);
        self.waits_for.dedup();
        self.has_live_key |= other.has_live_key;
    }
}

fn record_from_row(row: &Row) -> Result<DeletionRecord, Error> {
    let items: i64 = row.get("items")?;
    Ok(DeletionRecord {
        tenant: TenantId::from_uuid(row.get("tenant_id")?),
        cause: row.parse("cause")?,
        subject: row.get("subject_id")?,
        deleted_at: row.time("deleted_at")?,
        items: u64::try_from(items).map_err(|_| Error::Corrupt("items"))?,
        revocation: row.maybe_json("revocation")?,
        effective_at: row.maybe_time("effective_at")?,
        waits_for: Vec::new(),
        has_live_key: false,
    })
}
