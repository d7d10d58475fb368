//! G44: a mixed load beside faults of Graph, for an hour in the long tier (`REGRANT_SOAK_MINUTES`): memory and open files
//! do not grow, and no call fails with a status that nothing explains.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Fleet, ServerProcess, Tenant, from_environment};

const ASSETS: usize = 100;
/// How much more memory the server may hold at the end than after the first third, in KiB, beside a megabyte for each ten
/// minutes: what an allocator keeps.
const SLACK_KIB: u64 = 16 * 1_024;
/// How fast the memory may grow, in KiB a minute: a megabyte in ten minutes.
const STEEPEST: f64 = 102.4;

/// The server at the end of a round.
#[derive(Debug, Clone, Copy)]
struct Sample {
    minutes: f64,
    resident_kib: u64,
    open_files: usize,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long tier: it lasts at least a minute"]
async fn a_mixed_load_with_faults_lets_neither_memory_nor_open_files_grow_on_sqlite() {
    Box::pin(soak(TestDatabase::create_sqlite().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long tier: it lasts at least a minute"]
async fn a_mixed_load_with_faults_lets_neither_memory_nor_open_files_grow_on_postgresql() {
    if let Some(database) = TestDatabase::create_postgres().await {
        Box::pin(soak(database)).await;
    }
}

async fn soak(database: TestDatabase) {
    let minutes = u64::try_from(from_environment("REGRANT_SOAK_MINUTES", 1)).expect("minutes");
    let (kind, lasts) = (database.kind(), Duration::from_secs(minutes * 60));
    let fleet = Fleet::new(1, ASSETS - 1, 1);
    let environment = vec![("REGRANT_WITH_WORKER", "true")];
    let server = ServerProcess::start_with(database, &fleet.world(), "error", environment).await;
    let mut tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let (began, mut statuses, mut samples) = (Instant::now(), BTreeMap::new(), Vec::new());
    let mut round = 0_usize;
    while began.elapsed() < lasts {
        let is_faulty = round % 10 == 9;
        if is_faulty {
            let fault = json!({ "effect": { "status": 500, "body": "" }, "times": 5 });
            server.sandbox.fault(fault).await;
        }
        mixed_round(&server, &tenant, &fleet, round, &mut statuses).await;
        if is_faulty {
            server.sandbox.clear_faults().await;
        }
        tenant = tenant.log_in_again().await;
        samples.push(Sample {
            minutes: began.elapsed().as_secs_f64() / 60.0,
            resident_kib: server.resident_kib(),
            open_files: server.count_open_files(),
        });
        round += 1;
    }
    let (early, late) = (samples[samples.len() / 3], samples[samples.len() - 1]);
    let growths = compute_growths(&samples, minutes / 10);
    println!(
        "G44: {kind:?}, {round} rounds in {minutes} min: {} -> {} KiB, in each ten minutes {growths:.0?} KiB a minute; \
         {} -> {} files, {statuses:?}",
        early.resident_kib, late.resident_kib, early.open_files, late.open_files
    );
    let most = early.resident_kib + SLACK_KIB + minutes * 1_024 / 10;
    let growth = growths.get(growths.len() / 2).copied().unwrap_or_default();
    assert!(
        late.resident_kib <= most && growth <= STEEPEST,
        "the memory grows: {samples:?}"
    );
    assert!(
        late.open_files <= early.open_files + 20,
        "open files grow: {samples:?}"
    );
    let unexplained: Vec<_> = statuses
        .keys()
        .filter(|it| **it >= 500 && **it != 503)
        .collect();
    assert!(unexplained.is_empty(), "{statuses:?}: {}", server.printed());
}

/// How fast the memory grows in each ten minutes after the first third, from the slowest to the fastest. A step, as when
/// the pool renews its connections after half an hour, moves one of them; a leak moves all, and so the middle one.
fn compute_growths(samples: &[Sample], tens: u64) -> Vec<f64> {
    let growth = |n: u64| {
        let from = f64::from(u32::try_from(n * 10).expect("minutes"));
        let of = samples
            .iter()
            .filter(|it| (from..from + 10.0).contains(&it.minutes));
        compute_slope(&of.copied().collect::<Vec<_>>())
    };
    let mut growths: Vec<_> = (tens.div_ceil(3)..tens).map(growth).collect();
    growths.sort_by(f64::total_cmp);
    growths
}

/// How fast the memory grows, in KiB a minute: the line of least squares.
fn compute_slope(samples: &[Sample]) -> f64 {
    let points = samples.iter().map(|it| {
        let kib = u32::try_from(it.resident_kib).expect("less than 4 TiB");
        (it.minutes, f64::from(kib))
    });
    let points: Vec<_> = points.collect();
    let n = f64::from(u32::try_from(points.len()).expect("a number of rounds"));
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), it| (x + it.0 / n, y + it.1 / n));
    let (together, spread) = points.iter().fold((0.0, 0.0), |(together, spread), it| {
        (
            together + (it.0 - x) * (it.1 - y),
            spread + (it.0 - x) * (it.0 - x),
        )
    });
    together / spread
}

/// One reconnect, a preview, a lookup and a hundred reads.
async fn mixed_round(
    server: &ServerProcess,
    tenant: &Tenant,
    fleet: &Fleet,
    round: usize,
    statuses: &mut BTreeMap<u16, usize>,
) {
    let person = [Fleet::PERSON, Fleet::MANAGED][round % 2];
    let order =
        json!({ "access_token": server.sandbox.token(person).await, "asset_ids": fleet.ids() });
    let mut note = |status: u16| *statuses.entry(status).or_default() += 1;
    for path in ["/v1/reconnect-previews", "/v1/reconnects"] {
        note(tenant.post(path, &order).await.0);
    }
    let ids = json!({ "asset_ids": fleet.ids() });
    note(tenant.post("/v1/tokens/lookup", &ids).await.0);
    for id in fleet.ids() {
        let read = tenant.call(Method::GET, &format!("/v1/assets/{id}/token"));
        note(
            read.send()
                .await
                .expect("the server is there")
                .status()
                .as_u16(),
        );
    }
}
