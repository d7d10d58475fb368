//! Credentials that a rotation of a tenant's data key seals again.
//!
//! The rule: rows are locked only if they are free, and a record is replaced only if it still is what was read, in the slot
//! that its seal is computed for; what is left follows from the rows, because each names the data key that sealed it.
//! Start at [`TenantTx::reseal_credentials`].

use regrant_domain::{Credential, CredentialId, SealedRecord};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, SlottedCredential, TenantTx,
    credentials::credential::{SELECT, read_sealing_key},
    sql::Row,
};

/// A credential that was sealed again.
#[derive(Debug, Clone)]
pub struct ResealedCredential {
    /// The record as it was read.
    pub read: SealedRecord,
    /// The credential with its new record and fingerprint.
    pub resealed: Credential,
}

impl TenantTx {
    /// The next credentials, by id, that another data key than `key` sealed. Rows that others hold are left out.
    pub async fn lock_credentials_to_reseal(
        &self,
        key: Uuid,
        after: Option<CredentialId>,
        limit: u32,
    ) -> Result<Vec<SlottedCredential>, Error> {
        let query = self
            .query(
                "{select} AND substr(c.sealed, 5, 16) <> :key [AND c.id > :after]
                 ORDER BY c.id LIMIT :limit {for_free_c}",
            )
            .fill("select", SELECT)
            .bind("key", key.as_bytes().to_vec())
            .bind_optional("after", after.map(CredentialId::uuid))
            .bind("limit", i64::from(limit));
        self.fetch_decoded("credentials", query, |row| self.slotted_from_row(row))
            .await
    }

    /// Replaces records of credentials, each only if record and slot are what was read. Generation and slot stay. Returns
    /// the ids of those that were replaced, in any order.
    pub async fn reseal_credentials(
        &self,
        credentials: &[ResealedCredential],
    ) -> Result<Vec<CredentialId>, Error> {
        let Some(first) = credentials.first() else {
            return Ok(Vec::new());
        };
        let (key_id, key_version) = read_sealing_key(&first.resealed.sealed)?;
        let rows = credentials.iter().map(|it| self.to_resealed_row(it));
        // SQLite knows no alias after RETURNING, so no other column may be named `id`.
        let query = self
            .query(
                "WITH resealed (credential_id, slot, old, new, fingerprint, slot_seal) AS (VALUES :rows)
                 UPDATE credentials AS c SET sealed = resealed.new, key_id = :key_id,
                     key_version = :key_version, fingerprint = resealed.fingerprint,
                     slot_seal = resealed.slot_seal
                 FROM resealed
                 WHERE c.tenant_id = :tenant AND c.id = resealed.credential_id AND c.slot = resealed.slot
                     AND substr(c.sealed, 25, 64) = resealed.old
                 RETURNING id",
            )
            .bind("key_id", key_id)
            .bind("key_version", i64::from(key_version))
            .bind_rows("rows", rows.collect::<Result<Vec<_>, _>>()?);
        let read_id = |row: &Row| Ok(CredentialId::from_uuid(row.get("id")?));
        self.fetch_decoded("credentials", query, read_id).await
    }

    fn to_resealed_row(&self, it: &ResealedCredential) -> Result<[Value; 6], Error> {
        Ok([
            it.resealed.id.uuid().into(),
            it.resealed.slot.as_str().into(),
            salt_and_commitment(&it.read).into(),
            it.resealed.sealed.as_bytes().into(),
            it.resealed.fingerprint.as_slice().into(),
            self.seal_slot(&it.resealed)?.into(),
        ])
    }
}

/// Bytes 25 to 88 of a record, which no other record has.
fn salt_and_commitment(record: &SealedRecord) -> Vec<u8> {
    record
        .as_bytes()
        .iter()
        .skip(24)
        .take(64)
        .copied()
        .collect()
}
