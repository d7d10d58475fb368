//! The schema goes up, down and up again, and is the same on both databases.

use std::{collections::BTreeSet, time::Duration};

use regrant_migration::{
    Migrator, MigratorTrait, open_to_migrate,
    sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait},
};
use regrant_testdb::TestDatabase;

use crate::bench::{Bench, on_both, settings};

on_both!(
    the_schema_goes_down_and_up_again,
    steps_of_a_later_release_are_named_and_stay_as_they_are,
);

async fn the_schema_goes_down_and_up_again(bench: Bench) {
    let before = columns(bench.database.owner_url()).await;
    bench.store.close().await.unwrap();
    let owner = open_to_migrate(bench.database.owner_url()).await.unwrap();
    Migrator::down(&owner, None).await.unwrap();
    assert_eq!(columns(bench.database.owner_url()).await, BTreeSet::new());
    Migrator::up(&owner, None).await.unwrap();
    regrant_migration::grant_app_role(&owner, regrant_testdb::APP)
        .await
        .unwrap();
    assert_eq!(columns(bench.database.owner_url()).await, before);
    regrant_storage::Store::connect(&settings(bench.database.url()))
        .await
        .unwrap();
}

async fn steps_of_a_later_release_are_named_and_stay_as_they_are(bench: Bench) {
    let owner = open_to_migrate(bench.database.owner_url()).await.unwrap();
    let later = "m29991231_999999_later";
    let sql = format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{later}', 0)");
    owner.execute_unprepared(&sql).await.unwrap();
    Migrator::up(&owner, None).await.unwrap();
    let pending = Migrator::get_pending_migrations(&owner).await.unwrap();
    assert!(pending.is_empty());
    assert_eq!(Migrator::list_later_steps(&owner).await.unwrap(), [later]);
    regrant_storage::Store::connect(&settings(bench.database.url()))
        .await
        .unwrap();
}

/// Migrations of `audit_heads` that wait for a lock.
const WAITING: &str = "
    SELECT count(*) FROM pg_locks
    WHERE NOT granted AND relation = 'audit_heads'::regclass AND mode = 'AccessExclusiveLock'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_waits_for_a_lock_lets_calls_pass_and_is_tried_again() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let read = "SELECT count(*) FROM audit_heads";
    let reader = open_to_migrate(database.owner_url()).await.unwrap();
    let long_read = reader.begin().await.unwrap();
    long_read.execute_unprepared(read).await.unwrap();

    let since = count_steps_since("m20261129_000077_audit_key_versions");
    let owner = open_to_migrate(database.owner_url()).await.unwrap();
    let migrating = tokio::spawn(async move { Migrator::down(&owner, Some(since)).await });
    while database.count_as_superuser(WAITING).await == 0 {
        assert!(!migrating.is_finished(), "the step needs the lock");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let caller = open_to_migrate(database.owner_url()).await.unwrap();
    let call = caller.execute_unprepared(read);
    let answered = tokio::time::timeout(Duration::from_secs(20), call).await;
    answered.expect("a call behind the step waits").unwrap();

    long_read.commit().await.unwrap();
    migrating.await.unwrap().unwrap();
    let pending = Migrator::get_pending_migrations(&caller).await.unwrap();
    assert_eq!(pending.len(), usize::try_from(since).unwrap());
}

/// Migrations that wait for a lock within a statement.
const BLOCKED: &str = "
    SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE NOT l.granted AND a.datname = current_database() AND a.application_name = 'regrant migrate'";

/// The index of step 90, once it serves.
const BUILT: &str = "
    SELECT count(*) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relname = 'audit_events_key_changes' AND i.indisvalid";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_migrations_at_once_one_waits_outside_of_statements_and_both_end_well() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let first = open_to_migrate(database.owner_url()).await.unwrap();
    let since = count_steps_since("m20261130_000090_audit_key_changes");
    Migrator::down(&first, Some(since)).await.unwrap();
    let writer = open_to_migrate(database.owner_url()).await.unwrap();
    let long_write = writer.begin().await.unwrap();
    let write = "LOCK TABLE audit_events IN ROW EXCLUSIVE MODE";
    long_write.execute_unprepared(write).await.unwrap();

    let building = tokio::spawn(async move { Migrator::up(&first, None).await });
    while database.count_as_superuser(BLOCKED).await == 0 {
        assert!(!building.is_finished(), "the index waits for the writer");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let second = open_to_migrate(database.owner_url()).await.unwrap();
    let waiting = tokio::spawn(async move { Migrator::up(&second, None).await });
    for _ in 0..20 {
        let blocked = database.count_as_superuser(BLOCKED).await;
        assert_eq!(blocked, 1, "an index waits for statements that wait");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!waiting.is_finished(), "the first one still runs");

    long_write.commit().await.unwrap();
    let both = async { tokio::join!(building, waiting) };
    let ended = tokio::time::timeout(Duration::from_mins(1), both).await;
    let (first, second) = ended.expect("both end");
    first.unwrap().unwrap();
    second.unwrap().unwrap();
    assert_eq!(database.count_as_superuser(BUILT).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_migrations_at_once_of_an_empty_database_both_end_well_and_grant_the_rights() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let before = columns(database.owner_url()).await;
    let first = open_to_migrate(database.owner_url()).await.unwrap();
    let second = open_to_migrate(database.owner_url()).await.unwrap();
    Migrator::down(&first, None).await.unwrap();
    let both = [first, second].map(|owner| {
        tokio::spawn(async move {
            Migrator::up(&owner, None).await?;
            regrant_migration::grant_app_role(&owner, regrant_testdb::APP).await
        })
    });
    for migrating in both {
        migrating.await.unwrap().unwrap();
    }
    assert_eq!(columns(database.owner_url()).await, before);
}

/// How many steps there are from this one on.
fn count_steps_since(name: &str) -> u32 {
    let steps = Migrator::migrations();
    let since = steps.iter().skip_while(|it| it.name() != name);
    u32::try_from(since.count()).unwrap()
}

#[tokio::test]
async fn both_databases_have_the_same_columns() {
    let mut schemas = Vec::new();
    for database in TestDatabase::create_all().await {
        schemas.push(columns(database.owner_url()).await);
    }
    assert!(schemas.windows(2).all(|pair| pair[0] == pair[1]));
}

async fn columns(url: &str) -> BTreeSet<(String, String, bool)> {
    let connection = open_to_migrate(url).await.unwrap();
    let backend = connection.get_database_backend();
    let sql = if backend == DbBackend::Sqlite {
        "SELECT m.name AS t, c.name AS c, c.\"notnull\" AS required FROM sqlite_master m, pragma_table_info(m.name) c
         WHERE m.type = 'table'"
    } else {
        "SELECT table_name::text AS t, column_name::text AS c, is_nullable = 'NO' AS required
         FROM information_schema.columns WHERE table_schema = 'public'"
    };
    let rows = connection
        .query_all_raw(Statement::from_string(backend, sql))
        .await
        .unwrap();
    let columns = rows.iter().map(|row| {
        let text = |column| row.try_get::<String>("", column).unwrap();
        (
            text("t"),
            text("c"),
            row.try_get::<bool>("", "required").unwrap(),
        )
    });
    columns
        .filter(|it| it.0 != "seaql_migrations" && !it.0.starts_with("sqlite_"))
        .collect()
}

#[tokio::test]
async fn every_table_and_column_has_a_comment_on_postgres() {
    let databases = TestDatabase::create_all().await;
    let postgres = databases
        .iter()
        .find(|it| it.owner_url().starts_with("postgres"));
    let Some(database) = postgres else { return };
    let connection = open_to_migrate(database.owner_url()).await.unwrap();
    let sql = "
        SELECT c.relname || coalesce('.' || a.attname, '') AS name
        FROM pg_class c
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
            AND c.relname <> 'seaql_migrations'
            AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)
        ORDER BY 1";
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let rows = connection.query_all_raw(statement).await.unwrap();
    let names = rows.iter().map(|row| row.try_get("", "name").unwrap());
    assert_eq!(names.collect::<Vec<String>>(), Vec::<String>::new());
}
