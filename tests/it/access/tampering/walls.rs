//! On PostgreSQL the application's role writes nothing of another tenant, in any table.

use regrant_migration::{
    open_to_migrate,
    sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait},
};
use regrant_testdb::TestDatabase;

use crate::harness::{Fleet, Harness};

/// Every table of the schema with the column that names its tenant.
const OWNED: &str = "
    SELECT c.relname AS name, CASE WHEN c.relname = 'tenants' THEN 'id' ELSE 'tenant_id' END AS owner
    FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
        AND (c.relname = 'tenants' OR EXISTS (SELECT 1 FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'))";

#[tokio::test(flavor = "multi_thread")]
async fn the_application_writes_no_row_of_another_tenant() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let fleet = Fleet::new(1, 1, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let (acme, _bolt) = (harness.tenant("Acme").await, harness.tenant("Bolt").await);
    acme.register(&fleet.assets()).await;
    let tenants = harness.vault.list_all_tenants().await.expect("a list");
    let id_of = |name: &str| {
        tenants
            .iter()
            .find(|it| it.name == name)
            .expect("it")
            .id
            .uuid()
    };
    let (owner, other) = (id_of("Acme"), id_of("Bolt"));
    let app = open_to_migrate(harness.database.url())
        .await
        .expect("it opens");
    let tables = Statement::from_string(DbBackend::Postgres, OWNED);
    let tables = app
        .query_all_raw(tables)
        .await
        .expect("the catalogue is read");
    assert!(tables.len() > 20, "{}", tables.len());
    for row in tables {
        let table: String = row.try_get("", "name").expect("a name");
        let column: String = row.try_get("", "owner").expect("a column");
        for tenant in [other.to_string(), String::new()] {
            for sql in [
                format!("UPDATE {table} SET {column} = {column} WHERE {column} = '{owner}'"),
                format!("DELETE FROM {table} WHERE {column} = '{owner}'"),
            ] {
                let tx = app.begin().await.expect("a transaction");
                let set = format!("SELECT set_config('app.tenant_id', '{tenant}', true)");
                tx.execute_unprepared(&set)
                    .await
                    .expect("the tenant is set");
                let touched = tx
                    .execute_unprepared(&sql)
                    .await
                    .map(|it| it.rows_affected());
                assert!(
                    touched.as_ref().is_ok_and(|it| *it == 0) || touched.is_err(),
                    "{sql}: {touched:?}"
                );
                tx.rollback().await.expect("it rolls back");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_read_one_by_one_or_not_at_all() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let harness = Harness::start(database, &Fleet::new(1, 1, 0).world()).await;
    let _tenant = harness.tenant("Acme").await;
    let app = open_to_migrate(harness.database.url())
        .await
        .expect("it opens");
    let all = Statement::from_string(DbBackend::Postgres, "SELECT id FROM clients");
    assert_eq!(app.query_all_raw(all).await.expect("it runs").len(), 0);
}
