//! A rotation while processes serve: reads and reconnects go on, and SIGKILL at any moment loses nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use regrant_testdb::TestDatabase;
use regrant_vault::Actor;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, ServerProcess, Tenant, from_environment};

const ASSETS: usize = 200;

fn count_tenants() -> usize {
    from_environment("REGRANT_TENANTS", 40)
}

/// What readers have seen.
#[derive(Default)]
struct Reads {
    good: AtomicU64,
    refused: AtomicU64,
    stop: AtomicBool,
}

async fn start(database: TestDatabase, fleet: &Fleet) -> (ServerProcess, Tenant) {
    let settings = vec![("REGRANT_WITH_WORKER", "true")];
    let server = ServerProcess::start_with(database, &fleet.world(), "warn", settings).await;
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = server.sandbox.token(Fleet::PERSON).await;
    let ended = tenant.reconnect(&token, &fleet.ids()).await;
    assert_eq!(ended["counts"], json!({ "replaced": ASSETS }));
    // Each has a data key of its own.
    for n in 1..count_tenants() {
        server.tenant(&format!("Tenant {n}")).await;
    }
    (server, tenant)
}

/// Reads tokens until it is stopped. A process that is killed does not respond; what responds must be a token.
async fn read_tokens(tenant: Tenant, ids: Vec<String>, reads: Arc<Reads>) {
    for id in ids.iter().cycle() {
        if reads.stop.load(Ordering::Relaxed) {
            break;
        }
        let call = tenant.call(Method::GET, &format!("/v1/assets/{id}/token"));
        match call.send().await {
            Ok(answer) if answer.status().is_success() => {
                reads.good.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) => {
                reads.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

pub(super) async fn rotate(server: &ServerProcess, arguments: &[&str]) -> (Value, String) {
    let (code, printed) = server.run_command(arguments).await;
    assert_eq!(
        code,
        Some(0),
        "{arguments:?}: {printed}\n{}",
        server.printed()
    );
    let json = printed.lines().find_map(|it| serde_json::from_str(it).ok());
    (json.unwrap_or(Value::Null), printed)
}

async fn rotations_are_killed(database: TestDatabase) {
    let fleet = Fleet::new(1, ASSETS - 1, 1);
    let (mut server, tenant) = Box::pin(start(database, &fleet)).await;
    let reads = Arc::new(Reads::default());
    let reading = tokio::spawn(read_tokens(tenant.clone(), fleet.ids(), Arc::clone(&reads)));
    server.sandbox.latency(20).await;
    let token = server.sandbox.token(Fleet::MANAGED).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let (status, reconnect) = tenant.post("/v1/reconnects", &order).await;
    assert_eq!(status, 202, "{reconnect}");
    let kills = from_environment("REGRANT_KILLS", 5);
    for kill in 1..=u64::try_from(kills).expect("a number") {
        let what = if kill % 2 == 0 {
            "rotate-data"
        } else {
            "rotate"
        };
        let rotation = server.start_command(&["keys", what]);
        tokio::time::sleep(Duration::from_millis(kill * 500)).await;
        drop(rotation);
    }
    // The process that is killed can open the staged version, so the rotation does not wait until it counts as gone.
    rotate(&server, &["keys", "stage"]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.restart().await;
    let (verdict, _) = rotate(&server, &["keys", "rotate", "--output=json"]).await;
    let count = u64::try_from(count_tenants()).expect("a number") + 1;
    assert_eq!(verdict["whole"], true);
    assert!(verdict["opened"].as_u64() >= Some(count), "{verdict}");
    rotate(&server, &["keys", "rotate-data"]).await;
    let ended = tenant.ended(reconnect["id"].as_str().expect("an id")).await;
    assert_eq!(ended["counts"], json!({ "replaced": ASSETS }));

    rotate(&server, &["keys", "rotate-data"]).await;
    assert_eq!(super::data::count_outdated_in(server.database()).await, 0);
    retire_all(&server).await;
    server.restart().await;
    reads.stop.store(true, Ordering::Relaxed);
    reading.await.expect("the reader ends");
    assert_eq!(
        reads.refused.load(Ordering::Relaxed),
        0,
        "{}",
        server.printed()
    );
    let good = reads.good.load(Ordering::Relaxed);
    println!(
        "G10: {} tenants, {kills} kills, {good} reads, 0 refused",
        count_tenants()
    );
    assert!(good > 100, "reads went on");
    let tokens = tenant.tokens(&fleet.ids()).await;
    let with_token = fleet
        .ids()
        .iter()
        .filter(|id| tokens[*id]["access_token"].is_string())
        .count();
    assert_eq!(with_token, ASSETS);
    assert_eq!(server.integrity().await, "ok");
}

/// Destroys every version that only opens. They wrap nothing, so that is allowed.
pub(super) async fn retire_all(server: &ServerProcess) {
    let (status, _) = rotate(server, &["keys", "status", "--output=json"]).await;
    assert_eq!(status["to_rewrap"], 0);
    let keys = status["keys"].as_array().expect("versions");
    let old: Vec<_> = keys
        .iter()
        .filter(|it| it["state"] == "decrypt-only")
        .collect();
    assert!(!old.is_empty());
    for key in old {
        assert_eq!(key["data_keys"], 0);
        let name = format!("{}/{}", key["id"].as_str().expect("an id"), key["version"]);
        let (vault, day) = (&server.vault, chrono::Duration::hours(24));
        vault.clock().advance_by(-day);
        let requested = vault.retire_kek(Actor::CommandLine, &name, &name).await;
        requested.expect("a request of yesterday");
        vault.clock().advance_by(day);
        rotate(server, &["keys", "retire", &name, "--confirm", &name]).await;
    }
    let (status, _) = rotate(server, &["keys", "status", "--output=json"]).await;
    let keys = status["keys"].as_array().expect("versions");
    assert!(
        keys.iter().all(|it| it["state"] != "decrypt-only"),
        "{status}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_that_are_killed_lose_no_read_and_no_reconnect_on_sqlite() {
    Box::pin(rotations_are_killed(TestDatabase::create_sqlite().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_that_are_killed_lose_no_read_and_no_reconnect_on_postgresql() {
    if let Some(database) = TestDatabase::create_postgres().await {
        Box::pin(rotations_are_killed(database)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_reads_a_replaced_keyring_and_one_without_the_key_does_not_start() {
    for database in TestDatabase::create_all().await {
        let fleet = Fleet::new(1, 1, 0);
        let settings = vec![("REGRANT_WITH_WORKER", "true")];
        let server = ServerProcess::start_with(database, &fleet.world(), "info", settings).await;
        let tenant = server.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let token = server.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&token, &fleet.ids()).await;
        let path = format!("/v1/assets/{}/token", fleet.ids()[0]);
        let kept = tenant.get(&path).await["access_token"].clone();
        assert!(kept.is_string());
        let old = server.read_keyring();
        let (status, _) = rotate(&server, &["keys", "status", "--output=json"]).await;
        let id = status["keys"][0]["id"].as_str().expect("an id").to_owned();
        assert_eq!(status["nodes"].as_array().map(Vec::len), Some(1));
        rotate(&server, &["keys", "rotate"]).await;
        assert!(
            server.printed().contains("the keyring was read again"),
            "{}",
            server.printed()
        );
        assert_eq!(tenant.get(&path).await["access_token"], kept);

        server.write_keyring(&old);
        for command in ["serve", "work"] {
            let (code, printed) = server.run_command(&[command]).await;
            assert_ne!(code, Some(0));
            let missing = format!("version 2 of key {id}, which wraps 2 data keys");
            assert!(printed.contains(&missing), "{printed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_rotation_ends_the_one_before_and_the_next_makes_a_version() {
    for database in TestDatabase::create_all().await {
        // No worker wraps anything, so the promotion is all that the first rotation has done.
        let settings = vec![("REGRANT_WITH_WORKER", "false")];
        let world = Fleet::new(1, 1, 0).world();
        let server = ServerProcess::start_with(database, &world, "warn", settings).await;
        server.tenant("One").await;
        rotate(&server, &["keys", "stage"]).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        rotate(&server, &["keys", "promote"]).await;
        for newest in [2, 3] {
            let (verdict, _) = rotate(&server, &["keys", "rotate", "--output=json"]).await;
            assert_eq!(verdict["whole"], true, "{verdict}");
            let (status, _) = rotate(&server, &["keys", "status", "--output=json"]).await;
            let keys = status["keys"].as_array().expect("versions");
            let versions = keys.iter().filter_map(|it| it["version"].as_u64());
            assert_eq!(versions.max(), Some(newest), "{status}");
        }
    }
}
