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
/// How much memory may be more at the end than after the first third, in KiB: a megabyte for each ten minutes, and what
/// an allocator keeps.
const SLACK_KIB: u64 = 16 * 1_024;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long tier: it lasts at least a minute"]
async fn a_mixed_load_with_faults_lets_neither_memory_nor_open_files_grow() {
    for database in TestDatabase::create_all().await {
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
        samples.push((server.resident_kib(), server.count_open_files()));
        round += 1;
    }
    let (early, late) = (samples[samples.len() / 3], samples[samples.len() - 1]);
    println!(
        "G44: {kind:?}, {round} rounds in {minutes} min: {} -> {} KiB, {} -> {} files, {statuses:?}",
        early.0, late.0, early.1, late.1
    );
    let grown = SLACK_KIB + minutes * 1_024 / 10;
    assert!(late.0 <= early.0 + grown, "the memory grows: {samples:?}");
    assert!(late.1 <= early.1 + 20, "open files grow: {samples:?}");
    let unexplained: Vec<_> = statuses
        .keys()
        .filter(|it| **it >= 500 && **it != 503)
        .collect();
    assert!(unexplained.is_empty(), "{statuses:?}: {}", server.printed());
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
