//! Reconnects and their items, from acceptance to the end.

mod open_items;
mod preview;
mod undo;

use regrant_domain::{
    ClientId, NextStep, Outcome, Reason, ReasonCode, ReconnectId, ReconnectSessionId,
    ReconnectStatus, Serving, Who,
};
use regrant_storage::{
    Error, ItemResult, NewItem, NewReconnect, ReconnectCause, ReconnectVisibility,
};

use crate::bench::{Bench, day, grant, item, new_reconnect, on_both, sealed};

on_both!(
    reconnects_are_numbered_as_they_are_accepted,
    items_keep_the_callers_order_and_ids,
    an_item_is_read_as_it_was_settled,
    an_item_gets_its_final_outcome_once,
    a_limit_that_defers_an_item_is_no_attempt,
    events_are_numbered_in_the_order_of_settling,
    deferred_items_are_due_at_their_time,
    an_older_reading_of_a_grants_dates_changes_nothing,
    a_validated_reconnect_keeps_grant_and_token_until_it_ends,
    an_erased_reconnect_leaves_no_rows,
    reconnects_are_listed_newest_first,
    a_caller_sees_the_reconnects_it_requested,
    ten_thousand_items_are_accepted_and_settled,
);

pub(crate) fn result(outcome: Outcome) -> ItemResult {
    ItemResult {
        outcome,
        serving: None,
        reason: None,
        retry_at: None,
        fbtrace_id: None,
    }
}

async fn settle(
    bench: &Bench,
    id: ReconnectId,
    results: &[(i64, ItemResult)],
) -> Result<(), Error> {
    let tx = bench.acme().await;
    tx.settle_items(id, results, day(2)).await?;
    tx.commit().await
}

async fn reconnects_are_numbered_as_they_are_accepted(bench: Bench) {
    let (first, accepted) = bench.accept(&["1"]).await;
    assert_eq!(
        (accepted.intent_seq, bench.accept(&["1"]).await.1.intent_seq),
        (1, 2)
    );
    let lease = accepted.lease.unwrap();
    assert_eq!(
        (lease.object, lease.owner.as_str(), lease.fencing),
        (first.uuid(), "worker", 1)
    );
    let reconnect = new_reconnect(bench.client);
    let tx = bench.bolt().await;
    let accepted = tx.accept_reconnect(&reconnect, &[], None).await.unwrap();
    assert_eq!((accepted.intent_seq, accepted.lease), (1, None));
    let read = tx.find_reconnect(reconnect.id).await.unwrap();
    assert_eq!(
        (read.status, read.total, read.open),
        (ReconnectStatus::Running, 0, 0)
    );
    assert_eq!(
        (read.submitted, read.expect_person),
        (Some(sealed(4)), Some("77".parse().unwrap()))
    );
}

async fn items_keep_the_callers_order_and_ids(bench: Bench) {
    let (id, _) = bench.accept(&["9", "1", "5"]).await;
    let tx = bench.acme().await;
    let items = tx.list_items(id).await.unwrap();
    let asked: Vec<_> = items
        .iter()
        .map(|it| (it.position, it.requested_id.as_str()))
        .collect();
    assert_eq!(
        asked,
        [
            (0, "as written: 9"),
            (1, "as written: 1"),
            (2, "as written: 5")
        ]
    );
    assert!(
        items
            .iter()
            .all(|it| it.result.is_none() && it.attempts == 0 && it.event_seq.is_none())
    );
}

async fn an_item_is_read_as_it_was_settled(bench: Bench) {
    let (id, _) = bench.accept(&["1"]).await;
    let reason = Reason::new(
        ReasonCode::NoRole,
        Who::BusinessAdmin,
        "No role.",
        NextStep::GiveRole,
    );
    let whole = ItemResult {
        serving: Some(Serving::Old),
        reason: Some(reason),
        retry_at: Some(day(9)),
        fbtrace_id: Some("A1".to_owned()),
        ..result(Outcome::Deferred)
    };
    settle(&bench, id, &[(0, whole.clone())]).await.unwrap();
    let tx = bench.acme().await;
    let item = tx.list_items(id).await.unwrap().remove(0);
    assert_eq!(
        (item.result, item.attempts, item.event_seq),
        (Some(whole), 1, Some(1))
    );
}

async fn an_item_gets_its_final_outcome_once(bench: Bench) {
    let (id, _) = bench.accept(&["1", "2"]).await;
    settle(&bench, id, &[(0, result(Outcome::Deferred))])
        .await
        .unwrap();
    settle(&bench, id, &[(0, result(Outcome::Replaced))])
        .await
        .unwrap();
    let again = settle(
        &bench,
        id,
        &[(1, result(Outcome::Failed)), (0, result(Outcome::Failed))],
    )
    .await;
    assert!(matches!(again, Err(Error::Stale)));
    let tx = bench.acme().await;
    let items = tx.list_items(id).await.unwrap();
    assert_eq!(items[0].result, Some(result(Outcome::Replaced)));
    assert_eq!((items[0].attempts, items[1].result.as_ref()), (2, None));
    let reconnect = tx.find_reconnect(id).await.unwrap();
    assert_eq!((reconnect.open, reconnect.event_seq), (1, 2));
    assert_eq!(
        tx.count_outcomes(&[id]).await.unwrap()[&id].count_of(Outcome::Replaced),
        1
    );
}

async fn events_are_numbered_in_the_order_of_settling(bench: Bench) {
    let known = NewItem {
        result: Some(result(Outcome::UnknownAsset)),
        ..item("3")
    };
    let reconnect = new_reconnect(bench.client);
    let tx = bench.acme().await;
    tx.accept_reconnect(&reconnect, &[item("1"), item("2"), known, item("4")], None)
        .await
        .unwrap();
    let results = [(3, result(Outcome::Replaced)), (0, result(Outcome::Parked))];
    tx.settle_items(reconnect.id, &results, day(2))
        .await
        .unwrap();
    tx.settle_items(reconnect.id, &[], day(2)).await.unwrap();
    let order = |items: Vec<regrant_storage::Item>| -> Vec<_> {
        items
            .iter()
            .map(|it| (it.event_seq.unwrap(), it.position))
            .collect()
    };
    assert_eq!(
        order(tx.list_items_after(reconnect.id, 0, 10).await.unwrap()),
        [(1, 2), (2, 3), (3, 0)]
    );
    assert_eq!(
        order(tx.list_items_after(reconnect.id, 1, 1).await.unwrap()),
        [(2, 3)]
    );
    let read = tx.find_reconnect(reconnect.id).await.unwrap();
    assert_eq!((read.total, read.open, read.event_seq), (4, 1, 3));
}

async fn a_limit_that_defers_an_item_is_no_attempt(bench: Bench) {
    let (id, _) = bench.accept(&["1", "2"]).await;
    let because = |code| {
        let reason = Reason::new(code, Who::NoOne, "Later.", NextStep::Wait);
        ItemResult {
            reason: Some(reason),
            ..result(Outcome::Deferred)
        }
    };
    let throttled = || because(ReasonCode::Throttled);
    for second in [
        throttled(),
        because(ReasonCode::GraphUnavailable),
        throttled(),
    ] {
        let results = [(0, throttled()), (1, second)];
        settle(&bench, id, &results).await.unwrap();
    }
    settle(&bench, id, &[(0, result(Outcome::Replaced))])
        .await
        .unwrap();
    let tx = bench.acme().await;
    let items = tx.list_items(id).await.unwrap();
    assert_eq!((items[0].attempts, items[1].attempts), (1, 1));
}

async fn deferred_items_are_due_at_their_time(bench: Bench) {
    let (id, _) = bench.accept(&["1", "2", "3", "4"]).await;
    let deferred = |n| ItemResult {
        retry_at: Some(day(n)),
        ..result(Outcome::Deferred)
    };
    let results = [
        (0, deferred(8)),
        (1, deferred(5)),
        (2, result(Outcome::Failed)),
    ];
    settle(&bench, id, &results).await.unwrap();
    let tx = bench.acme().await;
    let open = async |n, limit| -> Vec<i64> {
        let items = tx.list_open_items(id, day(n), limit).await.unwrap();
        items.iter().map(|it| it.position).collect()
    };
    assert_eq!(open(4, 10).await, [3]);
    assert_eq!(open(5, 10).await, [1, 3]);
    assert_eq!(open(9, 2).await, [0, 1]);
    assert_eq!(tx.find_next_retry(id).await.unwrap(), Some(day(5)));
}

async fn an_older_reading_of_a_grants_dates_changes_nothing(bench: Bench) {
    let tx = bench.acme().await;
    let mut grant = grant();
    tx.insert_grant(&grant, day(2)).await.unwrap();
    (grant.facts.expires_at, grant.facts.read_at) = (Some(day(90)), day(10));
    tx.write_grant_dates(&[grant.clone()]).await.unwrap();
    let mut older = grant.clone();
    (older.facts.expires_at, older.facts.read_at) = (Some(day(60)), day(9));
    tx.write_grant_dates(&[older]).await.unwrap();
    assert_eq!(tx.find_grant(grant.id).await.unwrap(), grant);
}

async fn a_validated_reconnect_keeps_grant_and_token_until_it_ends(bench: Bench) {
    let (id, accepted) = bench.accept(&["1"]).await;
    let grant = grant();
    let tx = bench.acme().await;
    tx.hold_lease(&accepted.lease.unwrap()).await.unwrap();
    tx.insert_grant(&grant, day(2)).await.unwrap();
    assert_eq!(tx.find_grant(grant.id).await.unwrap(), grant);
    assert!(matches!(
        tx.insert_grant(&grant, day(2)).await,
        Err(Error::Taken("grant"))
    ));
    tx.mark_token_validated(id, grant.id, &sealed(6))
        .await
        .unwrap();
    let read = tx.find_reconnect(id).await.unwrap();
    assert_eq!(
        (read.token_validated, read.grant_id, read.submitted),
        (true, Some(grant.id), Some(sealed(6)))
    );
    tx.finish_reconnect(id, ReconnectStatus::Completed, day(3))
        .await
        .unwrap();
    let again = tx
        .finish_reconnect(id, ReconnectStatus::Cancelled, day(4))
        .await;
    assert!(matches!(again, Err(Error::Stale)));
    let read = tx.find_reconnect(id).await.unwrap();
    assert_eq!(
        (read.status, read.submitted),
        (ReconnectStatus::Completed, None)
    );
    assert_eq!(read.finished_at, Some(day(3)));
    tx.commit().await.unwrap();
    assert_eq!(bench.store.expire_leases().await.unwrap(), 0);
}

async fn an_erased_reconnect_leaves_no_rows(bench: Bench) {
    let (id, accepted) = bench.accept(&["1"]).await;
    let tx = bench.acme().await;
    tx.erase_reconnect(id).await.unwrap();
    assert!(matches!(tx.erase_reconnect(id).await, Err(Error::NotFound)));
    assert!(tx.list_items(id).await.unwrap().is_empty());
    assert!(matches!(
        tx.hold_lease(&accepted.lease.unwrap()).await,
        Err(Error::Stale)
    ));
    tx.commit().await.unwrap();
    assert_eq!(bench.accept(&["1"]).await.1.intent_seq, 2);
}

async fn reconnects_are_listed_newest_first(bench: Bench) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(bench.accept(&["1", "2"]).await.0);
    }
    ids.reverse();
    let tx = bench.acme().await;
    let first = tx
        .list_reconnects(ReconnectVisibility::All, None, 3)
        .await
        .unwrap()
        .rows;
    let last = first.last().map(|it| it.id);
    let rest = tx
        .list_reconnects(ReconnectVisibility::All, last, 3)
        .await
        .unwrap()
        .rows;
    let seen: Vec<_> = first.iter().chain(&rest).map(|it| it.id).collect();
    assert_eq!(seen, ids);
    assert!(first.iter().all(|it| it.open == 2));
}

async fn a_caller_sees_the_reconnects_it_requested(bench: Bench) {
    let (client, session) = (ClientId::mint(), ReconnectSessionId::mint());
    let begin = async |created_by, session| {
        let reconnect = NewReconnect {
            id: ReconnectId::mint(),
            expect_person: None,
            submitted: Some(sealed(1)),
            created_by,
            session,
            cause: ReconnectCause::Call,
            undo: None,
            created_at: day(0),
        };
        let tx = bench.acme().await;
        tx.accept_reconnect(&reconnect, &[], None).await.unwrap();
        tx.commit().await.unwrap();
        reconnect.id
    };
    let (all, by, within) = (
        begin(bench.client, None).await,
        begin(client, None).await,
        begin(client, Some(session)).await,
    );
    let tx = bench.acme().await;
    for (begun, shown) in [
        (ReconnectVisibility::All, vec![within, by, all]),
        (ReconnectVisibility::OfClient(client), vec![within, by]),
        (ReconnectVisibility::OfSession(session), vec![within]),
        (ReconnectVisibility::OfClient(ClientId::mint()), vec![]),
        (
            ReconnectVisibility::OfSession(ReconnectSessionId::mint()),
            vec![],
        ),
    ] {
        let listed = tx.list_reconnects(begun, None, 10).await.unwrap().rows;
        assert_eq!(
            listed.iter().map(|it| it.id).collect::<Vec<_>>(),
            shown,
            "{begun:?}"
        );
        let rows = tx
            .list_reconnects(ReconnectVisibility::All, None, 10)
            .await
            .unwrap()
            .rows;
        let included: Vec<_> = rows
            .iter()
            .filter(|it| begun.includes_reconnect(it))
            .map(|it| it.id)
            .collect();
        assert_eq!(included, shown, "{begun:?}");
    }
}

async fn ten_thousand_items_are_accepted_and_settled(bench: Bench) {
    let ids: Vec<_> = (0..10_000).map(|n: u32| n.to_string()).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let (id, _) = bench.accept(&ids).await;
    let results: Vec<_> = (0..10_000)
        .map(|n| (n, result(Outcome::Replaced)))
        .collect();
    settle(&bench, id, &results).await.unwrap();
    let tx = bench.acme().await;
    let counts = tx.count_outcomes(&[id]).await.unwrap();
    assert_eq!(
        (
            counts[&id].total_count(),
            counts[&id].count_of(Outcome::Replaced)
        ),
        (10_000, 10_000)
    );
    assert!(tx.list_open_items(id, day(9), 10).await.unwrap().is_empty());
    let events: Vec<_> = tx.list_items_after(id, 9_990, 100).await.unwrap();
    assert_eq!(events.len(), 10);
}
