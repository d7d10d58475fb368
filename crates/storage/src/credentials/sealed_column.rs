//! Every column with records that a data key of a tenant seals, and how many of them a key sealed.
//!
//! The rule: a column with sealed records that is not listed here would lose them when the old data key is deleted; a test
//! compares the schema.
//! Start at [`TenantTx::count_sealed_under`].

use regrant_domain::TenantId;
use uuid::Uuid;

use crate::{
    Error, SecretColumn, TenantTx,
    credentials::reseal_installation::count_each_column_of_installation,
};

/// Columns of records that end by themselves: the old data key is kept for as long as there are any.
const ENDING: [&str; 3] = [
    "reconnects.submitted",
    "discoveries.submitted",
    "consents.sealed",
];

impl TenantTx {
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
    use std::collections::BTreeSet;

    use super::sealed_columns;
    use crate::{InstallationColumn, sql::read_migration_steps};

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
        for text in read_migration_steps() {
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
