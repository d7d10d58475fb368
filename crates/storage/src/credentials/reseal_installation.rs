//! What a rotation of the installation's own data key reads and writes: secrets of apps, keys of the audit and of seals and
//! hashes, keys that sign tokens.
//!
//! The rule: a record is replaced only if it still is what was read. A column that is not listed here would lose its
//! records when the old data key is deleted; the test in `sealed_column.rs` compares the schema.

use regrant_domain::{SealedRecord, closed_list};
use sea_orm::Value;
use uuid::Uuid;

use crate::{Error, TenantTx, sql::Query};

closed_list! {
    /// A column of records that the installation's data key seals.
    pub enum InstallationColumn: "column of the installation's secrets" {
        /// Secrets of apps.
        AppSecret = "apps.secret_sealed",
        /// The secrets before them.
        OlderAppSecret = "apps.previous_secret_sealed",
        /// Verify tokens of apps.
        VerifyToken = "apps.verify_token_sealed",
        /// Keys of audit chains, of row seals and of hashes.
        AuditKey = "audit_keys.sealed",
        /// Keys that sign tokens and receipts.
        SigningKey = "signing_keys.sealed",
    }
}

/// A record of an [`InstallationColumn`].
#[derive(Debug, Clone)]
pub struct InstallationSecret {
    /// The name of the row: the app's id, the key's name.
    pub row: String,
    /// The record.
    pub sealed: SealedRecord,
}

/// A record that was sealed again.
#[derive(Debug, Clone)]
pub struct ResealedInstallationSecret {
    /// The record as it was read.
    pub read: InstallationSecret,
    /// The new record.
    pub sealed: SealedRecord,
}

impl TenantTx {
    /// The next records of a column, by row, that another data key than `key` sealed.
    pub async fn list_installation_secrets(
        &self,
        column: InstallationColumn,
        key: Uuid,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<InstallationSecret>, Error> {
        self.require_installation()?;
        let (table, name) = column.parts();
        let query = Query::new(
            "SELECT {row} AS row, {column} AS sealed FROM {table}
             WHERE substr({column}, 5, 16) <> :key [AND {row} > :after] ORDER BY {row} LIMIT :limit",
        )
        .fill("row", column.row_name())
        .fill("column", name)
        .fill("table", table)
        .bind("key", key.as_bytes().to_vec())
        .bind_optional("after", after)
        .bind("limit", i64::from(limit));
        let rows = query.fetch_all(&self.transaction).await?;
        rows.iter()
            .map(|row| {
                Ok(InstallationSecret {
                    row: row.get("row")?,
                    sealed: row.sealed("sealed")?,
                })
            })
            .collect()
    }

    /// Replaces records of a column, each only if it is what was read. Returns how many.
    pub async fn reseal_installation_secrets(
        &self,
        column: InstallationColumn,
        secrets: &[ResealedInstallationSecret],
    ) -> Result<u64, Error> {
        self.require_installation()?;
        if secrets.is_empty() {
            return Ok(0);
        }
        let (table, name) = column.parts();
        let rows = secrets.iter().map(|it| -> [Value; 3] {
            [
                it.read.row.as_str().into(),
                it.read.sealed.as_bytes().into(),
                it.sealed.as_bytes().into(),
            ]
        });
        let query = Query::new(
            "WITH resealed (row_name, old, new) AS (VALUES :rows)
             UPDATE {table} AS t SET {column} = resealed.new FROM resealed
             WHERE t.{row} = resealed.row_name AND t.{column} = resealed.old",
        )
        .fill("row", column.row_name())
        .fill("column", name)
        .fill("table", table)
        .bind_rows("rows", rows);
        query.execute(&self.transaction).await
    }
}

impl InstallationColumn {
    /// The table and the column.
    fn parts(self) -> (&'static str, &'static str) {
        self.as_str().split_once('.').unwrap_or_default()
    }

    /// The column that names the row.
    const fn row_name(self) -> &'static str {
        match self {
            Self::AppSecret | Self::OlderAppSecret | Self::VerifyToken => "id",
            Self::AuditKey => "name",
            Self::SigningKey => "kid",
        }
    }
}

pub(super) fn count_each_column_of_installation() -> String {
    let count = |it: InstallationColumn| {
        let (table, column) = it.parts();
        format!(" + (SELECT count(*) FROM {table} WHERE substr({column}, 5, 16) = :key)")
    };
    InstallationColumn::ALL.into_iter().map(count).collect()
}
