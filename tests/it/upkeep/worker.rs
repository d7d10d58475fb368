//! The worker: tasks that do not delay each other, a shutdown that loses nothing, processes that share due work.

use std::{collections::BTreeMap, time::Duration};

use regrant_domain::Clock;
use regrant_migration::{open_to_migrate, sea_orm::ConnectionTrait};
use regrant_storage::{Backlog, Store};
use regrant_testdb::TestDatabase;
use regrant_worker::{Settings, Worker, WorkerTask};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::harness::{Fleet, Harness, ServerProcess, Tenant};

/// Short intervals, so that a test need not wait.
fn brisk() -> Settings {
    let often = Duration::from_millis(20);
    Settings {
        poll_interval: often,
        probe_interval: often,
        failing_probe_interval: often,
        refresh_interval: often,
        purge_interval: often,
        ..Settings::default()
    }
}

/// Registers the fleet's assets with a person's token: each is due for its first probe at once.
async fn import(tenant: &Tenant, token: &str, fleet: &Fleet) {
    let with_token = |mut it: Value| {
        it["token"] = json!(token);
        it
    };
    tenant
        .register(
            &fleet
                .assets()
                .into_iter()
                .map(with_token)
                .collect::<Vec<_>>(),
        )
        .await;
}

async fn states(tenant: &Tenant) -> BTreeMap<String, usize> {
    let list = tenant.get("/v1/assets?limit=200").await;
    let mut states = BTreeMap::new();
    for it in list["data"].as_array().expect("a list") {
        *states
            .entry(it["state"].as_str().unwrap_or_default().to_owned())
            .or_default() += 1;
    }
    states
}

async fn backlog(store: &Store) -> Backlog {
    let wall = Clock::system_time();
    store
        .read_backlog(wall, wall)
        .await
        .expect("the database answers")
}

/// Waits until the condition holds.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_500 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("timed out waiting: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_runs_every_task_and_a_drain_leaves_nothing_due() {
    for database in TestDatabase::create_all().await {
        let fleet = Fleet::new(2, 12, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        import(&tenant, &harness.sandbox.token(Fleet::PERSON).await, &fleet).await;
        let worker = Worker::new(&harness.vault, brisk());
        let ticked = worker.run_pass().await;
        assert_eq!(
            ticked
                .by_task
                .iter()
                .map(|(lane, _)| *lane)
                .collect::<Vec<_>>(),
            WorkerTask::ALL
        );
        let watched = ticked
            .by_task
            .iter()
            .find(|(lane, _)| *lane == WorkerTask::DueProbes);
        assert!(matches!(watched, Some((_, Ok(26)))), "{ticked:?}");
        worker.run_until_idle().await.expect("no task fails");
        assert_eq!(backlog(&harness.store().await).await.probes.count, 0);
        assert_eq!(
            states(&tenant).await,
            BTreeMap::from([("healthy".to_owned(), 26)])
        );
        harness.clock.advance_by(chrono::Duration::days(1));
        assert!(
            worker.run_until_idle().await.expect("no task fails") >= 26,
            "a day later they are due again"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_task_stops_no_other_task_and_recovers() {
    for database in TestDatabase::create_all().await {
        let fleet = Fleet::new(1, 11, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        let owner = open_to_migrate(harness.database.owner_url())
            .await
            .expect("the owner connects");
        let hide = "ALTER TABLE idempotency RENAME TO hidden";
        owner
            .execute_unprepared(hide)
            .await
            .expect("purging fails from now on");
        let (worker, stop) = (
            Worker::new(&harness.vault, brisk()),
            CancellationToken::new(),
        );
        let failed = worker.run_pass().await;
        assert!(
            failed
                .by_task
                .iter()
                .all(|(lane, done)| done.is_err() == (*lane == WorkerTask::Purge)),
            "{failed:?}"
        );

        let pulse = worker.pulse();
        let working = tokio::spawn({
            let stop = stop.clone();
            async move { worker.run_until_stopped(stop).await }
        });
        import(&tenant, &harness.sandbox.token(Fleet::PERSON).await, &fleet).await;
        until("the other tasks work", async || {
            states(&tenant).await.get("healthy") == Some(&12)
        })
        .await;
        assert!(pulse.is_alive());
        owner
            .execute_unprepared("ALTER TABLE hidden RENAME TO idempotency")
            .await
            .expect("it can again");
        let one = tenant
            .call(reqwest::Method::POST, "/v1/reconnects")
            .header("Idempotency-Key", "k");
        let token = harness.sandbox.token(Fleet::PERSON).await;
        let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 60 });
        assert_eq!(
            one.json(&order).send().await.expect("an answer").status(),
            200
        );
        harness.clock.advance_by(chrono::Duration::days(2));
        until("the task works again", async || {
            let rows = owner
                .query_all_raw(statement(&owner, "SELECT 1 FROM idempotency"))
                .await;
            rows.expect("rows").is_empty()
        })
        .await;
        stop.cancel();
        working
            .await
            .expect("no panic")
            .expect("no task broke down");
        assert!(!pulse.is_alive(), "a stopped worker is not alive");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_during_work_gives_leases_back_and_loses_nothing() {
    for database in TestDatabase::create_all().await {
        for patience in [Duration::ZERO, Duration::from_secs(20)] {
            let fleet = Fleet::new(1, 119, 0);
            let database = match database.kind() {
                regrant_testdb::Kind::Sqlite => Some(TestDatabase::create_sqlite().await),
                regrant_testdb::Kind::Postgres => TestDatabase::create_postgres().await,
            };
            let harness = Harness::start(database.expect("there is one"), &fleet.world()).await;
            let tenant = harness.tenant("One").await;
            import(&tenant, &harness.sandbox.token(Fleet::PERSON).await, &fleet).await;
            harness.sandbox.latency(400).await;
            let store = harness.store().await;
            let stop = CancellationToken::new();
            let worker = Worker::new(
                &harness.vault,
                Settings {
                    shutdown_timeout: patience,
                    ..brisk()
                },
            );
            let (vault, stopped) = (harness.vault.clone(), stop.clone());
            let working = tokio::spawn(async move {
                let ended = worker.run_until_stopped(stopped).await;
                vault.shut_down().await;
                ended
            });
            until("probes are held", async || backlog(&store).await.leased > 0).await;
            stop.cancel();
            working
                .await
                .expect("no panic")
                .expect("no task broke down");
            let left = backlog(&store).await;
            assert_eq!((left.leased, left.expired), (0, 0), "{left:?}");
            if patience.is_zero() {
                assert!(
                    left.probes.count > 0,
                    "interrupted work is due again: {left:?}"
                );
            }
            harness.sandbox.latency(0).await;
            let next = Worker::new(&harness.vault, brisk());
            next.run_until_idle().await.expect("no task fails");
            assert_eq!(
                states(&tenant).await,
                BTreeMap::from([("healthy".to_owned(), 120)])
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_processes_on_postgresql_share_due_work_and_do_nothing_twice() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let fleet = Fleet::new(4, 299, 0);
    let mut server = ServerProcess::start(database, &fleet.world(), "info").await;
    let tenant = server.tenant("One").await;
    import(&tenant, &server.sandbox.token(Fleet::PERSON).await, &fleet).await;
    server.sandbox.forget_calls().await;
    server.sandbox.latency(20).await;
    let store = server.store().await;
    let workers = [server.worker(), server.worker(), server.worker()];
    until("nothing is due and nothing held", async || {
        let left = backlog(&store).await;
        left.probes.count == 0 && left.leased == 0
    })
    .await;
    let probes = server.sandbox.calls().await["probes_by_asset"].clone();
    let probes: BTreeMap<String, u64> = serde_json::from_value(probes).expect("counts");
    let wrong: Vec<_> = probes.iter().filter(|(_, n)| **n != 1).collect();
    assert_eq!(
        (probes.len(), wrong),
        (1_200, Vec::new()),
        "each asset was probed once: {}",
        server.printed()
    );
    drop(workers);
    server.kill().await;
}

fn statement(on: &impl ConnectionTrait, sql: &str) -> regrant_migration::sea_orm::Statement {
    regrant_migration::sea_orm::Statement::from_string(on.get_database_backend(), sql)
}
