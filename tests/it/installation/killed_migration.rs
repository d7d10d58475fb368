//! Goal G40: `regrant migrate` is killed at any moment of its work. Repeated, it makes the schema of a run that was not killed.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use regrant_migration::{Migrator, MigratorTrait, open_to_migrate};
use regrant_testdb::TestDatabase;
use tokio::process::Command;

use crate::harness::{binary, from_environment, on_both};

on_both!(a_migration_that_was_killed_is_continued);

async fn a_migration_that_was_killed_is_continued(database: TestDatabase) {
    let (kind, whole) = (database.kind(), database.describe_schema().await);
    revert_all_steps(&database).await;
    let began = Instant::now();
    complete_migration(&database).await;
    let took = began.elapsed();
    let kills = u32::try_from(from_environment("REGRANT_KILLED_MIGRATIONS", 5)).expect("a number");
    let mut hit = 0;
    for n in 1..=kills {
        revert_all_steps(&database).await;
        hit += u32::from(kill_migration(&database, took * n / (kills + 1)).await);
        complete_migration(&database).await;
        assert_eq!(database.describe_schema().await, whole, "{n}");
    }
    println!("G40: {kind:?}, {kills} kills in {took:?}, {hit} hit a running migration, 0 failures");
    assert!(hit > 0);
}

async fn complete_migration(database: &TestDatabase) {
    let ended = migrate(database).output().await.expect("it ends");
    let printed = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{printed}");
}

/// Kills a migration some time after its start; whether it was running still.
async fn kill_migration(database: &TestDatabase, after: Duration) -> bool {
    let mut migrating = migrate(database).spawn().expect("the binary starts");
    tokio::time::sleep(after).await;
    let was_running = migrating.try_wait().expect("its state").is_none();
    migrating.kill().await.expect("it is killed");
    was_running
}

fn migrate(database: &TestDatabase) -> Command {
    let mut command = Command::new(binary());
    command
        .args(["migrate", "--app-role", regrant_testdb::APP])
        .env_clear()
        .env("REGRANT_OWNER_DATABASE_URL", database.owner_url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn revert_all_steps(database: &TestDatabase) {
    let owner = open_to_migrate(database.owner_url()).await;
    let owner = owner.expect("the database opens");
    Migrator::down(&owner, None)
        .await
        .expect("the steps are reverted");
    owner.close().await.expect("it closes");
}
