//! The rights of the application's role on PostgreSQL. It owns no table.
//!
//! The rule: the application cannot use a table without a line here. It can add and read audit events, and
//! empty those past retention, but not delete them.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr};

use crate::lock::{lock_migrations, unlock_migrations};

/// Tables and the rights on each.
const GRANTS: [(&str, &str); 50] = [
    ("seaql_migrations", "SELECT"),
    ("apps", "SELECT, INSERT, UPDATE"),
    ("tenants", "SELECT, INSERT, UPDATE"),
    ("signing_keys", "SELECT, INSERT, UPDATE"),
    ("clients", "SELECT, INSERT, UPDATE, DELETE"),
    ("tenant_keys", "SELECT, INSERT, UPDATE, DELETE"),
    ("grants", "SELECT, INSERT, UPDATE, DELETE"),
    ("assets", "SELECT, INSERT, UPDATE, DELETE"),
    ("credentials", "SELECT, INSERT, UPDATE, DELETE"),
    ("reconnects", "SELECT, INSERT, UPDATE, DELETE"),
    ("reconnect_items", "SELECT, INSERT, UPDATE, DELETE"),
    ("idempotency", "SELECT, INSERT, DELETE"),
    (
        "audit_events",
        "SELECT, INSERT, UPDATE (actor, subject, detail, pruned)",
    ),
    ("audit_heads", "SELECT, INSERT, UPDATE"),
    ("audit_keys", "SELECT, INSERT, UPDATE (sealed)"),
    ("audit_checkpoints", "SELECT, INSERT"),
    ("due", "SELECT, INSERT, UPDATE, DELETE"),
    ("probe_due", "SELECT, INSERT, UPDATE, DELETE"),
    ("cut_offs", "SELECT, INSERT, DELETE"),
    ("events", "SELECT, INSERT, UPDATE (data), DELETE"),
    ("webhook_endpoints", "SELECT, INSERT, UPDATE, DELETE"),
    ("deliveries", "SELECT, INSERT, UPDATE, DELETE"),
    ("inbox", "SELECT, INSERT, UPDATE, DELETE"),
    ("person_directory", "SELECT, INSERT, DELETE"),
    ("operators", "SELECT, INSERT, UPDATE, DELETE"),
    ("operator_sessions", "SELECT, INSERT, UPDATE (seal), DELETE"),
    ("login_attempts", "SELECT, INSERT, UPDATE, DELETE"),
    ("login_refusals", "SELECT, INSERT, UPDATE, DELETE"),
    ("graph_errors", "SELECT, INSERT, UPDATE, DELETE"),
    ("erasures", "SELECT, INSERT, UPDATE, DELETE"),
    ("client_scopes", "SELECT, INSERT, UPDATE, DELETE"),
    ("client_proofs", "SELECT, INSERT, DELETE"),
    ("tenant_origins", "SELECT, INSERT, DELETE"),
    ("reconnect_sessions", "SELECT, INSERT, UPDATE, DELETE"),
    ("consents", "SELECT, INSERT, UPDATE, DELETE"),
    ("consent_codes", "SELECT, INSERT, UPDATE, DELETE"),
    ("links", "SELECT, INSERT, UPDATE, DELETE"),
    ("calendar_feeds", "SELECT, INSERT, UPDATE (seal), DELETE"),
    ("stream_tickets", "SELECT, INSERT, UPDATE (seal), DELETE"),
    ("link_logins", "SELECT, INSERT, UPDATE, DELETE"),
    ("nodes", "SELECT, INSERT, UPDATE, DELETE"),
    ("kek_floor", "SELECT, INSERT, UPDATE"),
    ("key_wraps", "SELECT, INSERT, UPDATE"),
    ("deletions", "SELECT, INSERT, UPDATE"),
    ("destroyed_keks", "SELECT, INSERT"),
    ("discoveries", "SELECT, INSERT, UPDATE, DELETE"),
    ("discovered_assets", "SELECT, INSERT, UPDATE, DELETE"),
    ("previews", "SELECT, INSERT, UPDATE, DELETE"),
    ("preview_findings", "SELECT, INSERT, UPDATE, DELETE"),
    ("kek_retirements", "SELECT, INSERT, UPDATE (seal), DELETE"),
];

/// Functions of the owner that the application may call.
const FUNCTIONS: [&str; 11] = [
    "analyze_grown_tables()",
    "client_for_login(UUID)",
    "clients_for_login(UUID[])",
    "served_assets(UUID, TEXT[])",
    "append_audit(UUID, BIGINT, BYTEA, BIGINT, BYTEA, UUID[], BIGINT[], TEXT[], TEXT[], TEXT[], TEXT[], BIGINT[], \
     BYTEA[])",
    "make_notices_due(UUID[], BYTEA, BIGINT)",
    "count_keys_by_kek()",
    "wrapped_keys(BYTEA, BYTEA, UUID, UUID, BIGINT)",
    "tenants_with_keys(TEXT, BIGINT)",
    "tenants_with_compromised_keys()",
    "rewrite_tenant_keys()",
];

/// Grants the role `role` the rights that the application needs on PostgreSQL; SQLite has no roles.
///
/// # Errors
/// The name is not `[a-z_][a-z0-9_]{0,62}`, the role does not exist, the connection does not own the tables, or a migration
/// did not end in time.
pub async fn grant_app_role<C: ConnectionTrait>(connection: &C, role: &str) -> Result<(), DbErr> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    if !is_identifier(role) {
        return Err(DbErr::Custom(
            "the name of a role must match [a-z_][a-z0-9_]{0,62}".to_owned(),
        ));
    }
    // PostgreSQL refuses a grant on a table while another session grants on it.
    lock_migrations(connection).await?;
    let granted = grant_rights(connection, role).await;
    let unlocked = unlock_migrations(connection).await;
    granted.and(unlocked)
}

async fn grant_rights<C: ConnectionTrait>(connection: &C, role: &str) -> Result<(), DbErr> {
    let tables = GRANTS.map(|(table, rights)| format!("{rights} ON {table}"));
    let functions = FUNCTIONS.map(|it| format!("EXECUTE ON FUNCTION {it}"));
    for grant in tables.iter().chain(&functions) {
        let sql = format!("GRANT {grant} TO \"{role}\"");
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}

fn is_identifier(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    starts_well && name.len() <= 63 && name.chars().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_identifier_names_a_role() {
        assert!(is_identifier("regrant_app"));
        for name in ["", "1a", "a b", "a\"; DROP TABLE due; --", "Ä", "A"] {
            assert!(!is_identifier(name), "{name:?}");
        }
    }
}
