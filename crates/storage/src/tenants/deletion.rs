//! Deleting a tenant: its data keys, and every row but its audit and the record of the deletion.

use regrant_domain::Timestamp;

use crate::{
    Error, Store, TenantScope, TenantTx,
    sql::{Query, decode_rows, to_micros},
    tenants::scope::tenant_scope_from_row,
};

/// The tables whose rows belong to a tenant, each before the tables that it refers to. Its audit is not
/// among them, nor is what the deletion waits for.
const TABLES: [&str; 29] = [
    "deliveries",
    "events",
    "webhook_endpoints",
    "idempotency",
    "consents",
    "consent_codes",
    "calendar_feeds",
    "stream_tickets",
    "link_logins",
    "links",
    "reconnect_sessions",
    "reconnect_items",
    "reconnects",
    "discovered_assets",
    "discoveries",
    "preview_findings",
    "previews",
    "credentials",
    "probe_due",
    "cut_offs",
    "assets",
    "grants",
    "person_directory",
    "client_proofs",
    "client_scopes",
    "clients",
    "tenant_origins",
    "due",
    "tenant_keys",
];

impl Store {
    /// Tenants that are to be deleted by `now`.
    pub async fn list_tenants_to_delete(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<TenantScope>, Error> {
        let query = Query::new(
            "SELECT id AS t_id, app_id AS t_app_id FROM tenants WHERE deleted_at IS NULL AND delete_after <= :now
             ORDER BY delete_after, id LIMIT :limit",
        )
        .bind("now", to_micros(now))
        .bind("limit", i64::from(limit));
        let rows = query.fetch_all(&self.connection).await?;
        Ok(decode_rows("tenants", &rows, tenant_scope_from_row))
    }
}

impl TenantTx {
    /// Deletes the tenant's wrapped data keys: no sealed record of the tenant can be opened any more.
    pub async fn delete_data_keys(&self, at: Timestamp) -> Result<u64, Error> {
        self.note_keys_deleted(None, at).await?;
        self.execute(self.query("DELETE FROM tenant_keys WHERE tenant_id = :tenant"))
            .await
    }

    /// Deletes every row of the tenant but its audit and what the deletion waits for; returns how many.
    pub async fn delete_tenant_rows(&self, at: Timestamp) -> Result<u64, Error> {
        self.note_keys_deleted(None, at).await?;
        let mut all = 0_u64;
        for table in TABLES {
            let query = self
                .query("DELETE FROM {table} WHERE tenant_id = :tenant")
                .fill("table", table);
            all = all.saturating_add(self.execute(query).await?);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::TABLES;
    use crate::sql::read_migration_steps;

    /// The audit, and what the deletion itself waits for.
    const KEPT: [&str; 5] = [
        "audit_events",
        "audit_heads",
        "audit_checkpoints",
        "key_wraps",
        "deletions",
    ];

    /// Tables with a column `tenant_id`, as the migrations make them.
    fn tables() -> BTreeSet<String> {
        let mut tables = BTreeSet::new();
        for text in read_migration_steps() {
            for table in text.split("CREATE TABLE ").skip(1) {
                let (name, rest) = table.split_once(" (").unwrap();
                if rest
                    .split(");")
                    .next()
                    .unwrap()
                    .contains("tenant_id {uuid}")
                {
                    tables.insert(name.to_owned());
                }
            }
        }
        tables
    }

    #[test]
    fn deleting_a_tenant_keeps_only_its_audit_and_the_record_of_its_deletion() {
        let kept = TABLES
            .into_iter()
            .chain(KEPT)
            .map(ToOwned::to_owned)
            .collect::<BTreeSet<_>>();
        assert_eq!(kept, tables());
    }
}
