//! Commits that survive a crash of PostgreSQL, and a PostgreSQL that accepts none.

use std::time::Duration;

use regrant_migration::{open_to_migrate, sea_orm::ConnectionTrait};
use regrant_storage::{Error, Outage, Store};
use regrant_testdb::TestDatabase;
use uuid::Uuid;

use crate::bench::settings;

#[tokio::test]
async fn a_commit_waits_for_the_log_whatever_the_default_of_the_database_is() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let superuser = open_to_migrate(&database.superuser_url().unwrap())
        .await
        .unwrap();
    let sql = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database());
    END $$";
    superuser.execute_unprepared(sql).await.unwrap();
    superuser.close().await.unwrap();
    let store = Store::connect(&settings(database.url())).await.unwrap();
    let off = store.list_unsafe_settings().await.unwrap();
    assert!(!off.contains(&"synchronous_commit".to_owned()), "{off:?}");
}

#[tokio::test]
async fn a_default_that_a_pooler_would_leave_off_is_found_although_a_session_turns_it_on() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    for (value, found) in [("off", vec!["synchronous_commit"]), ("on", Vec::new())] {
        let sql = format!(
            "DO $$ BEGIN
                EXECUTE format('ALTER ROLE regrant_app IN DATABASE %I SET synchronous_commit = {value}', current_database());
            END $$"
        );
        database.run_as_superuser(&sql).await;
        let store = Store::connect(&settings(database.url())).await.unwrap();
        assert_eq!(store.list_unsafe_defaults().await.unwrap(), found);
    }
}

#[tokio::test]
async fn a_database_that_became_read_only_is_unusable_until_a_write_succeeds() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let store = Store::connect(&settings(database.url())).await.unwrap();
    let sql = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
    END $$";
    database.run_as_superuser(sql).await;
    let read_only = Store::connect(&settings(database.url())).await.unwrap();
    let failed = read_only.remove_node(Uuid::now_v7()).await;
    let refused = matches!(failed, Err(Error::Unavailable(Outage::ReadOnly, _)));
    assert!(refused, "{failed:?}");
    // Longer than an outage counts that nothing repeats.
    tokio::time::sleep(Duration::from_millis(5_100)).await;
    let still = read_only.check_usable().await.unwrap();
    assert_eq!(still, Some(Outage::ReadOnly));
    assert_eq!(store.check_usable().await.unwrap(), None);
}
