//! Row-level security on PostgreSQL: checked at start, and effective where a statement forgets the tenant.

use regrant_migration::{
    open_to_migrate,
    sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait},
};
use regrant_storage::{Error, Store};
use regrant_testdb::{APP, OWNER, TestDatabase};

use crate::bench::{Bench, on_postgres, settings};

/// Runs `sql` as the superuser, opens the store as `role`, then undoes it with `undo`.
async fn reasons(database: &TestDatabase, role_url: &str, sql: &str, undo: &str) -> Vec<String> {
    let superuser = open_to_migrate(&database.superuser_url().unwrap())
        .await
        .unwrap();
    superuser.execute_unprepared(sql).await.unwrap();
    let result = Store::connect(&settings(role_url)).await;
    superuser.execute_unprepared(undo).await.unwrap();
    superuser.close().await.unwrap();
    match result {
        Ok(_) => Vec::new(),
        Err(Error::UnsafeRole(reasons)) => reasons,
        Err(other) => vec![format!("{other:?}")],
    }
}

fn as_role(database: &TestDatabase, role: &str) -> String {
    database.url().replace(APP, role)
}

#[tokio::test]
async fn a_role_that_row_level_security_does_not_restrict_is_refused() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let suffix = database
        .url()
        .rsplit('_')
        .next()
        .unwrap_or_default()
        .to_owned();
    let role = format!("probe_{suffix}");
    let tables = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO";
    let login = format!("CREATE ROLE {role} LOGIN PASSWORD 'regrant-test'");
    let drop =
        format!("REASSIGN OWNED BY {role} TO {OWNER}; DROP OWNED BY {role}; DROP ROLE {role}");
    let cases = [
        (
            format!("{login} SUPERUSER; {tables} {role}"),
            "the role is a superuser",
        ),
        (
            format!("{login} BYPASSRLS; {tables} {role}"),
            "the role is BYPASSRLS",
        ),
        (
            format!("{login}; {tables} {role}; ALTER TABLE assets OWNER TO {role}"),
            "the role owns table assets",
        ),
        (
            format!("{login}; {tables} {role}; GRANT {OWNER} TO {role}"),
            "the role owns table apps",
        ),
        (
            format!("{login} NOINHERIT; {tables} {role}; GRANT {OWNER} TO {role}"),
            "the role owns table apps",
        ),
        (
            format!("{login}; {tables} {role}; GRANT postgres TO {role}"),
            "the role is a member of a role that is a superuser",
        ),
    ];
    for (sql, reason) in cases {
        let found = reasons(&database, &as_role(&database, &role), &sql, &drop).await;
        assert!(found.iter().any(|it| it == reason), "{sql}: {found:?}");
    }
    let found = reasons(
        &database,
        &as_role(&database, &role),
        &format!("{login}; {tables} {role}"),
        &drop,
    )
    .await;
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn the_owner_and_the_superuser_are_refused() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    for url in [database.owner_url(), &database.superuser_url().unwrap()] {
        assert!(matches!(
            Store::connect(&settings(url)).await,
            Err(Error::UnsafeRole(_))
        ));
    }
}

#[tokio::test]
async fn a_table_without_row_level_security_is_refused() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let cases = [
        (
            "ALTER TABLE credentials DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE credentials ENABLE ROW LEVEL SECURITY",
            "table credentials lacks row-level security",
        ),
        (
            "ALTER TABLE grants NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE grants FORCE ROW LEVEL SECURITY",
            "table grants lacks forced row-level security",
        ),
        (
            "CREATE POLICY hole ON assets USING (true)",
            "DROP POLICY hole ON assets",
            "table assets lacks the policies that confine it to one tenant",
        ),
        (
            "CREATE TABLE later (tenant_id UUID)",
            "DROP TABLE later",
            "table later lacks row-level security",
        ),
    ];
    for (sql, undo, reason) in cases {
        assert_eq!(
            reasons(&database, database.url(), sql, undo).await,
            [reason]
        );
    }
    assert!(
        reasons(&database, database.url(), "SELECT 1", "SELECT 1")
            .await
            .is_empty()
    );
}

const ISOLATED: [&str; 10] = [
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
];

#[tokio::test]
async fn a_statement_that_forgets_the_tenant_sees_and_changes_nothing() {
    on_postgres(async |bench: Bench| {
        bench.pages(&["1"]).await;
        let app = open_to_migrate(bench.database.url()).await.unwrap();
        for table in ISOLATED {
            assert_eq!(count(&app, table).await, 0, "{table}");
        }
        let (acme, bolt) = (bench.acme.tenant().uuid(), bench.bolt.tenant().uuid());
        let as_bolt = format!("SELECT set_config('app.tenant_id', '{bolt}', true)");
        let foreign = [
            format!("INSERT INTO assets (tenant_id, id, kind, created_at) VALUES ('{acme}', '2', 'page', 0)"),
            format!("UPDATE assets SET tenant_id = '{acme}'"),
        ];
        for sql in foreign {
            let tx = app.begin().await.unwrap();
            tx.execute_unprepared(&as_bolt).await.unwrap();
            let own = format!(
                "INSERT INTO assets (tenant_id, id, kind, created_at) VALUES ('{bolt}', '3', 'page', 0)"
            );
            tx.execute_unprepared(&own).await.unwrap();
            let refused = tx.execute_unprepared(&sql).await.unwrap_err().to_string();
            assert!(refused.contains("row-level security"), "{refused}");
        }
        let tx = app.begin().await.unwrap();
        tx.execute_unprepared(&as_bolt).await.unwrap();
        let touched = tx.execute_unprepared("UPDATE assets SET name = 'x'").await.unwrap();
        assert_eq!(touched.rows_affected(), 0);
        tx.commit().await.unwrap();
        assert_eq!(count(&app, "assets").await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_application_cannot_rewrite_the_audit() {
    on_postgres(async |bench: Bench| {
        let app = open_to_migrate(bench.database.url()).await.unwrap();
        for sql in [
            "UPDATE audit_events SET action = 'x'",
            "UPDATE audit_events SET actor = '', at = 0",
            "UPDATE audit_events SET hash = NULL",
            "DELETE FROM audit_events",
            "TRUNCATE audit_events",
            "DELETE FROM audit_heads",
            "UPDATE audit_checkpoints SET statement = 'x'",
            "DELETE FROM audit_checkpoints",
            "UPDATE audit_keys SET name = 'x'",
            "DELETE FROM audit_keys",
        ] {
            let refused = app.execute_unprepared(sql).await.unwrap_err().to_string();
            assert!(refused.contains("permission denied"), "{refused}");
        }
    })
    .await;
}

async fn count(on: &DatabaseConnection, table: &str) -> i64 {
    let sql = format!("SELECT count(*) AS n FROM {table}");
    let row = on
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await
        .unwrap();
    row.unwrap().try_get("", "n").unwrap()
}
