//! Codes whose exchange was begun.
//!
//! The rule: the row is committed before the code is sent to Meta, and it outlives the consent, so that no code is sent
//! twice. Only a code that was not sent at all is forgotten.

use regrant_domain::{ConsentOwner, Timestamp};
use uuid::Uuid;

use crate::{
    Error, TenantTx,
    sql::{Query, to_micros},
};

/// A code whose exchange begins.
#[derive(Debug, Clone)]
pub struct NewConsentCode {
    /// The keyed hash of the code.
    pub hash: [u8; 16],
    /// For whom it is exchanged.
    pub owner: ConsentOwner,
    /// The idempotency key of the call.
    pub call_key: Option<String>,
    /// When its exchange begins.
    pub begun_at: Timestamp,
}

/// A code whose exchange was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConsentCode {
    /// The bare id of the owner for whom it was exchanged.
    pub owner_id: Uuid,
    /// The idempotency key of the call.
    pub call_key: Option<String>,
    /// When its exchange began.
    pub begun_at: Timestamp,
    /// When the outcome was known; `None` while the exchange runs, and for good if the process died in it.
    pub ended_at: Option<Timestamp>,
}

impl TenantTx {
    /// Notes that the exchange of a code begins.
    ///
    /// # Errors
    /// [`Error::Taken`]: it was begun before.
    pub async fn begin_consent_code(&self, code: &NewConsentCode) -> Result<(), Error> {
        let query = self
            .query(
                "INSERT INTO consent_codes (tenant_id, code_hash, owner_id, call_key, begun_at)
                 VALUES (:tenant, :hash, :owner, :call_key, :at)
                 ON CONFLICT DO NOTHING",
            )
            .bind("hash", code.hash.as_slice())
            .bind("owner", code.owner.to_parts().1)
            .bind("call_key", code.call_key.clone())
            .bind("at", to_micros(code.begun_at));
        match self.execute(query).await? {
            0 => Err(Error::Taken("code")),
            _ => Ok(()),
        }
    }

    /// The code with this hash, if its exchange was begun.
    pub async fn find_consent_code(
        &self,
        hash: &[u8; 16],
    ) -> Result<Option<StoredConsentCode>, Error> {
        let query = self
            .query(
                "SELECT owner_id, call_key, begun_at, ended_at FROM consent_codes
                 WHERE tenant_id = :tenant AND code_hash = :hash",
            )
            .bind("hash", hash.as_slice());
        let Some(row) = self.fetch_one(query).await? else {
            return Ok(None);
        };
        Ok(Some(StoredConsentCode {
            owner_id: row.get("owner_id")?,
            call_key: row.get("call_key")?,
            begun_at: row.time("begun_at")?,
            ended_at: row.maybe_time("ended_at")?,
        }))
    }

    /// Notes that the outcome of an exchange is known.
    pub async fn end_consent_code(&self, hash: &[u8; 16], at: Timestamp) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE consent_codes SET ended_at = :at
                 WHERE tenant_id = :tenant AND code_hash = :hash",
            )
            .bind("hash", hash.as_slice())
            .bind("at", to_micros(at));
        self.execute(query).await.map(drop)
    }

    /// Forgets a code that was not sent.
    pub async fn forget_consent_code(&self, hash: &[u8; 16]) -> Result<(), Error> {
        let query = self
            .query("DELETE FROM consent_codes WHERE tenant_id = :tenant AND code_hash = :hash")
            .bind("hash", hash.as_slice());
        self.execute(query).await.map(drop)
    }

    /// Deletes codes whose exchange began before `before`.
    pub async fn purge_consent_codes(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query: Query = self
            .query(
                "DELETE FROM consent_codes WHERE tenant_id = :tenant AND code_hash IN (
                 SELECT c.code_hash FROM consent_codes c
                 WHERE c.tenant_id = :tenant AND c.begun_at < :before
                 ORDER BY c.begun_at LIMIT :limit)",
            )
            .bind("before", to_micros(before))
            .bind("limit", i64::from(limit));
        self.execute(query).await
    }
}
