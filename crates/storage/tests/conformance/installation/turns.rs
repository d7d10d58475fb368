//! The turns of transactions: what one tenant holds, and what is left to others.

use std::time::{Duration, Instant};

use regrant_storage::{Error, Settings, Store, TenantScope, TenantTx};
use regrant_testdb::Kind;

use crate::bench::{Bench, on_both, settings};

on_both!(
    a_tenant_at_its_share_waits_in_vain_while_others_read_and_write,
    reads_of_one_tenant_leave_a_connection_to_others,
    calls_without_a_tenant_find_a_connection_beside_all_transactions,
);

/// A store whose calls give up soon.
async fn impatient(bench: &Bench) -> Store {
    let settings = Settings {
        acquire_timeout: Duration::from_millis(200),
        busy_timeout: Duration::from_millis(200),
        ..settings(bench.database.url())
    };
    Store::connect(&settings).await.unwrap()
}

/// Begins transactions until one is refused.
async fn begin_all(store: &Store, scope: &TenantScope) -> (Vec<TenantTx>, Error) {
    let mut held = Vec::new();
    loop {
        match store.begin(scope).await {
            Ok(tx) => held.push(tx),
            Err(error) => return (held, error),
        }
    }
}

async fn a_tenant_at_its_share_waits_in_vain_while_others_read_and_write(bench: Bench) {
    let store = impatient(&bench).await;
    let began = Instant::now();
    let (held, refused) = begin_all(&store, &bench.acme).await;
    assert!(matches!(refused, Error::Busy), "{refused:?}");
    assert!(began.elapsed() < Duration::from_secs(8), "it gives up");
    drop(store.begin_read(&bench.acme).await.unwrap());
    drop(store.begin_read(&bench.bolt).await.unwrap());
    let other = store.begin(&bench.bolt).await;
    match bench.database.kind() {
        // There is one writer, which takes turns.
        Kind::Sqlite => assert!(held.len() == 1 && matches!(other, Err(Error::Busy))),
        Kind::Postgres => assert!(held.len() == 2 && other.is_ok()),
    }
    drop((held, other));
    drop(store.begin(&bench.bolt).await.unwrap());
}

async fn reads_of_one_tenant_leave_a_connection_to_others(bench: Bench) {
    let store = impatient(&bench).await;
    let mut held = Vec::new();
    let refused = loop {
        match store.begin_read(&bench.acme).await {
            Ok(tx) => held.push(tx),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Busy), "{refused:?}");
    drop(store.begin_read(&bench.bolt).await.unwrap());
}

async fn calls_without_a_tenant_find_a_connection_beside_all_transactions(bench: Bench) {
    let store = impatient(&bench).await;
    let mut held = Vec::new();
    for scope in [&bench.acme, &bench.bolt] {
        held.extend(begin_all(&store, scope).await.0);
        while let Ok(tx) = store.begin_read(scope).await {
            held.push(tx);
        }
    }
    assert_eq!(store.check_usable().await.unwrap(), None);
    store.list_apps().await.unwrap();
}
