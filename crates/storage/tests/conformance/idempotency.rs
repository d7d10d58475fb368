//! Idempotency keys: of concurrent calls exactly one is the first.

use futures_util::future::join_all;
use regrant_domain::{ClientId, ReconnectId};
use regrant_storage::{Error, IdempotencyKey, IdempotentCall, ReconnectVisibility};

use crate::bench::{Bench, day, item, new_reconnect, on_both};

on_both!(
    of_concurrent_calls_exactly_one_is_the_first,
    a_refused_key_leaves_the_transaction_usable,
    a_key_is_valid_within_its_client_and_route,
    a_key_is_deleted_with_its_reconnect,
    a_call_that_starts_no_reconnect_is_stored_too,
);

/// A call with this body that starts this reconnect.
pub fn begins(reconnect: ReconnectId, body: &[u8]) -> IdempotentCall {
    let answer = format!("\"{reconnect}\"");
    IdempotentCall {
        fingerprint: body.to_vec(),
        key_version: 4,
        response: answer,
        reconnect: Some(reconnect),
    }
}

fn key(client: ClientId, route: &'static str, key: &str) -> IdempotencyKey {
    IdempotencyKey {
        caller: client.uuid(),
        route,
        key: key.to_owned(),
    }
}

async fn call(bench: &Bench, key: &IdempotencyKey, body: &[u8]) -> Result<ReconnectId, Error> {
    let reconnect = new_reconnect(bench.client);
    let tx = bench.acme().await;
    tx.insert_idempotent_call(key, &begins(reconnect.id, body), day(1))
        .await?;
    tx.accept_reconnect(&reconnect, &[item("1")], None).await?;
    tx.commit().await?;
    Ok(reconnect.id)
}

async fn of_concurrent_calls_exactly_one_is_the_first(bench: Bench) {
    let key = key(bench.client, "a", "k");
    let results = join_all((0..8_u8).map(|n| {
        let (bench, key) = (&bench, &key);
        async move { call(bench, key, &[n]).await }
    }))
    .await;
    let first: Vec<_> = results.iter().flatten().collect();
    let refused = results
        .iter()
        .filter(|it| matches!(it, Err(Error::Taken("idempotency key"))))
        .count();
    assert_eq!((first.len(), refused), (1, 7), "{results:?}");
    let tx = bench.acme().await;
    let found = tx.find_idempotent_call(&key).await.unwrap().unwrap();
    assert_eq!(
        (found.reconnect.as_ref(), found.key_version),
        (Some(first[0]), 4)
    );
    assert_eq!(
        tx.list_reconnects(ReconnectVisibility::All, None, 10)
            .await
            .unwrap()
            .rows
            .len(),
        1
    );
}

async fn a_refused_key_leaves_the_transaction_usable(bench: Bench) {
    let key = key(bench.client, "a", "k");
    let first = call(&bench, &key, b"x").await.unwrap();
    let tx = bench.acme().await;
    let second = tx
        .insert_idempotent_call(&key, &begins(ReconnectId::mint(), b"x"), day(1))
        .await;
    assert!(matches!(second, Err(Error::Taken("idempotency key"))));
    assert_eq!(
        tx.find_idempotent_call(&key)
            .await
            .unwrap()
            .unwrap()
            .reconnect,
        Some(first)
    );
}

async fn a_key_is_valid_within_its_client_and_route(bench: Bench) {
    call(&bench, &key(bench.client, "a", "k"), b"x")
        .await
        .unwrap();
    call(&bench, &key(bench.client, "b", "k"), b"x")
        .await
        .unwrap();
    call(&bench, &key(ClientId::mint(), "a", "k"), b"x")
        .await
        .unwrap();
    call(&bench, &key(bench.client, "a", "K"), b"x")
        .await
        .unwrap();
}

async fn a_key_is_deleted_with_its_reconnect(bench: Bench) {
    let key = key(bench.client, "a", "k");
    let tx = bench.acme().await;
    tx.insert_idempotent_call(&key, &begins(ReconnectId::mint(), b"x"), day(1))
        .await
        .unwrap();
    assert!(matches!(tx.commit().await, Err(Error::Db(_))));
    let first = call(&bench, &key, b"x").await.unwrap();
    let tx = bench.acme().await;
    tx.erase_reconnect(first).await.unwrap();
    assert_eq!(tx.find_idempotent_call(&key).await.unwrap(), None);
}

async fn a_call_that_starts_no_reconnect_is_stored_too(bench: Bench) {
    let key = key(bench.client, "a", "k");
    let call = IdempotentCall {
        fingerprint: vec![7],
        key_version: 1,
        response: r#"{"id":"1"}"#.to_owned(),
        reconnect: None,
    };
    let tx = bench.acme().await;
    tx.insert_idempotent_call(&key, &call, day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        bench.acme().await.find_idempotent_call(&key).await.unwrap(),
        Some(call)
    );
    let tx = bench.acme().await;
    assert_eq!(tx.purge_idempotency(day(2), 10).await.unwrap(), 1);
}
