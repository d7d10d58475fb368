//! Commits that survive a crash of PostgreSQL.

use regrant_migration::{open_to_migrate, sea_orm::ConnectionTrait};
use regrant_storage::Store;
use regrant_testdb::TestDatabase;

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
