//! A hostile UPDATE on each column of each authorization row.

use std::collections::BTreeSet;

use regrant_domain::{Permissions, TenantId};
use regrant_migration::{
    open_to_migrate,
    sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement},
};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, KeptCheckpoints, RowFault};

use crate::harness::{Fleet, Harness, Operator, Tenant, on_both};

on_both!(
    every_changed_column_is_named,
    every_changed_column_of_a_client_is_refused_at_use,
    every_changed_column_of_an_operator_is_refused_at_use,
);

/// Tables that decide who may do what, and the columns that decide nothing.
const TABLES: [(&str, &[&str]); 8] = [
    ("tenants", &["intent_seq"]),
    ("clients", &["last_used_at"]),
    // A session that is moved to a tenant that does not exist is out of reach of every caller.
    ("reconnect_sessions", &["tenant_id"]),
    ("links", &["tenant_id"]),
    ("calendar_feeds", &["tenant_id"]),
    ("operators", &["last_login_at"]),
    ("operator_sessions", &[]),
    ("kek_retirements", &[]),
];

struct Scene {
    harness: Harness,
    tenant: Tenant,
    owner: Operator,
    id: TenantId,
    raw: DatabaseConnection,
}

impl Scene {
    async fn on(database: TestDatabase) -> Self {
        let world = Fleet::new(1, 2, 0);
        let harness = Harness::start(database, &world.world()).await;
        let tenant = harness.tenant_with("One", Permissions::all()).await;
        tenant.register(&world.assets()).await;
        let (status, session) = tenant
            .post(
                "/v1/reconnect-sessions",
                &serde_json::json!({ "asset_ids": world.ids() }),
            )
            .await;
        assert_eq!(status, 201, "{session}");
        let order = serde_json::json!({ "asset_ids": world.ids() });
        let (status, link) = tenant.post("/v1/reconnect-links", &order).await;
        assert_eq!(status, 201, "{link}");
        let feed = serde_json::json!({ "name": "Ours", "business_id": "5", "person_id": "6" });
        let (status, feed) = tenant.post("/v1/calendar-feeds", &feed).await;
        assert_eq!(status, 201, "{feed}");
        let owner = harness.owner().await;
        request_retirement(&harness).await;
        let url = harness.database.superuser_url();
        let url = url.unwrap_or_else(|| harness.database.owner_url().to_owned());
        let raw = open_to_migrate(&url).await.expect("the database opens");
        let id = harness.vault.list_all_tenants().await.expect("a list")[0].id;
        Self {
            harness,
            tenant,
            owner,
            id,
            raw,
        }
    }

    /// The columns of a table with their types, from the schema.
    async fn columns(&self, table: &str) -> Vec<(String, String)> {
        let backend = self.raw.get_database_backend();
        let sql = match backend {
            DbBackend::Postgres => format!(
                "SELECT column_name AS name, data_type AS type FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name = '{table}'"
            ),
            _ => format!("SELECT name, type FROM pragma_table_info('{table}')"),
        };
        let rows = self
            .raw
            .query_all_raw(Statement::from_string(backend, sql))
            .await;
        let rows = rows.expect("the schema is read");
        rows.iter()
            .map(|it| {
                let name: String = it.try_get("", "name").expect("a name");
                let kind: String = it.try_get("", "type").expect("a type");
                (name, kind.to_lowercase())
            })
            .collect()
    }

    /// Changes a column of every row, then puts it back. `None`: the database refuses the change by itself.
    async fn with_changed<T>(
        &self,
        table: &str,
        column: &str,
        kind: &str,
        observe: impl AsyncFnOnce() -> T,
    ) -> Option<T> {
        let keep = format!("DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT * FROM {table}");
        self.raw
            .execute_unprepared(&keep)
            .await
            .expect("the rows are kept");
        let value = hostile_value(column, kind);
        let change = format!("UPDATE {table} SET {column} = {value}");
        let changed = self.raw.execute_unprepared(&change).await;
        let seen = match changed {
            Ok(_) => Some(observe().await),
            Err(_) => None,
        };
        let back = format!(
            "UPDATE {table} SET {column} = (SELECT k.{column} FROM kept k WHERE k.seal = {table}.seal);
             DROP TABLE kept;"
        );
        if column == "seal" {
            return seen;
        }
        self.raw
            .execute_unprepared(&back)
            .await
            .expect("the rows are put back");
        seen
    }

    async fn tampered_tables(&self) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        for chain in [TenantId::SYSTEM, self.id] {
            let verdict = self
                .harness
                .vault
                .verify_audit(chain, &KeptCheckpoints::default())
                .await;
            let verdict = verdict.expect("the chain is read");
            for (row, fault) in verdict.tampered {
                assert_eq!(fault, RowFault::Edited, "{row}");
                named.insert(row.split('/').next().unwrap_or_default().to_owned());
            }
        }
        named
    }
}

/// Opens a request to destroy a version of the key-encryption key.
async fn request_retirement(harness: &Harness) {
    let (vault, by) = (&harness.vault, Actor::CommandLine);
    let old = vault.stage_kek(by).await.expect("a staged version").keks[0].kek;
    vault.promote_kek(by).await.expect("promoted");
    vault.rewrap_data_keys().await.expect("wrapped again");
    let old = old.to_string();
    vault.retire_kek(by, &old, &old).await.expect("a request");
}

/// A value that differs from the one that is there, and that the column's type takes.
fn hostile_value(column: &str, kind: &str) -> String {
    match kind {
        "uuid" => "'01890000-0000-7000-8000-0000000000ff'".to_owned(),
        "boolean" => format!("NOT {column}"),
        "bytea" => "'\\x00ff'".to_owned(),
        "blob" if column == "id" || column.ends_with("_id") => {
            "x'018900000000700080000000000000ff'".to_owned()
        }
        "blob" => "x'00ff'".to_owned(),
        "integer"
            if [
                "reason_required",
                "require_person",
                "proof_required",
                "keep_unused_scopes",
            ]
            .contains(&column) =>
        {
            format!("1 - {column}")
        }
        "bigint" | "integer" => format!("coalesce({column}, 0) + 4000000000000000"),
        _ if column == "status" => "'suspended'".to_owned(),
        _ if column == "role" => "'support'".to_owned(),
        _ => format!("coalesce({column}, '') || 'x'"),
    }
}

async fn every_changed_column_is_named(database: TestDatabase) {
    let scene = Scene::on(database).await;
    assert_eq!(scene.tampered_tables().await, BTreeSet::new());
    for (table, free) in TABLES {
        for (column, kind) in scene.columns(table).await {
            if column == "seal" {
                continue;
            }
            let named = scene
                .with_changed(table, &column, &kind, async || {
                    scene.tampered_tables().await
                })
                .await;
            let Some(named) = named else { continue };
            let decides = !free.contains(&column.as_str());
            assert_eq!(
                named.contains(table),
                decides,
                "{table}.{column}: {named:?}"
            );
        }
    }
    assert_eq!(scene.tampered_tables().await, BTreeSet::new());
}

async fn every_changed_column_of_a_client_is_refused_at_use(database: TestDatabase) {
    let scene = Scene::on(database).await;
    for table in ["tenants", "clients"] {
        for (column, kind) in scene.columns(table).await {
            // Where the row is not found any more, the call is refused as well.
            let status = scene
                .with_changed(table, &column, &kind, async || {
                    scene.tenant.status("/v1/assets").await
                })
                .await;
            let decides = !["intent_seq", "last_used_at"].contains(&column.as_str());
            let wanted = if decides { 401 } else { 200 };
            assert!(
                status.is_none_or(|it| it == wanted),
                "{table}.{column}: {status:?}"
            );
        }
        if table == "tenants" {
            let row = format!("tenants/{}", scene.id.uuid());
            scene.harness.accept_row(scene.id, &row).await;
        }
    }
}

async fn every_changed_column_of_an_operator_is_refused_at_use(database: TestDatabase) {
    let scene = Scene::on(database).await;
    for table in ["operators", "operator_sessions"] {
        for (column, kind) in scene.columns(table).await {
            if column == "seal" {
                continue;
            }
            let status = scene
                .with_changed(table, &column, &kind, async || {
                    scene.owner.get("/tenants").await.0
                })
                .await;
            let wanted = if column == "last_login_at" { 200 } else { 401 };
            assert!(
                status.is_none_or(|it| it == wanted),
                "{table}.{column}: {status:?}"
            );
        }
    }
}
