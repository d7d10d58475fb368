//! The long proof: a tenant's reads of tokens beside thousands of slow bodies and beside threads of garbage.

use std::{sync::atomic::Ordering, time::Duration};

use regrant_testdb::TestDatabase;
use reqwest::Method;

use super::attack::{SlowBodies, Timings, time_calls};
use crate::harness::{Fleet, ServerProcess, Tenant, http};

/// How long each part is measured.
const MEASURED: Duration = Duration::from_secs(20);
/// How much more memory the server may use than before the attack, in KiB.
const MORE_MEMORY: u64 = 64 * 1024;

/// Prints the figures with `--nocapture`. It needs 8,000 open files (`ulimit -n`):
/// `cargo test -p regrant-e2e --test e2e strangers::proof -- --ignored --nocapture --test-threads=1`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two minutes; its command is above"]
async fn tokens_are_read_beside_3_000_slow_bodies_and_garbage_on_sqlite() {
    Box::pin(prove(TestDatabase::create_sqlite().await, "SQLite")).await;
}

/// The same command.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two minutes; its command is above"]
async fn tokens_are_read_beside_3_000_slow_bodies_and_garbage_on_postgres() {
    if let Some(database) = TestDatabase::create_postgres().await {
        Box::pin(prove(database, "PostgreSQL")).await;
    }
}

async fn prove(database: TestDatabase, name: &str) {
    let fleet = Fleet::new(1, 6, 0);
    // As in production: the harness lets one address open more connections.
    let settings = vec![
        ("REGRANT_LIMITS_ADDRESS_CONNECTIONS", "384"),
        // A quick machine reads more often than a tenant may.
        ("REGRANT_LIMITS_REQUESTS_PER_SECOND", "1000000"),
    ];
    let server = ServerProcess::start_with(database, &fleet.world(), "error", settings).await;
    let tenant = server.tenant("B").await;
    tenant.register(&fleet.assets()).await;
    let token = server.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let path = format!("/v1/assets/{}/token", fleet.ids()[0]);
    let alone = read_tokens(&tenant, &path).await;
    let before = server.resident_kib();
    println!("{name}: alone {alone}, {before} KiB");

    let slow = SlowBodies::start(&server.api, "/meta/webhooks/x", 3_000, 1024 * 1024);
    let (beside, most) = tokio::join!(read_tokens(&tenant, &path), most_resident(&server));
    println!(
        "{name}: beside 3,000 slow bodies {beside}, at most {most} KiB, {:?}",
        slow.tally
    );
    let ended = slow.tally.ended.load(Ordering::Relaxed);
    let refused = slow.tally.refused.load(Ordering::Relaxed);
    assert!(ended + refused >= 3_000, "{:?}", slow.tally);
    drop(slow);
    beside.assert_like(&alone);
    assert!(
        most <= before + MORE_MEMORY,
        "{before} KiB before, {most} KiB"
    );

    tokio::time::sleep(Duration::from_secs(3)).await;
    let garbage = send_garbage(&server.api);
    let reads = read_tokens(&tenant, &path);
    let log_ins = time_calls(MEASURED, async || {
        tokio::time::sleep(Duration::from_millis(200)).await;
        log_in(&server.api, &tenant).await == 200
    });
    let (beside, log_ins) = tokio::join!(reads, log_ins);
    for it in garbage {
        it.abort();
    }
    println!("{name}: beside 4 threads of garbage {beside}, log-ins {log_ins}");
    beside.assert_like(&alone);
    log_ins.assert_without_errors();
}

async fn read_tokens(tenant: &Tenant, path: &str) -> Timings {
    time_calls(MEASURED, async || {
        let answer = tenant.call(Method::GET, path).send().await;
        answer.is_ok_and(|it| it.status() == 200)
    })
    .await
}

async fn log_in(api: &str, tenant: &Tenant) -> u16 {
    let call = http()
        .post(format!("{api}/oauth/token"))
        .basic_auth(&tenant.client_id, Some(&tenant.client_secret))
        .form(&[("grant_type", "client_credentials")]);
    call.send().await.map_or(0, |it| it.status().as_u16())
}

/// Four callers at the tenant's own address that send bearers and secrets that are none.
fn send_garbage(api: &str) -> Vec<tokio::task::JoinHandle<()>> {
    (0..4)
        .map(|n| {
            let (api, http) = (api.to_owned(), http());
            tokio::spawn(async move {
                loop {
                    let call = if n == 0 {
                        let made_up = format!("cli_{}", uuid::Uuid::now_v7().simple());
                        http.post(format!("{api}/oauth/token"))
                            .basic_auth(made_up, Some("garbage"))
                            .form(&[("grant_type", "client_credentials")])
                    } else {
                        http.get(format!("{api}/v1/assets")).bearer_auth("a.b.c")
                    };
                    drop(call.send().await);
                }
            })
        })
        .collect()
}

/// The most memory that the server uses while the attack lasts, in KiB.
async fn most_resident(server: &ServerProcess) -> u64 {
    let mut most = 0;
    let until = tokio::time::Instant::now() + MEASURED;
    while tokio::time::Instant::now() < until {
        most = most.max(server.resident_kib());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    most
}
