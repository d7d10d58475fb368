//! The open items of a reconnect that ends are settled together.

use regrant_domain::Outcome;
use regrant_storage::{Item, ItemResult};

use super::{result, settle};
use crate::bench::{Bench, day, on_both};

on_both!(open_items_that_end_together_are_events_in_the_order_of_their_positions);

async fn open_items_that_end_together_are_events_in_the_order_of_their_positions(bench: Bench) {
    let (id, _) = bench.accept(&["1", "2", "3", "4"]).await;
    let deferred = ItemResult {
        retry_at: Some(day(8)),
        ..result(Outcome::Deferred)
    };
    let results = [(2, deferred), (1, result(Outcome::Replaced))];
    settle(&bench, id, &results).await.unwrap();
    let tx = bench.acme().await;
    let failed = result(Outcome::Failed);
    for settled in [3, 0] {
        let ended = tx.settle_open_items(id, &failed, day(3)).await.unwrap();
        assert_eq!(ended, settled);
    }
    let order = |items: Vec<Item>| -> Vec<_> {
        let numbered = items.into_iter();
        numbered
            .map(|it| {
                (
                    it.event_seq.unwrap(),
                    it.position,
                    it.result.unwrap().outcome,
                )
            })
            .collect()
    };
    let (replaced, failed) = (Outcome::Replaced, Outcome::Failed);
    assert_eq!(
        order(tx.list_items_after(id, 0, 10).await.unwrap()),
        [
            (2, 1, replaced),
            (3, 0, failed),
            (4, 2, failed),
            (5, 3, failed)
        ]
    );
    let read = tx.find_reconnect(id).await.unwrap();
    assert_eq!((read.open, read.event_seq), (0, 5));
}
