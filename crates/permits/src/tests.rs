//! Tests of the limit: shares, turns, bounds, and calls that stop waiting.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use super::*;

const PATIENT: Wait = Wait {
    urgency: Urgency::Normal,
    patience: Duration::from_secs(10),
    max_waiting: 10,
};
const IMPATIENT: Wait = Wait {
    patience: Duration::ZERO,
    ..PATIENT
};

fn permits(total: usize, of_key: usize) -> Permits<u8> {
    Permits::new(Limits { total, of_key })
}

/// Starts a call that notes its key when it gets its permit, and gives it back at once.
fn call(
    permits: &Permits<u8>,
    key: u8,
    urgency: Urgency,
    served: &Arc<Mutex<Vec<u8>>>,
) -> tokio::task::JoinHandle<()> {
    let (permits, served) = (permits.clone(), Arc::clone(served));
    tokio::spawn(async move {
        let _permit = permits
            .acquire(key, Wait { urgency, ..PATIENT })
            .await
            .unwrap();
        served.lock().unwrap().push(key);
        tokio::task::yield_now().await;
    })
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn each_key_takes_its_permits_and_returns_them() {
    let (permits, one, other) = (permits(5, 5), 1, 2);
    let held = (permits.try_take(one, 2), permits.try_take(one, 2));
    assert!(held.0.is_some() && held.1.is_some() && permits.try_take(one, 2).is_none());
    assert!(permits.try_take(other, 1).is_some());
    assert_eq!(permits.count_free(), 3);
    drop(held);
    let one_only = permits.try_take(one, 1);
    assert!(one_only.is_some() && permits.try_take(one, 1).is_none());
    drop(one_only);
    assert_eq!(permits.count_free(), 5);
}

#[test]
fn a_key_that_gives_one_of_its_permits_back_holds_the_others() {
    let permits = permits(5, 5);
    let (first, _second) = (permits.try_take(1, 5), permits.try_take(1, 5));
    assert_eq!((permits.count_held(1), permits.count_held(2)), (2, 0));
    drop(first);
    assert_eq!(permits.count_held(1), 1);
}

#[tokio::test]
async fn as_many_calls_of_a_key_wait_as_may_wait() {
    let permits = permits(1, 1);
    let _held = permits.acquire(1, PATIENT).await.unwrap();
    let wait = Wait {
        max_waiting: 2,
        ..PATIENT
    };
    let _waiting = (
        permits.request_permit(1, wait),
        permits.request_permit(1, wait),
    );
    assert!(matches!(
        permits.request_permit(1, wait),
        Err(Refused::QueueFull)
    ));
}

#[test]
fn what_is_logged_of_permits_is_their_limits() {
    let permits = permits(5, 2);
    let held = permits.try_take(1, 2).unwrap();
    assert_eq!(
        format!("{permits:?} {held:?}"),
        "Permits(Limits { total: 5, of_key: 2 }) Permit"
    );
}

#[test]
fn all_keys_together_take_no_more_than_the_total() {
    let permits = permits(2, 2);
    let (one, other) = (permits.try_take(1, 2), permits.try_take(2, 2));
    assert!(other.is_some() && permits.try_take(3, 2).is_none());
    drop(one);
    assert!(permits.try_take(3, 2).is_some());
}

#[tokio::test]
async fn a_key_at_its_share_leaves_free_permits_to_others() {
    let permits = permits(3, 2);
    let first = permits.acquire(1, PATIENT).await.unwrap();
    let _second = permits.acquire(1, PATIENT).await.unwrap();
    let served = Arc::default();
    let waiting = call(&permits, 1, Urgency::Normal, &served);
    settle().await;
    assert!(served.lock().unwrap().is_empty());
    let other = permits.acquire(2, IMPATIENT).await;
    assert!(other.is_ok(), "another key does not wait");
    drop(first);
    waiting.await.unwrap();
}

#[tokio::test]
async fn keys_take_turns_whichever_came_first() {
    let permits = permits(1, 1);
    let held = permits.acquire(9, PATIENT).await.unwrap();
    let served = Arc::default();
    let mut calls = Vec::new();
    for key in [1, 1, 1, 1, 2, 2, 3] {
        calls.push(call(&permits, key, Urgency::Normal, &served));
        settle().await;
    }
    drop(held);
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [1, 2, 3, 1, 2, 1, 1]);
}

#[tokio::test]
async fn urgent_calls_go_first() {
    let permits = permits(1, 1);
    let held = permits.acquire(9, PATIENT).await.unwrap();
    let served = Arc::default();
    let mut calls = Vec::new();
    for (key, urgency) in [
        (1, Urgency::Normal),
        (2, Urgency::Normal),
        (1, Urgency::First),
        (3, Urgency::First),
    ] {
        calls.push(call(&permits, key, urgency, &served));
        settle().await;
    }
    drop(held);
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [1, 3, 1, 2]);
}

#[tokio::test]
async fn a_queue_is_bounded_for_each_key() {
    let permits = permits(1, 1);
    let _held = permits.acquire(1, PATIENT).await.unwrap();
    let served = Arc::default();
    let waiting = call(&permits, 1, Urgency::Normal, &served);
    settle().await;
    let wait = Wait {
        max_waiting: 1,
        ..PATIENT
    };
    let refused = permits.acquire(1, wait).await;
    assert_eq!(refused.unwrap_err(), Refused::QueueFull);
    let other = permits.acquire(2, IMPATIENT).await;
    assert_eq!(
        other.unwrap_err(),
        Refused::TimedOut,
        "another key has a queue of its own"
    );
    waiting.abort();
    settle().await;
    let next = permits.acquire(1, IMPATIENT).await;
    assert_eq!(
        next.unwrap_err(),
        Refused::TimedOut,
        "a call that stopped waiting leaves the queue"
    );
}

#[tokio::test]
async fn a_call_that_stops_waiting_loses_no_permit() {
    let permits = permits(1, 1);
    for _ in 0..100 {
        let held = permits.acquire(1, PATIENT).await.unwrap();
        let waiting = call(&permits, 2, Urgency::Normal, &Arc::default());
        settle().await;
        // The permit is granted, but the call ends before it runs again.
        drop(held);
        waiting.abort();
        settle().await;
        assert_eq!(permits.count_free(), 1);
    }
}
