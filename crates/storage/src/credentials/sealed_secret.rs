//! Records of tokens and secrets beside those of credentials, which a rotation of a tenant's data key seals again.
//!
//! The rule: rows are locked only if they are free, and a record is replaced only if it still is what was read. Each column
//! belongs to [`SecretColumn`]; `sealed_column.rs` compares them with the schema.
//! Start at [`TenantTx::reseal_secrets`].

use regrant_domain::{SealedRecord, closed_list};
use sea_orm::Value;
use uuid::Uuid;

use crate::{Error, TenantTx, credentials::credential::read_sealing_key, integrity::CLIENTS};

closed_list! {
    /// A column of records that are sealed again, beside those of credentials.
    pub enum SecretColumn: "column of sealed secrets" {
        /// Tokens of grants.
        GrantToken = "grants.sealed",
        /// Secrets that sign webhooks.
        WebhookSecret = "webhook_endpoints.sealed",
        /// The secrets before them.
        OlderWebhookSecret = "webhook_endpoints.older_sealed",
        /// Keys of clients' request proofs.
        ProofKey = "clients.proof_key_sealed",
        /// The keys before them.
        OlderProofKey = "clients.previous_proof_key_sealed",
    }
}

/// A record of a [`SecretColumn`].
#[derive(Debug, Clone)]
pub struct SealedSecret {
    /// The id of the row.
    pub row: Uuid,
    /// The generation that the record is sealed in; 0 where the row has none.
    pub generation: i64,
    /// The record.
    pub sealed: SealedRecord,
}

/// A record that was sealed again.
#[derive(Debug, Clone)]
pub struct ResealedSecret {
    /// The record as it was read.
    pub read: SealedSecret,
    /// The new record.
    pub sealed: SealedRecord,
}

impl TenantTx {
    /// The next records of a column, by row, that another data key than `key` sealed. Rows that others hold are left out.
    pub async fn lock_secrets_to_reseal(
        &self,
        column: SecretColumn,
        key: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<SealedSecret>, Error> {
        let query = self
            .query(
                "SELECT id, {generation} AS generation, {column} AS sealed FROM {table}
                 WHERE tenant_id = :tenant AND substr({column}, 5, 16) <> :key [AND id > :after]
                 ORDER BY id LIMIT :limit {for_free}",
            )
            .fill("generation", column.generation())
            .fill("column", column.parts().1)
            .fill("table", column.parts().0)
            .bind("key", key.as_bytes().to_vec())
            .bind_optional("after", after)
            .bind("limit", i64::from(limit));
        let rows = self.fetch_all(query).await?;
        rows.iter()
            .map(|row| {
                Ok(SealedSecret {
                    row: row.get("id")?,
                    generation: row.get("generation")?,
                    sealed: row.sealed("sealed")?,
                })
            })
            .collect()
    }

    /// Replaces records of a column, each only if it is what was read. Returns how many.
    ///
    /// # Errors
    /// [`Error::Tampered`]: a client was changed around the application.
    pub async fn reseal_secrets(
        &self,
        column: SecretColumn,
        secrets: &[ResealedSecret],
    ) -> Result<u64, Error> {
        let Some(first) = secrets.first() else {
            return Ok(0);
        };
        let rows = secrets.iter().map(|it| -> [Value; 3] {
            [
                it.read.row.into(),
                it.read.sealed.as_bytes().into(),
                it.sealed.as_bytes().into(),
            ]
        });
        let query = self
            .query(
                "WITH resealed (id, old, new) AS (VALUES :rows)
                 UPDATE {table} AS t SET {column} = resealed.new {key_columns} FROM resealed
                 WHERE t.tenant_id = :tenant AND t.id = resealed.id AND t.{column} = resealed.old",
            )
            .fill("column", column.parts().1)
            .fill("table", column.parts().0)
            .bind_rows("rows", rows);
        match column {
            SecretColumn::GrantToken => {
                let (key_id, key_version) = read_sealing_key(&first.sealed)?;
                let query = query
                    .fill(
                        "key_columns",
                        ", key_id = :key_id, key_version = :key_version",
                    )
                    .bind("key_id", key_id)
                    .bind("key_version", i64::from(key_version));
                self.execute(query).await
            }
            SecretColumn::ProofKey | SecretColumn::OlderProofKey => {
                let ids: Vec<Uuid> = secrets.iter().map(|it| it.read.row).collect();
                let query = query.fill("key_columns", "");
                self.change_sealed(&CLIENTS, &ids, query).await
            }
            SecretColumn::WebhookSecret | SecretColumn::OlderWebhookSecret => {
                self.execute(query.fill("key_columns", "")).await
            }
        }
    }
}

impl SecretColumn {
    /// The table and the column.
    fn parts(self) -> (&'static str, &'static str) {
        self.as_str().split_once('.').unwrap_or_default()
    }

    /// The generation that a record is sealed in, as SQL.
    const fn generation(self) -> &'static str {
        match self {
            Self::WebhookSecret => "generation",
            Self::OlderWebhookSecret => "generation - 1",
            Self::GrantToken | Self::ProofKey | Self::OlderProofKey => "CAST(0 AS BIGINT)",
        }
    }
}
