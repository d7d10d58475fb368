//! Replays beside attempts that are under way.

use regrant_domain::{Clock, EventKind, webhook::EventFilter};

use super::{claim, emit, endpoint, listed};
use crate::bench::{Bench, on_both};

on_both!(a_replay_ends_the_lease_of_an_attempt_that_is_under_way);

async fn a_replay_ends_the_lease_of_an_attempt_that_is_under_way(bench: Bench) {
    let id = endpoint(&bench, &bench.acme, EventFilter::All).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 1).await;
    let before = claim(&bench, 1).await.remove(0).lease;
    let delivery = listed(&bench, &bench.acme, id).await.remove(0);
    let tx = bench.acme().await;
    tx.requeue_event_to(id, delivery.event_id, Clock::system_time())
        .await
        .unwrap();
    assert!(
        tx.hold_leases(vec![before.clone()])
            .await
            .unwrap()
            .is_empty()
    );
    tx.commit().await.unwrap();

    let again = claim(&bench, 9).await;
    assert_eq!(again.len(), 1, "it is due at once");
    let tx = bench.acme().await;
    tx.return_leases(vec![before.clone()]).await.unwrap();
    let held = tx.hold_leases(vec![before]).await.unwrap();
    assert!(held.is_empty(), "the same process has claimed it again");
    tx.hold_lease(&again[0].lease).await.unwrap();
}
