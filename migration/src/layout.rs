//! Where each table lies when the database is distributed by tenant over several servers with Citus.
//!
//! The rule: every table is in one of the two lists. A table whose rows are found before a tenant is known, or that belongs
//! to the installation, stays on the coordinator; all others are distributed by `tenant_id` and colocated, so that the
//! rows of a tenant are together.
//!
//! Tried by hand on Citus 13 (PostgreSQL 15) with an earlier schema. No test here runs on Citus.

/// The tables that stay on the coordinator. Tables that others refer to come first.
pub const COORDINATOR: [&str; 19] = [
    "apps",
    "tenants",
    "clients",
    "tenant_origins",
    "inbox",
    "person_directory",
    "signing_keys",
    "audit_keys",
    "operators",
    "operator_sessions",
    "login_attempts",
    "login_refusals",
    "graph_errors",
    "erasures",
    "nodes",
    "kek_floor",
    "destroyed_keks",
    "kek_retirements",
    "seaql_migrations",
];

/// The tables that are distributed by tenant. Tables that others refer to come first.
pub const DISTRIBUTED: [&str; 31] = [
    "tenant_keys",
    "grants",
    "assets",
    "credentials",
    "reconnects",
    "reconnect_items",
    "idempotency",
    "audit_events",
    "audit_heads",
    "audit_checkpoints",
    "due",
    "probe_due",
    "cut_offs",
    "events",
    "webhook_endpoints",
    "deliveries",
    "client_scopes",
    "client_proofs",
    "reconnect_sessions",
    "consents",
    "consent_codes",
    "links",
    "link_logins",
    "calendar_feeds",
    "stream_tickets",
    "key_wraps",
    "deletions",
    "discoveries",
    "discovered_assets",
    "previews",
    "preview_findings",
];

/// The statements that distribute a migrated database, in order. Run them as a superuser on the coordinator.
#[must_use]
pub fn plan_distribution() -> Vec<String> {
    let mut plan = vec![
        "CREATE EXTENSION IF NOT EXISTS citus".to_owned(),
        // Without it the nodes do not learn the tenant of a transaction, and show no rows.
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET citus.propagate_set_commands = ''local''', \
         current_database()); END $$"
            .to_owned(),
    ];
    // The table of applied steps is read alone and written by `migrate` alone.
    for table in COORDINATOR.iter().filter(|it| **it != "seaql_migrations") {
        plan.push(unless_known(
            table,
            &format!(
                "citus_add_local_table_to_metadata('{table}', cascade_via_foreign_keys => true)"
            ),
        ));
    }
    for table in DISTRIBUTED {
        let colocated = if table == "tenant_keys" {
            "none"
        } else {
            "tenant_keys"
        };
        plan.push(unless_known(
            table,
            &format!(
                "create_distributed_table('{table}', 'tenant_id', colocate_with => '{colocated}')"
            ),
        ));
    }
    plan
}

/// Calls a function of Citus for a table that it does not know yet, so that the plan can run again after `migrate`.
fn unless_known(table: &str, call: &str) -> String {
    format!(
        "SELECT {call} WHERE NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = '{table}'::regclass)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_distributed_after_those_it_refers_to_and_beside_the_keys_of_its_tenant() {
        let plan = plan_distribution();
        let at = |text: &str| plan.iter().position(|it| it.contains(text)).unwrap();
        assert!(at("'tenants'") < at("'clients'"));
        assert!(
            at("create_distributed_table('assets'") < at("create_distributed_table('credentials'")
        );
        assert!(
            at("create_distributed_table('reconnects'")
                < at("create_distributed_table('reconnect_items'")
        );
        let colocated = plan
            .iter()
            .filter(|it| it.contains("colocate_with => 'tenant_keys'"));
        assert_eq!(colocated.count(), DISTRIBUTED.len() - 1);
    }
}
