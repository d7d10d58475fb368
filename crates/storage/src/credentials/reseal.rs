//! What a rotation of a tenant's data key reads and writes: every column with records that are sealed under it.
//!
//! The rule: a record names the data key that sealed it, so what is left follows from the rows. Rows are locked only if
//! they are free, and a record is replaced only if it still is what was read. A column with sealed records that is not
//! listed in this file would lose them when the old data key is deleted; a test compares the schema.
//! Start at [`TenantTx::replace_data_key`].

use regrant_domain::{Credential, CredentialId, SealedRecord, TenantId, Timestamp, closed_list};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, NewDataKey, SlottedCredential, Store, TenantScope, TenantTx,
    credentials::{
        credential::{SELECT, read_sealing_key},
        reseal_installation::count_each_column_of_installation,
    },
    integrity::CLIENTS,
    sql::{Query, decode_rows, to_micros},
    tenants::scope::tenant_scope_from_row,
};

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

/// Columns of records that end by themselves: the old data key is kept for as long as there are any.
const ENDING: [&str; 3] = [
    "reconnects.submitted",
    "discoveries.submitted",
    "consents.sealed",
];

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

/// A credential that was sealed again.
#[derive(Debug, Clone)]
pub struct ResealedCredential {
    /// The record as it was read.
    pub read: SealedRecord,
    /// The credential with its new record and fingerprint.
    pub resealed: Credential,
}

impl Store {
    /// The tenants with a data key in this state that was made before `made_before`, by id. Deleted ones are left out.
    pub async fn list_scopes_with_keys(
        &self,
        is_active: bool,
        made_before: Timestamp,
    ) -> Result<Vec<TenantScope>, Error> {
        let query = Query::new(
            "SELECT t.id AS t_id, t.app_id AS t_app_id FROM tenants t
             WHERE t.deleted_at IS NULL AND t.id IN ({tenants_with_keys}) ORDER BY t.id",
        );
        let query = query
            .fill("tenants_with_keys", self.dialect.tenants_with_keys())
            .bind("state", if is_active { "active" } else { "decrypt_only" })
            .bind("made_before", to_micros(made_before));
        let rows = query.fetch_all(&self.connection).await?;
        Ok(decode_rows("tenants", &rows, tenant_scope_from_row))
    }

    /// The tenants with a data key that leaked and that is not deleted yet, and whether the installation has one.
    pub async fn list_scopes_with_compromised_keys(
        &self,
    ) -> Result<(Vec<TenantScope>, bool), Error> {
        let query = Query::new(self.dialect.tenants_with_compromised_keys());
        let rows = query.fetch_all(&self.connection).await?;
        let ids = rows.iter().map(|row| row.get::<Uuid>("tenant_id"));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        if ids.is_empty() {
            return Ok((Vec::new(), false));
        }
        let query = Query::new(
            "SELECT t.id AS t_id, t.app_id AS t_app_id FROM tenants t
             WHERE t.deleted_at IS NULL AND t.id IN :ids ORDER BY t.id",
        );
        let rows = query
            .bind_list("ids", ids.iter().copied())
            .fetch_all(&self.connection)
            .await?;
        let is_installations = ids.contains(&TenantId::SYSTEM.uuid());
        let scopes = decode_rows("tenants", &rows, tenant_scope_from_row);
        Ok((scopes, is_installations))
    }
}

impl TenantTx {
    /// Makes a new data key the tenant's active one; the one before it only opens from now on.
    ///
    /// # Errors
    /// [`Error::Stale`]: the tenant has a key of this version or a newer one. [`Error::OutdatedKek`].
    pub async fn replace_data_key(&self, new: &NewDataKey) -> Result<(), Error> {
        let query =
            self.query("SELECT max(version) AS newest FROM tenant_keys WHERE tenant_id = :tenant");
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        let newest: Option<i64> = row.get("newest")?;
        if newest.is_some_and(|it| it >= i64::from(new.version)) {
            return Err(Error::Stale);
        }
        let query = self.query(
            "UPDATE tenant_keys SET state = 'decrypt_only'
             WHERE tenant_id = :tenant AND state = 'active'",
        );
        self.execute(query).await?;
        self.insert_data_key(new).await
    }

    /// Notes that the keys of the tenant, or of the installation, which only open leaked. Returns how many were not noted.
    pub async fn mark_old_keys_compromised(&self, at: Timestamp) -> Result<u64, Error> {
        let query = self
            .query(
                "UPDATE tenant_keys SET compromised_at = :at
                 WHERE tenant_id = :tenant AND state = 'decrypt_only' AND compromised_at IS NULL",
            )
            .bind("at", to_micros(at));
        self.execute(query).await
    }

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

    /// Replaces records of credentials, each only if it is what was read. Generation and slot stay. Returns how many.
    pub async fn reseal_credentials(
        &self,
        credentials: &[ResealedCredential],
    ) -> Result<u64, Error> {
        let Some(first) = credentials.first() else {
            return Ok(0);
        };
        let (key_id, key_version) = read_sealing_key(&first.resealed.sealed)?;
        let rows = credentials.iter().map(|it| self.to_resealed_row(it));
        let query = self
            .query(
                "WITH resealed (id, old, new, fingerprint, slot_seal) AS (VALUES :rows)
                 UPDATE credentials AS c SET sealed = resealed.new, key_id = :key_id,
                     key_version = :key_version, fingerprint = resealed.fingerprint,
                     slot_seal = resealed.slot_seal
                 FROM resealed
                 WHERE c.tenant_id = :tenant AND c.id = resealed.id AND c.sealed = resealed.old",
            )
            .bind("key_id", key_id)
            .bind("key_version", i64::from(key_version))
            .bind_rows("rows", rows.collect::<Result<Vec<_>, _>>()?);
        self.execute(query).await
    }

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

    /// How many records of the tenant, or of the installation, this data key sealed, and how many idempotency keys are
    /// hashed under its version.
    pub async fn count_sealed_under(&self, key: Uuid, version: u32) -> Result<u64, Error> {
        let counts = if self.tenant == TenantId::SYSTEM {
            count_each_column_of_installation()
        } else {
            count_each_column()
        };
        let query = self
            .query(
                "SELECT (SELECT count(*) FROM idempotency
                     WHERE tenant_id = :tenant AND key_version = :version) {counts} AS found",
            )
            .fill("counts", counts)
            .bind("key", key.as_bytes().to_vec())
            .bind("version", i64::from(version));
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        Ok(row.unsigned("found")?.into())
    }

    /// Deletes a data key that only opens. Returns false if there is none.
    pub async fn delete_data_key(&self, key: Uuid, at: Timestamp) -> Result<bool, Error> {
        let query = self.query(
            "DELETE FROM tenant_keys
             WHERE tenant_id = :tenant AND key_id = :key AND state = 'decrypt_only'",
        );
        let is_deleted = self.execute(query.bind("key", key)).await? > 0;
        if is_deleted {
            self.note_keys_deleted(Some(key), at).await?;
        }
        Ok(is_deleted)
    }

    fn to_resealed_row(&self, it: &ResealedCredential) -> Result<[Value; 5], Error> {
        Ok([
            it.resealed.id.uuid().into(),
            it.read.as_bytes().into(),
            it.resealed.sealed.as_bytes().into(),
            it.resealed.fingerprint.as_slice().into(),
            self.seal_slot(&it.resealed)?.into(),
        ])
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

/// Every column with records that a tenant's data key seals.
fn sealed_columns() -> impl Iterator<Item = &'static str> {
    let secrets = SecretColumn::ALL.into_iter().map(SecretColumn::as_str);
    secrets.chain(["credentials.sealed"]).chain(ENDING)
}

fn count_each_column() -> String {
    let count = |it: &str| {
        let (table, column) = it.split_once('.').unwrap_or_default();
        format!(
            " + (SELECT count(*) FROM {table}
                 WHERE tenant_id = :tenant AND substr({column}, 5, 16) = :key)"
        )
    };
    sealed_columns().map(count).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::sealed_columns;
    use crate::InstallationColumn;

    const STEPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migration/src/steps");

    /// Columns of bytes that hold no record under a data key: hashes and seals.
    const OTHERS: [&str; 38] = [
        "audit_events.hash",
        "audit_events.pruned",
        "audit_heads.hash",
        "calendar_feeds.seal",
        "calendar_feeds.secret_hash",
        "client_proofs.proof",
        "clients.previous_secret_hash",
        "clients.seal",
        "clients.secret_hash",
        "consent_codes.code_hash",
        "credentials.fingerprint",
        "credentials.slot_seal",
        "destroyed_keks.kek",
        "idempotency.fingerprint",
        "inbox.code_hash",
        "inbox.digest",
        "inbox.person_hash",
        "kek_retirements.kek",
        "kek_retirements.seal",
        "key_wraps.kek",
        "link_logins.browser_hash",
        "link_logins.seal",
        "link_logins.state_hash",
        "links.browser_hash",
        "links.seal",
        "links.secret_hash",
        "login_attempts.address_hash",
        "login_attempts.name_hash",
        "nodes.opens",
        "nodes.wraps_with",
        "operator_sessions.seal",
        "operators.seal",
        "person_directory.person_hash",
        "reconnect_sessions.seal",
        "stream_tickets.seal",
        "stream_tickets.secret_hash",
        "tenant_keys.wrapped",
        "tenants.seal",
    ];

    /// Every column of bytes, as the migrations make them.
    fn columns_of_schema() -> BTreeSet<String> {
        let mut columns = BTreeSet::new();
        for file in step_files(Path::new(STEPS)) {
            let text = fs::read_to_string(file).unwrap();
            for statement in text.split(';') {
                let table = statement
                    .split_once("CREATE TABLE ")
                    .or_else(|| statement.split_once("ALTER TABLE "));
                let Some((table, rest)) = table.and_then(|(_, it)| it.split_once(' ')) else {
                    continue;
                };
                let before_bytes = rest.split(" {bytes}");
                let count = rest.matches(" {bytes}").count();
                let names = before_bytes
                    .take(count)
                    .filter_map(|it| it.split(' ').next_back());
                columns.extend(names.map(|it| format!("{table}.{}", it.trim())));
            }
        }
        columns
    }

    /// The files of the steps, which are in folders by capability.
    fn step_files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
        let files = entries.flat_map(|it| {
            if it.is_dir() {
                step_files(&it)
            } else {
                vec![it]
            }
        });
        files.collect()
    }

    #[test]
    fn every_column_of_bytes_is_known_to_hold_records_or_not() {
        let known = sealed_columns()
            .chain(InstallationColumn::ALL.map(InstallationColumn::as_str))
            .chain(OTHERS)
            .map(ToOwned::to_owned)
            .collect::<BTreeSet<_>>();
        assert_eq!(known, columns_of_schema());
    }
}
