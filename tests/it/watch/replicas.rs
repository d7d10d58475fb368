//! Two worker processes on PostgreSQL; the test stops or kills one of them again and again.
//!
//! The rule it proves: each due asset is settled once; a process that was paused past its lease writes nothing when it
//! continues.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use regrant_migration::{
    open_to_migrate,
    sea_orm::{ConnectionTrait, DatabaseConnection},
};
use regrant_testdb::TestDatabase;
use tokio::process::{Child, Command};

use crate::harness::{Fleet, ServerProcess};

const ASSETS: usize = 10_000;
/// How many assets a worker probes at once, at most: six chunks of a hundred.
const UNDER_WAY: usize = 600;

/// Counts in the database how often the `proved_at` of each asset was written.
const COUNTER: &str = "
CREATE TABLE settled (asset_id TEXT NOT NULL);
GRANT INSERT ON settled TO PUBLIC;
CREATE FUNCTION count_settled() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO settled VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER count_settled AFTER UPDATE OF proved_at ON assets FOR EACH ROW EXECUTE FUNCTION count_settled();";

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_due_assets_are_settled_once_while_workers_are_stopped_and_killed() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let raw = open_to_migrate(&database.superuser_url().expect("PostgreSQL has one"))
        .await
        .expect("it connects");
    let fleet = Fleet::new(10, ASSETS / 10 - 1, 0);
    let server = ServerProcess::start(database, &fleet.world(), "info").await;
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let ended = tenant
        .reconnect(&server.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    assert_eq!(ended["counts"]["replaced"], ASSETS);

    raw.execute_unprepared(COUNTER)
        .await
        .expect("a superuser may");
    raw.execute_unprepared("UPDATE probe_due SET due_at = 1, harm_at = 1")
        .await
        .expect("a superuser may");
    server.sandbox.forget_calls().await;
    server.sandbox.latency(40).await;
    let mut workers = [server.worker(), server.worker()];
    let (mut stops, mut kills) = (0, 0);
    let begun = Instant::now();
    while count(&raw, "SELECT count(*) FROM probe_due WHERE due_at = 1").await > 0 {
        assert!(
            begun.elapsed() < Duration::from_mins(4),
            "{}",
            server.printed()
        );
        let victim = usize::from(random().is_multiple_of(2));
        tokio::time::sleep(Duration::from_millis(300 + u64::from(random()) * 2)).await;
        if random().is_multiple_of(2) {
            stops += 1;
            signal(&workers[victim], "-STOP").await;
            // Longer than its lease of one second: the other process takes its work over.
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            signal(&workers[victim], "-CONT").await;
        } else {
            kills += 1;
            workers[victim].kill().await.expect("it is ours");
            workers[victim] = server.worker();
        }
    }
    for worker in &mut workers {
        worker.kill().await.expect("it is ours");
    }

    let once = count(
        &raw,
        "SELECT count(*) FROM (SELECT asset_id FROM settled GROUP BY 1 HAVING count(*) = 1) t",
    );
    assert_eq!(
        once.await,
        i64::try_from(ASSETS).expect("small"),
        "every asset was settled exactly once"
    );
    let calls = server.sandbox.calls().await;
    let probes: HashMap<String, u64> =
        serde_json::from_value(calls["probes_by_asset"].clone()).expect("numbers by asset");
    assert_eq!(probes.len(), ASSETS, "no asset was left out");
    let again = probes.values().filter(|n| **n > 1).count();
    assert!(
        again <= (stops + kills) * UNDER_WAY,
        "{again} were asked again after {stops} stops and {kills} kills"
    );
    let claimed_again = count(&raw, "SELECT count(*) FROM probe_due WHERE fencing > 1").await;
    println!(
        "{stops} stops, {kills} kills: {claimed_again} leases taken over, {again} assets asked again"
    );
}

async fn count(raw: &DatabaseConnection, sql: &str) -> i64 {
    let statement =
        regrant_migration::sea_orm::Statement::from_string(raw.get_database_backend(), sql);
    let row = raw
        .query_one_raw(statement)
        .await
        .expect("it answers")
        .expect("one row");
    row.try_get_by_index(0).expect("a number")
}

async fn signal(child: &Child, signal: &str) {
    let pid = child.id().expect("it runs").to_string();
    Command::new("kill")
        .args([signal, &pid])
        .status()
        .await
        .expect("kill is there");
}

fn random() -> u8 {
    uuid::Uuid::now_v7().as_bytes()[15]
}
