//! Shares: whatever one tenant asks for at the same time, the others are served.

mod busy;
mod caps;
mod measure;
mod noise;
mod streams;

use regrant_testdb::TestDatabase;

use self::noise::{Neighbours, fleet, send_all};
use crate::harness::{Harness, on_both};

on_both!(
    token_reads_succeed_beside_twelve_registrations_of_a_thousand,
    token_reads_succeed_beside_reconnects_of_unknown_assets,
    a_tenant_beyond_its_queue_is_refused_and_its_neighbour_is_served,
);

async fn token_reads_succeed_beside_twelve_registrations_of_a_thousand(database: TestDatabase) {
    let (_harness, neighbours) = start(database).await;
    let noise = send_all(neighbours.registrations(0..12, 1_000));
    let (readings, statuses) = neighbours.read_beside(noise).await;
    assert!(readings.failures().is_empty(), "{readings}");
    assert!(readings.count() > 0, "{readings}");
    assert!(
        statuses.keys().all(|it| [200, 503].contains(it)),
        "{statuses:?}"
    );
}

async fn token_reads_succeed_beside_reconnects_of_unknown_assets(database: TestDatabase) {
    let (_harness, neighbours) = start(database).await;
    let noise = send_all(neighbours.reconnects_of_unknown(4));
    let (readings, statuses) = neighbours.read_beside(noise).await;
    assert!(readings.failures().is_empty(), "{readings}");
    assert!(
        statuses.keys().all(|it| [200, 202, 503].contains(it)),
        "{statuses:?}"
    );
}

async fn a_tenant_beyond_its_queue_is_refused_and_its_neighbour_is_served(database: TestDatabase) {
    let (_harness, neighbours) = start(database).await;
    let noise = send_all(neighbours.registrations(0..600, 1));
    let (readings, statuses) = neighbours.read_beside(noise).await;
    assert!(readings.failures().is_empty(), "{readings}");
    let count = |status| statuses.get(&status).copied().unwrap_or(0);
    assert_eq!(count(429) + count(503) + count(200), 600, "{statuses:?}");
    assert!(count(429) > 0, "the queue is bounded: {statuses:?}");
    assert!(count(200) >= 256, "{statuses:?}");
}

async fn start(database: TestDatabase) -> (Harness, Neighbours) {
    let harness = Harness::start(database, &fleet().world_of_many()).await;
    let (noisy, quiet) = (harness.tenant("Noisy").await, harness.tenant("Quiet").await);
    let neighbours = Neighbours::connect(noisy, quiet, &harness.sandbox).await;
    (harness, neighbours)
}
