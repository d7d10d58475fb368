//! No method shows tenant bolt a row of tenant acme.

use regrant_domain::{Counts, GrantId, Outcome, ReconnectId, ReconnectStatus, Slot};
use regrant_storage::{Begun, Confirmation, Error, IdempotencyKey, Registration};

use crate::{
    bench::{
        Bench, activation, credential, day, grant, id, item, new_reconnect, on_both, page, sealed,
    },
    idempotency::begins,
    reconnect::result,
};

on_both!(
    another_tenants_rows_do_not_exist,
    another_tenants_rows_do_not_change,
    two_tenants_may_have_the_same_ids,
    a_statement_of_one_tenant_deletes_nothing_of_another,
);

async fn another_tenants_rows_do_not_exist(bench: Bench) {
    bench.pages(&["1"]).await;
    let (reconnect, _) = bench.accept(&["1"]).await;
    let (grant, key) = (grant(), key(&bench));
    let tx = bench.acme().await;
    tx.insert_grant(&grant, day(1)).await.unwrap();
    tx.activate(&[activation("1", 0, 1)], 1, day(1))
        .await
        .unwrap();
    tx.insert_idempotent(&key, &begins(reconnect, b"body"), day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let tx = bench.store.begin_read(&bench.bolt).await.unwrap();
    assert!(matches!(tx.asset(&id("1")).await, Err(Error::NotFound)));
    assert!(tx.assets(&[id("1")]).await.unwrap().is_empty());
    assert!(tx.credentials(&id("1")).await.unwrap().is_empty());
    assert!(tx.active_credentials(&[id("1")]).await.unwrap().is_empty());
    assert!(
        tx.previous_credentials(&[id("1")])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        tx.list_assets(&crate::asset::everything())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(matches!(tx.grant(grant.id).await, Err(Error::NotFound)));
    assert!(matches!(
        tx.reconnect(reconnect).await,
        Err(Error::NotFound)
    ));
    assert!(
        tx.list_reconnects(Begun::ByAnyone, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(tx.items(reconnect).await.unwrap().is_empty());
    assert!(tx.items_after(reconnect, 0, 10).await.unwrap().is_empty());
    assert!(
        tx.open_items(reconnect, day(9), 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(tx.next_retry(reconnect).await.unwrap(), None);
    assert_eq!(
        tx.counts(&[reconnect]).await.unwrap()[&reconnect],
        Counts::default()
    );
    assert_eq!(tx.find_idempotent(&key).await.unwrap(), None);
    assert_eq!(tx.data_keys().await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    let tx = bench.bolt().await;
    assert!(tx.lock_assets(&[id("1")]).await.unwrap().is_empty());
}

async fn another_tenants_rows_do_not_change(bench: Bench) {
    bench.pages(&["1"]).await;
    let (reconnect, accepted) = bench.accept(&["1"]).await;
    let lease = accepted.lease.unwrap();
    let tx = bench.acme().await;
    tx.activate(&[activation("1", 0, 1)], 1, day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let before = facts(&bench, reconnect).await;

    let stale =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::Stale)), "{result:?}");
    let missing =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::NotFound)), "{result:?}");
    let tx = bench.bolt().await;
    stale(tx.activate(&[activation("1", 1, 2)], 2, day(2)).await);
    let confirmation = Confirmation {
        asset_id: id("1"),
        cut_off: None,
        tasks: Vec::new(),
    };
    stale(tx.confirm(&[confirmation], day(2)).await);
    missing(tx.delete_asset(&id("1")).await);
    tx.note_checked(&[id("1")], day(3)).await.unwrap();
    stale(tx.hold(&lease).await);
    stale(tx.reschedule(&lease, day(5)).await);
    stale(tx.mark_proved(reconnect, GrantId::mint(), &sealed(8)).await);
    missing(
        tx.settle_items(reconnect, &[(0, result(Outcome::Failed))], day(2))
            .await,
    );
    stale(
        tx.finish_reconnect(reconnect, ReconnectStatus::Cancelled, day(2))
            .await,
    );
    missing(tx.erase_reconnect(reconnect).await);
    tx.commit().await.unwrap();
    stale(bench.store.renew(&bench.bolt, &lease, day(9)).await);

    assert_eq!(facts(&bench, reconnect).await, before);
    let tx = bench.acme().await;
    tx.hold(&lease).await.unwrap();
}

async fn two_tenants_may_have_the_same_ids(bench: Bench) {
    let reconnect = new_reconnect(bench.client);
    for (scope, name) in [(&bench.acme, "ours"), (&bench.bolt, "theirs")] {
        let tx = bench.store.begin(scope).await.unwrap();
        let mut page = page("1");
        page.name = Some(name.to_owned());
        assert_eq!(
            tx.register_assets(&[page]).await.unwrap(),
            [Registration::Created]
        );
        let accepted = tx
            .accept_reconnect(&reconnect, &[item("1")], None)
            .await
            .unwrap();
        assert_eq!(accepted.intent_seq, 1);
        tx.insert_idempotent(&key(&bench), &begins(reconnect.id, name.as_bytes()), day(1))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    for (scope, name) in [(&bench.acme, "ours"), (&bench.bolt, "theirs")] {
        let tx = bench.store.begin_read(scope).await.unwrap();
        assert_eq!(
            tx.asset(&id("1")).await.unwrap().name.as_deref(),
            Some(name)
        );
        let call = tx.find_idempotent(&key(&bench)).await.unwrap().unwrap();
        assert_eq!(call.fingerprint, name.as_bytes());
    }
}

async fn a_statement_of_one_tenant_deletes_nothing_of_another(bench: Bench) {
    let reconnect = new_reconnect(bench.client);
    for scope in [&bench.acme, &bench.bolt] {
        let tx = bench.store.begin(scope).await.unwrap();
        tx.register_assets(&[page("1")]).await.unwrap();
        tx.accept_reconnect(&reconnect, &[item("1")], Some(("w", day(2), day(1))))
            .await
            .unwrap();
        tx.activate(&[activation("1", 0, 1)], 1, day(1))
            .await
            .unwrap();
        tx.park(&[credential("1", Slot::Candidate, 2, 1)], day(1))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let tx = bench.bolt().await;
    tx.activate(&[activation("1", 1, 2)], 2, day(2))
        .await
        .unwrap();
    tx.delete_asset(&id("1")).await.unwrap();
    tx.erase_reconnect(reconnect.id).await.unwrap();
    tx.commit().await.unwrap();

    let tx = bench.acme().await;
    assert_eq!(tx.credentials(&id("1")).await.unwrap().len(), 2);
    assert_eq!(tx.items(reconnect.id).await.unwrap().len(), 1);
    assert_eq!(tx.asset(&id("1")).await.unwrap().generation, 1);
}

async fn facts(bench: &Bench, reconnect: ReconnectId) -> impl PartialEq + std::fmt::Debug {
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    (
        tx.asset(&id("1")).await.unwrap(),
        tx.reconnect(reconnect).await.unwrap(),
        tx.items(reconnect).await.unwrap(),
        format!("{:?}", tx.credentials(&id("1")).await.unwrap()),
    )
}

fn key(bench: &Bench) -> IdempotencyKey {
    IdempotencyKey {
        caller: bench.client.uuid(),
        route: "POST /v1/reconnects",
        key: "k".to_owned(),
    }
}
