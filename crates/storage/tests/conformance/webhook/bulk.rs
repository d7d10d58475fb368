//! Changes of assets that several transactions collect for one endpoint at once.

use regrant_domain::EventKind;
use regrant_storage::NewEvent;

use super::{endpoint_in_bulk, event, listed};
use crate::bench::{Bench, day, on_both};

on_both!(changes_that_transactions_add_at_the_same_time_are_all_in_some_event);

const TASKS: usize = 4;
const ROUNDS: usize = 60;

async fn changes_that_transactions_add_at_the_same_time_are_all_in_some_event(bench: Bench) {
    let id = endpoint_in_bulk(&bench).await;
    let tasks = (0..TASKS).map(|task| add_changes(&bench, task));
    futures_util::future::join_all(tasks).await;

    let deliveries = listed(&bench, &bench.acme, id).await;
    let ids: Vec<_> = deliveries.iter().map(|it| it.id).collect();
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    let sent = tx.find_deliveries(&ids).await.unwrap();
    let count = |data: &serde_json::Value| data["counts"]["asset.disconnected"].as_u64();
    let counted: u64 = sent.iter().filter_map(|it| count(&it.data)).sum();
    assert_eq!(counted, u64::try_from(TASKS * ROUNDS).unwrap());
}

/// Emits one change after the other, each in a transaction of its own.
async fn add_changes(bench: &Bench, task: usize) {
    for round in 0..ROUNDS {
        let change = NewEvent {
            subject: format!("{task}0{round}"),
            ..event(EventKind::AssetDisconnected)
        };
        let tx = bench.acme().await;
        tx.emit_events(&[change], day(2)).await.unwrap();
        tx.commit().await.unwrap();
    }
}
