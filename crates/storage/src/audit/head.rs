//! The end of a tenant's chain.
//!
//! The rule: the end is locked before a row is linked to it, so that two transactions never link to the same
//! row.

use regrant_domain::Clock;

use crate::{
    AuditChain, AuditEvent, Error, TenantTx,
    audit::{
        chain::START,
        event::{link_event, to_values},
        key_change::FIRST_KEY,
        kind::CHAIN_STARTED,
    },
};

/// The end of a tenant's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// The number of its last row.
    pub seq: i64,
    /// The link of its last row.
    pub hash: Vec<u8>,
    /// The number of the key that links the next row.
    pub key: u32,
}

impl TenantTx {
    /// The end of the chain; `None` if the chain has no row yet.
    pub async fn find_audit_head(&self) -> Result<Option<AuditHead>, Error> {
        self.read_audit_head(
            "SELECT seq, hash, key_version FROM audit_heads WHERE tenant_id = :tenant",
        )
        .await
    }

    async fn read_audit_head(&self, sql: &'static str) -> Result<Option<AuditHead>, Error> {
        let row = self.fetch_one(self.query(sql)).await?;
        row.map(|row| {
            Ok(AuditHead {
                seq: row.get("seq")?,
                hash: row.get("hash")?,
                key: row.unsigned("key_version")?,
            })
        })
        .transpose()
    }

    /// Locks the end of the chain; begins the chain if there is none.
    pub(crate) async fn lock_audit_head(&self, chain: &AuditChain) -> Result<AuditHead, Error> {
        let lock =
            "SELECT seq, hash, key_version FROM audit_heads WHERE tenant_id = :tenant {for_update}";
        if let Some(head) = self.read_audit_head(lock).await? {
            return Ok(head);
        }
        let query = self
            .query(
                "INSERT INTO audit_heads (tenant_id, seq, hash, key_version)
                 VALUES (:tenant, 0, :start, :key) ON CONFLICT DO NOTHING",
            )
            .bind("key", i64::from(FIRST_KEY))
            .bind("start", START.as_slice());
        let is_first = self.execute(query).await? == 1;
        let head = self.read_audit_head(lock).await?;
        let mut head = head.ok_or(Error::Stale)?;
        if is_first {
            self.count_unchained(chain, &mut head).await?;
        }
        Ok(head)
    }

    /// Writes how many rows are older than the chain into its first row, so that none of them can be added
    /// or removed unnoticed.
    async fn count_unchained(&self, chain: &AuditChain, head: &mut AuditHead) -> Result<(), Error> {
        let unchained = self.count_unchained_rows().await?;
        if unchained == 0 {
            return Ok(());
        }
        let event = AuditEvent {
            actor: "vault".to_owned(),
            action: CHAIN_STARTED,
            subject: self.tenant.to_string(),
            detail: serde_json::json!({ "unchained": unchained }).into(),
        };
        let row = link_event(chain, self.tenant, head, &event, Clock::system_time())?;
        self.insert_audit_rows(vec![to_values(row)]).await
    }

    pub(crate) async fn move_audit_head(&self, head: &AuditHead) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE audit_heads SET seq = :seq, hash = :hash, key_version = :key
                 WHERE tenant_id = :tenant",
            )
            .bind("key", i64::from(head.key))
            .bind("seq", head.seq)
            .bind("hash", head.hash.as_slice());
        self.execute_exactly(1, query).await
    }
}
