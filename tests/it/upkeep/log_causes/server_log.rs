//! The log of a real server process whose database loses one table after the other.

use std::time::Duration;

use regrant_migration::{
    open_to_migrate,
    sea_orm::{ConnectionTrait, DatabaseConnection, Statement},
};
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, ServerProcess, Tenant};

/// Errors that say nothing: a line may not end with one of them.
const WITHOUT_CAUSE: [&str; 2] = ["internal error", "the database failed"];

#[tokio::test(flavor = "multi_thread")]
async fn a_server_logs_the_cause_of_every_error_whichever_table_is_missing() {
    let (alone, with_worker) = tokio::join!(errors_of("false"), errors_of("true"));
    for errors in [alone, with_worker] {
        let without_cause: Vec<_> = errors
            .iter()
            .filter(|it| WITHOUT_CAUSE.iter().any(|end| it.1.ends_with(end)))
            .collect();
        assert!(without_cause.is_empty(), "{without_cause:#?}");
        let with_table = errors.iter().filter(|it| it.1.contains("no such table"));
        assert!(with_table.count() >= 10, "{errors:#?}");
    }
}

/// The errors that a server logs, with or without a worker in its process, while each table is missing for a moment.
async fn errors_of(with_worker: &'static str) -> Vec<(String, String)> {
    let fleet = Fleet::new(1, 6, 1);
    let database = TestDatabase::create_sqlite().await;
    let owner = open_to_migrate(database.owner_url())
        .await
        .expect("the owner connects");
    let environment = vec![
        ("REGRANT_LOG_FORMAT", "json"),
        ("REGRANT_WITH_WORKER", with_worker),
        ("REGRANT_WORKER_LOOK_SECONDS", "1"),
    ];
    let mut server = ServerProcess::start_with(database, &fleet.world(), "warn", environment).await;
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = server.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    for table in tables(&owner).await {
        let due = owner.execute_unprepared("UPDATE probe_due SET due_at = 1");
        due.await.expect("the owner may make probes due");
        rename(&owner, &table, "hidden").await;
        call_everything(&tenant, &token, &fleet.ids()).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        rename(&owner, "hidden", &table).await;
    }
    errors(&server.stop().await)
}

async fn tables(owner: &DatabaseConnection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
               AND name <> 'seaql_migrations' ORDER BY name";
    let query = Statement::from_string(owner.get_database_backend(), sql);
    let rows = owner.query_all_raw(query).await.expect("the tables");
    let names = rows.iter().map(|row| row.try_get_by_index(0));
    names.collect::<Result<_, _>>().expect("names")
}

async fn rename(owner: &DatabaseConnection, from: &str, to: &str) {
    let sql = format!("ALTER TABLE {from} RENAME TO {to}");
    let renamed = owner.execute_unprepared(&sql).await;
    renamed.expect("the owner may rename a table");
}

/// Calls that read and write most tables; each may fail.
async fn call_everything(tenant: &Tenant, token: &str, ids: &[String]) {
    for path in [
        "/v1/assets",
        "/v1/reconnects",
        "/v1/forecast",
        "/v1/persons",
        "/v1/webhook-endpoints",
        "/v1/audit-events",
    ] {
        tenant.status(path).await;
    }
    let reconnect = json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 0 });
    tenant.post("/v1/reconnects", &reconnect).await;
}

/// The message and the error of each line that has one.
fn errors(printed: &str) -> Vec<(String, String)> {
    let lines = printed
        .lines()
        .filter_map(|it| serde_json::from_str::<Value>(it).ok());
    let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    lines
        .filter(|it| it["error"].is_string())
        .map(|it| (text(&it["message"]), text(&it["error"])))
        .collect()
}
