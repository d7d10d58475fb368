//! No method shows tenant bolt a row of tenant acme.

use regrant_domain::{GrantId, Outcome, OutcomeCounts, ReconnectId, ReconnectStatus, Slot};
use regrant_storage::{Confirmation, Error, IdempotencyKey, ReconnectVisibility, Registration};

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
    tx.activate_credentials(&[activation("1", 0, 1)], 1, day(1))
        .await
        .unwrap();
    tx.insert_idempotent_call(&key, &begins(reconnect, b"body"), day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let tx = bench.store.begin_read(&bench.bolt).await.unwrap();
    assert!(matches!(
        tx.find_asset(&id("1")).await,
        Err(Error::NotFound)
    ));
    assert!(tx.find_assets(&[id("1")]).await.unwrap().is_empty());
    assert!(tx.list_credentials(&id("1")).await.unwrap().is_empty());
    assert!(
        tx.find_active_credentials(&[id("1")])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        tx.find_previous_credentials(&[id("1")])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        tx.list_assets(&crate::asset::everything())
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    assert!(matches!(
        tx.find_grant(grant.id).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        tx.find_reconnect(reconnect).await,
        Err(Error::NotFound)
    ));
    assert!(
        tx.list_reconnects(ReconnectVisibility::All, None, 10)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    assert!(tx.list_items(reconnect).await.unwrap().is_empty());
    assert!(
        tx.list_items_after(reconnect, 0, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        tx.list_open_items(reconnect, day(9), 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(tx.find_next_retry(reconnect).await.unwrap(), None);
    assert_eq!(
        tx.count_outcomes(&[reconnect]).await.unwrap()[&reconnect],
        OutcomeCounts::default()
    );
    assert_eq!(tx.find_idempotent_call(&key).await.unwrap(), None);
    assert_eq!(tx.list_data_keys().await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    let tx = bench.bolt().await;
    assert!(tx.lock_assets(&[id("1")]).await.unwrap().is_empty());
}

async fn another_tenants_rows_do_not_change(bench: Bench) {
    bench.pages(&["1"]).await;
    let (reconnect, accepted) = bench.accept(&["1"]).await;
    let lease = accepted.lease.unwrap();
    let tx = bench.acme().await;
    tx.activate_credentials(&[activation("1", 0, 1)], 1, day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let before = facts(&bench, reconnect).await;

    let stale =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::Stale)), "{result:?}");
    let missing =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::NotFound)), "{result:?}");
    let tx = bench.bolt().await;
    stale(
        tx.activate_credentials(&[activation("1", 1, 2)], 2, day(2))
            .await,
    );
    let confirmation = Confirmation {
        asset_id: id("1"),
        cut_off: None,
        tasks: Vec::new(),
        condition: None,
    };
    stale(tx.confirm_credentials(&[confirmation], day(2)).await);
    missing(tx.delete_asset(&id("1")).await);
    tx.note_assets_checked(&[id("1")], day(3)).await.unwrap();
    stale(tx.hold_lease(&lease).await);
    stale(tx.reschedule_due(&lease, day(5)).await);
    stale(
        tx.mark_token_validated(reconnect, GrantId::mint(), &sealed(8))
            .await,
    );
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
    stale(bench.store.renew_lease(&bench.bolt, &lease, day(9)).await);

    assert_eq!(facts(&bench, reconnect).await, before);
    let tx = bench.acme().await;
    tx.hold_lease(&lease).await.unwrap();
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
        tx.insert_idempotent_call(&key(&bench), &begins(reconnect.id, name.as_bytes()), day(1))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    for (scope, name) in [(&bench.acme, "ours"), (&bench.bolt, "theirs")] {
        let tx = bench.store.begin_read(scope).await.unwrap();
        assert_eq!(
            tx.find_asset(&id("1")).await.unwrap().name.as_deref(),
            Some(name)
        );
        let call = tx
            .find_idempotent_call(&key(&bench))
            .await
            .unwrap()
            .unwrap();
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
        tx.activate_credentials(&[activation("1", 0, 1)], 1, day(1))
            .await
            .unwrap();
        tx.park_credentials(&[credential("1", Slot::Candidate, 2, 1)])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let tx = bench.bolt().await;
    tx.activate_credentials(&[activation("1", 1, 2)], 2, day(2))
        .await
        .unwrap();
    tx.delete_asset(&id("1")).await.unwrap();
    tx.erase_reconnect(reconnect.id).await.unwrap();
    tx.commit().await.unwrap();

    let tx = bench.acme().await;
    assert_eq!(tx.list_credentials(&id("1")).await.unwrap().len(), 2);
    assert_eq!(tx.list_items(reconnect.id).await.unwrap().len(), 1);
    assert_eq!(tx.find_asset(&id("1")).await.unwrap().generation, 1);
}

async fn facts(bench: &Bench, reconnect: ReconnectId) -> impl PartialEq + std::fmt::Debug {
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    (
        tx.find_asset(&id("1")).await.unwrap(),
        tx.find_reconnect(reconnect).await.unwrap(),
        tx.list_items(reconnect).await.unwrap(),
        format!("{:?}", tx.list_credentials(&id("1")).await.unwrap()),
    )
}

fn key(bench: &Bench) -> IdempotencyKey {
    IdempotencyKey {
        caller: bench.client.uuid(),
        route: "POST /v1/reconnects",
        key: "k".to_owned(),
    }
}
