//! One process works on a SQLite file, whatever name it is opened by.

use std::{fs, os::unix::fs::symlink, path::PathBuf, time::Duration};

use regrant_storage::{Error, Settings, Store};
use regrant_testdb::TestDatabase;

async fn connect(path: &std::path::Path) -> Result<Store, Error> {
    let settings = Settings {
        url: format!("sqlite://{}", path.display()),
        max_connections: 2,
        acquire_timeout: Duration::from_secs(5),
        busy_timeout: Duration::from_secs(5),
    };
    Store::connect(&settings).await
}

fn path_of(database: &TestDatabase) -> PathBuf {
    database.url().trim_start_matches("sqlite://").into()
}

#[tokio::test]
async fn a_second_process_that_names_the_file_by_a_symbolic_link_is_refused() {
    let database = TestDatabase::create_sqlite().await;
    let elsewhere = tempfile::tempdir().expect("a directory");
    let link = elsewhere.path().join("other.db");
    symlink(path_of(&database), &link).expect("a link");
    let (first, second) = (connect(&path_of(&database)).await, connect(&link).await);
    let (first, second) = (first.expect("it opens"), second.expect("it opens"));
    first.become_sole_process().await.expect("it is the first");
    let refused = second.become_sole_process().await;
    assert!(matches!(refused, Err(Error::Occupied)), "{refused:?}");
    first.release_process_lock();
    second
        .become_sole_process()
        .await
        .expect("the first is gone");
}

#[tokio::test]
async fn a_file_with_a_hard_link_is_refused_with_the_reason() {
    let database = TestDatabase::create_sqlite().await;
    let link = path_of(&database).with_file_name("other.db");
    fs::hard_link(path_of(&database), &link).expect("a link");
    for path in [path_of(&database), link.clone()] {
        let refused = connect(&path).await.map(drop).expect_err("two names");
        assert!(
            refused.to_string().contains("2 names (hard links)"),
            "{refused}"
        );
    }
    fs::remove_file(link).expect("it is removed");
    connect(&path_of(&database))
        .await
        .expect("one name is left");
}
