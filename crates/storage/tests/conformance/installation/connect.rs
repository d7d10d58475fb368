//! The checks when a database is opened.

use std::{fs, os::unix::fs::PermissionsExt};

use regrant_migration::{Migrator, MigratorTrait, open_to_migrate};
use regrant_storage::{Error, NEWEST_MIGRATION, Outage, Store};
use regrant_testdb::{Kind, TestDatabase};

use crate::bench::{Bench, on_both, settings};

on_both!(a_schema_older_than_the_program_is_refused);

#[test]
fn the_newest_migration_is_the_one_the_program_needs() {
    let newest = Migrator::migrations().pop().map(|it| it.name().to_owned());
    assert_eq!(newest.as_deref(), Some(NEWEST_MIGRATION));
}

async fn a_schema_older_than_the_program_is_refused(bench: Bench) {
    bench.store.close().await.unwrap();
    for steps in [Some(1), None] {
        let owner = open_to_migrate(bench.database.owner_url()).await.unwrap();
        Migrator::down(&owner, steps).await.unwrap();
        owner.close().await.unwrap();
        let refused = Store::connect(&settings(bench.database.url())).await;
        assert!(matches!(refused, Err(Error::SchemaOutdated)), "{refused:?}");
    }
}

#[tokio::test]
async fn an_unsupported_kind_of_database_is_refused() {
    let refused = Store::connect(&settings("mysql://localhost/x")).await;
    assert!(matches!(refused, Err(Error::Unsupported(_))));
}

#[tokio::test]
async fn a_missing_sqlite_file_is_not_created() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("none.db");
    let url = format!("sqlite://{}", file.display());
    assert!(matches!(
        Store::connect(&settings(&url)).await,
        Err(Error::Unavailable(Outage::Lost, _))
    ));
    assert!(!file.exists());
}

#[tokio::test]
async fn sqlite_files_are_readable_only_by_their_owner() {
    let database = TestDatabase::create_sqlite().await;
    assert_eq!(database.kind(), Kind::Sqlite);
    let file = database.url().strip_prefix("sqlite://").unwrap().to_owned();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let store = Store::connect(&settings(database.url())).await.unwrap();
    crate::bench::insert_app(&store, &crate::bench::new_app("1"))
        .await
        .unwrap();
    assert!(store.is_sqlite());
    for suffix in ["", "-wal", "-shm"] {
        let mode = fs::metadata(format!("{file}{suffix}"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn neither_settings_nor_store_show_the_address() {
    let database = TestDatabase::create_sqlite().await;
    let settings = settings(database.url());
    let store = Store::connect(&settings).await.unwrap();
    assert!(!format!("{settings:?} {store:?}").contains("regrant.db"));
}
