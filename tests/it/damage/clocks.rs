//! G21: a process whose clock is wrong takes over no work that another one holds, and accepts no token for longer.

use std::sync::Arc;

use chrono::TimeDelta;
use regrant_domain::Clock;
use regrant_testdb::TestDatabase;
use regrant_vault::{Parts, Vault};
use serde_json::json;

use crate::harness::{Fleet, Harness, Options, create_keyring, on_both, open_keyring};

on_both!(
    a_process_with_a_wrong_clock_takes_over_no_lease,
    a_clock_that_moves_in_the_midst_of_a_reconnect_moves_no_lease,
);

/// Another process on the same database, whose clock is wrong by this much.
async fn open(harness: &Harness, directory: &tempfile::TempDir, by: TimeDelta) -> Vault {
    let clock = Clock::Shifted(Arc::default());
    clock.advance_by(by);
    let parts = Parts {
        store: harness.store().await,
        provider: open_keyring(directory.path()),
        graph: harness.graph.clone(),
        clock,
        settings: harness.vault.settings().clone(),
    };
    Box::pin(Vault::open(parts)).await.expect("the vault opens")
}

async fn start(database: TestDatabase, fleet: &Fleet) -> (Harness, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    create_keyring(directory.path());
    let options = Options {
        provider: open_keyring(directory.path()),
        ..Options::default()
    };
    let harness = Harness::with(database, &fleet.world(), options).await;
    (harness, directory)
}

fn shifts() -> [TimeDelta; 4] {
    [1, -1, 24, -24].map(TimeDelta::hours)
}

async fn a_process_with_a_wrong_clock_takes_over_no_lease(database: TestDatabase) {
    let fleet = Fleet::new(1, 60, 0);
    let (harness, directory) = start(database, &fleet).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let mut others = Vec::new();
    for by in shifts() {
        others.push((by, open(&harness, &directory, by).await));
    }
    harness.sandbox.latency(1_500).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let (_, accepted) = tenant.post("/v1/reconnects", &order).await;
    for (by, other) in &others {
        let resumed = other.resume_due().await.expect("a pass");
        assert_eq!(resumed, 0, "{by}: it is held");
        let late = other.authenticate_request(tenant.presented()).await;
        assert!(late.is_err(), "{by}: the access token is not of its time");
    }
    let id = accepted["id"].as_str().expect("an id");
    let shown = tenant.get(&format!("/v1/reconnects/{id}")).await;
    assert_eq!(
        shown["status"], "running",
        "it was held all the time: {shown}"
    );
    let ended = tenant.ended(id).await;
    assert_eq!(ended["counts"], json!({ "replaced": fleet.ids().len() }));
}

async fn a_clock_that_moves_in_the_midst_of_a_reconnect_moves_no_lease(database: TestDatabase) {
    let fleet = Fleet::new(1, 60, 0);
    let (harness, directory) = start(database, &fleet).await;
    let other = open(&harness, &directory, TimeDelta::zero()).await;
    for (n, by) in shifts().into_iter().enumerate() {
        let tenant = harness.tenant(&format!("Tenant {n}")).await;
        tenant.register(&fleet.assets()).await;
        harness.sandbox.latency(200).await;
        let token = harness.sandbox.token(Fleet::PERSON).await;
        let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
        let (_, accepted) = tenant.post("/v1/reconnects", &order).await;
        harness.clock.advance_by(by);
        assert_eq!(
            other.resume_due().await.expect("a pass"),
            0,
            "{by}: it is held"
        );
        harness.clock.advance_by(-by);
        let ended = tenant.ended(accepted["id"].as_str().expect("an id")).await;
        assert_eq!(
            ended["counts"],
            json!({ "replaced": fleet.ids().len() }),
            "{by}"
        );
    }
}
