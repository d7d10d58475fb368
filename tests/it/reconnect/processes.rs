//! Several processes share the due reconnects of a tenant: none takes more than it can run.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use regrant_vault::{Parts, Vault};
use serde_json::json;

use crate::harness::{Fleet, Harness, Options, create_keyring, on_both, open_keyring};

on_both!(a_process_leaves_the_due_reconnects_that_it_cannot_run_to_others);

const DUE: usize = 20;

async fn open(harness: &Harness, directory: &tempfile::TempDir) -> Vault {
    let parts = Parts {
        store: harness.store().await,
        provider: open_keyring(directory.path()),
        graph: harness.graph.clone(),
        clock: harness.clock.clone(),
        settings: harness.vault.settings().clone(),
    };
    Box::pin(Vault::open(parts)).await.expect("the vault opens")
}

async fn count_free(harness: &Harness) -> i64 {
    let sql = "SELECT count(*) FROM due WHERE kind = 'reconnect' AND owner IS NULL";
    harness.database.count_as_superuser(sql).await
}

/// How many due reconnects the process takes until it takes none.
async fn take_all(vault: &Vault) -> usize {
    let mut taken = 0;
    loop {
        match vault.resume_due().await.expect("a pass") {
            0 => return taken,
            n => taken += n,
        }
    }
}

async fn a_process_leaves_the_due_reconnects_that_it_cannot_run_to_others(database: TestDatabase) {
    let directory = tempfile::tempdir().expect("a directory");
    create_keyring(directory.path());
    let options = Options {
        provider: open_keyring(directory.path()),
        ..Options::default()
    };
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::with(database, &fleet.world(), options).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    // A process that stops validates the tokens and leaves the rest to others.
    harness.vault.stop_runs().await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let mut started = Vec::new();
    for _ in 0..DUE {
        let (status, running) = tenant.post("/v1/reconnects", &order).await;
        assert_eq!(status, 202, "{running}");
        started.push(running["id"].as_str().expect("an id").to_owned());
    }
    while count_free(&harness).await < i64::try_from(DUE).expect("a number") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    harness.sandbox.latency(3_000).await;
    let processes = [
        open(&harness, &directory).await,
        open(&harness, &directory).await,
    ];
    for process in &processes {
        assert_eq!(take_all(process).await, 4, "half of its rounds");
    }
    harness.sandbox.clear_faults().await;
    while harness
        .database
        .count_as_superuser("SELECT count(*) FROM due WHERE kind = 'reconnect'")
        .await
        > 0
    {
        for process in &processes {
            process.resume_due().await.expect("a pass");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for id in started {
        let ended = tenant.get(&format!("/v1/reconnects/{id}")).await;
        assert_eq!(ended["status"], "completed", "{ended}");
    }
}
