//! Undo: what assets hold for it, and which undos there were.

use regrant_domain::{Outcome, ReconnectId, ReconnectSessionId, ReconnectStatus, Slot};
use regrant_storage::{NewReconnect, ReconnectVisibility, UndoneReconnect};

use super::result;
use crate::bench::{Bench, activation, credential, day, id, item, new_reconnect, on_both};

on_both!(
    an_asset_says_which_reconnects_serve_it_wait_for_it_and_settled_it,
    undos_are_found_by_the_reconnect_that_they_undo,
    an_undo_has_no_token_of_its_own,
);

async fn an_asset_says_which_reconnects_serve_it_wait_for_it_and_settled_it(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    let tx = bench.acme().await;
    tx.activate_credentials(&[activation("1", 0, 1)], 1, day(1))
        .await
        .unwrap();
    tx.activate_credentials(&[activation("1", 1, 2)], 2, day(2))
        .await
        .unwrap();
    let parked = credential("1", Slot::Candidate, 3, 3);
    tx.park_credentials(&[parked]).await.unwrap();
    let ids = [id("1"), id("2"), id("3")];
    let found = tx.find_undoable_assets(&ids, 2).await.unwrap();
    assert_eq!(found.len(), 2, "an unknown asset is absent");
    let (one, two) = (found[&id("1")], found[&id("2")]);
    let numbers = (
        one.standing.settled,
        one.standing.active,
        one.standing.candidate,
    );
    assert_eq!(numbers, (2, Some(2), Some(3)));
    assert!(one.standing.has_previous);
    assert_eq!(one.previous_ends_at, Some(day(60)), "its earliest end");
    assert_eq!((two.standing.settled, two.standing.active), (0, None));
    assert!(!two.standing.has_previous);
}

async fn undos_are_found_by_the_reconnect_that_they_undo(bench: Bench) {
    let (undone, accepted) = bench.accept(&["1", "2", "3"]).await;
    let session = ReconnectSessionId::mint();
    let undo = undo_of(&bench, undone, accepted.intent_seq, Some(session));
    let items = ["1", "2"].map(item);
    let tx = bench.acme().await;
    tx.accept_reconnect(&undo, &items, None).await.unwrap();
    let failed = [(1, result(Outcome::Failed))];
    tx.settle_items(undo.id, &failed, day(2)).await.unwrap();
    let seen_by = async |visible| {
        let earlier = tx.list_earlier_undos(undone, visible).await.unwrap();
        let each = earlier.into_iter().map(|it| (it.id, it.asset_ids));
        each.collect::<Vec<_>>()
    };
    let expected = vec![(undo.id, vec![id("1")])];
    assert_eq!(
        seen_by(ReconnectVisibility::All).await,
        expected,
        "an item that failed may be undone again"
    );
    let own = ReconnectVisibility::OfSession(session);
    assert_eq!(seen_by(own).await, expected);
    let other = ReconnectVisibility::OfSession(ReconnectSessionId::mint());
    assert_eq!(seen_by(other).await, vec![]);
    assert_eq!(tx.count_undos(undone).await.unwrap(), 1);
    assert_eq!(tx.count_undos(undo.id).await.unwrap(), 0);
    assert_eq!(tx.count_session_undos(session).await.unwrap(), 1);
    tx.finish_reconnect(undo.id, ReconnectStatus::Cancelled, day(3))
        .await
        .unwrap();
    let earlier = tx.list_earlier_undos(undone, ReconnectVisibility::All);
    assert_eq!(
        earlier.await.unwrap(),
        [],
        "a cancelled undo took up nothing"
    );
}

async fn an_undo_has_no_token_of_its_own(bench: Bench) {
    let (undone, accepted) = bench.accept(&["1"]).await;
    let undo = undo_of(&bench, undone, accepted.intent_seq, None);
    let tx = bench.acme().await;
    tx.accept_reconnect(&undo, &[item("1")], None)
        .await
        .unwrap();
    let read = tx.find_reconnect(undo.id).await.unwrap();
    assert_eq!((read.undo, read.submitted), (undo.undo, None));
    let plain = tx.find_reconnect(undone).await.unwrap();
    assert_eq!(plain.undo, None);
}

fn undo_of(
    bench: &Bench,
    id: ReconnectId,
    intent_seq: i64,
    session: Option<ReconnectSessionId>,
) -> NewReconnect {
    NewReconnect {
        submitted: None,
        session,
        undo: Some(UndoneReconnect { id, intent_seq }),
        ..new_reconnect(bench.client)
    }
}
