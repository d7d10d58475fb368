//! Proofs of clients that were used; each is accepted once.
//!
//! The rule: a proof is kept for as long as it could be accepted.

use std::collections::HashSet;

use regrant_domain::{ClientId, Timestamp};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{Row, to_micros},
};

/// A proof that a client used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientProof {
    /// The client.
    pub client: ClientId,
    /// What identifies the proof.
    pub digest: [u8; 32],
    /// When it stops being accepted.
    pub until: Timestamp,
}

impl TenantTx {
    /// Keeps proofs as used. Returns those that were not used before.
    pub async fn insert_client_proofs(
        &self,
        proofs: impl IntoIterator<Item = ClientProof>,
    ) -> Result<HashSet<(ClientId, [u8; 32])>, Error> {
        let mut proofs: Vec<_> = proofs.into_iter().collect();
        // In one order everywhere: two processes that insert the same proofs must not wait for each other.
        proofs.sort_unstable_by_key(|it| (it.client, it.digest));
        let row = |it: ClientProof| -> [Value; 3] {
            [
                it.client.uuid().into(),
                it.digest.to_vec().into(),
                to_micros(it.until).into(),
            ]
        };
        let query = self
            .query(
                "INSERT INTO client_proofs (tenant_id, client_id, proof, expires_at) VALUES :rows
                 ON CONFLICT DO NOTHING RETURNING client_id, proof",
            )
            .bind_tenant_rows("rows", proofs.into_iter().map(row));
        self.fetch_all(query)
            .await?
            .iter()
            .map(proof_from_row)
            .collect()
    }

    /// Deletes proofs that are too old to be accepted again.
    pub async fn purge_client_proofs(&self, now: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM client_proofs WHERE tenant_id = :tenant AND (client_id, proof) IN (
                 SELECT client_id, proof FROM client_proofs
                 WHERE tenant_id = :tenant AND expires_at <= :now
                 ORDER BY expires_at LIMIT :limit)",
            )
            .bind("now", to_micros(now))
            .bind("limit", i64::from(limit));
        self.execute(query).await
    }
}

fn proof_from_row(row: &Row) -> Result<(ClientId, [u8; 32]), Error> {
    let digest: Vec<u8> = row.get("proof")?;
    let digest = <[u8; 32]>::try_from(digest).map_err(|_| Error::Corrupt("proof"))?;
    Ok((ClientId::from_uuid(row.get("client_id")?), digest))
}
