//! Rows of the installation: apps, tenants, clients, keys.

mod connect;
mod durability;
mod faults;
mod isolation;
mod key_rotation;
mod layout;
mod migrations;
mod reseal;
mod role;
mod turns;

use futures_util::future::join_all;
use regrant_domain::{AppId, TenantId};
use regrant_storage::{AuditEvent, Error, NewApp, NewSigningKey};

use crate::bench::{Bench, day, insert_tenant, new_app, new_key, new_tenant, on_both, sealed};

on_both!(
    an_app_is_inserted_once_with_its_secrets,
    a_tenant_is_created_with_everything_or_not_at_all,
    of_concurrent_system_keys_exactly_one_is_inserted,
    signing_keys_are_unique_by_key_id,
    a_dropped_transaction_writes_nothing,
    readers_do_not_wait_for_a_writer,
    audit_events_are_written_in_bulk,
);

async fn an_app_is_inserted_once_with_its_secrets(bench: Bench) {
    let app = NewApp {
        verify_token: Some(sealed(9)),
        ..new_app("2")
    };
    crate::bench::insert_app(&bench.store, &app).await.unwrap();
    assert!(matches!(
        crate::bench::insert_app(&bench.store, &app).await,
        Err(Error::Taken("app"))
    ));
    let read = bench.store.find_app(&app.id).await.unwrap();
    assert_eq!(
        (read.secret, read.verify_token),
        (app.secret, app.verify_token)
    );
    let missing: AppId = "3".parse().unwrap();
    assert!(matches!(
        bench.store.find_app(&missing).await,
        Err(Error::NotFound)
    ));
    assert_eq!(bench.store.list_apps().await.unwrap().len(), 2);
    assert_eq!(bench.store.check_usable().await.unwrap(), None);
}

async fn a_tenant_is_created_with_everything_or_not_at_all(bench: Bench) {
    let store = &bench.store;
    let whole = new_tenant("whole");
    insert_tenant(store, &whole).await.unwrap();
    assert!(matches!(
        insert_tenant(store, &whole).await,
        Err(Error::Taken("tenant"))
    ));
    let tenant = store.find_tenant(whole.id).await.unwrap();
    assert_eq!(
        (tenant.name.as_str(), tenant.status),
        ("whole", regrant_storage::TenantStatus::Active)
    );
    let mut torn = new_tenant("torn");
    torn.client.tenant = TenantId::mint();
    assert!(insert_tenant(store, &torn).await.is_err());
    assert!(matches!(
        store.find_tenant(torn.id).await,
        Err(Error::NotFound)
    ));
    let mut homeless = new_tenant("homeless");
    homeless.app_id = "9".parse().unwrap();
    assert!(matches!(
        insert_tenant(store, &homeless).await,
        Err(Error::NotFound)
    ));
    assert_eq!(store.list_tenants().await.unwrap().len(), 3);
    assert!(matches!(
        store.find_scope_for_operator(TenantId::SYSTEM).await,
        Err(Error::NotFound)
    ));
    let scope = store.find_scope_for_operator(whole.id).await.unwrap();
    let keys = store
        .begin(&scope)
        .await
        .unwrap()
        .list_data_keys()
        .await
        .unwrap();
    assert_eq!(
        (keys.len(), keys[0].id, keys[0].is_active),
        (1, whole.key.id, true)
    );
}

async fn of_concurrent_system_keys_exactly_one_is_inserted(bench: Bench) {
    let store = &bench.store;
    let results =
        join_all((0..6).map(|_| async { store.insert_system_key(&new_key()).await })).await;
    assert_eq!(
        results.iter().filter(|it| it.is_ok()).count(),
        1,
        "{results:?}"
    );
    assert!(
        results
            .iter()
            .all(|it| matches!(it, Ok(()) | Err(Error::Taken("data key")))),
        "{results:?}"
    );
    let tx = store.begin_read(&store.system_scope()).await.unwrap();
    assert_eq!(tx.list_data_keys().await.unwrap().len(), 1);
}

async fn signing_keys_are_unique_by_key_id(bench: Bench) {
    let store = &bench.store;
    let key = |kid: &str, n: u8| NewSigningKey {
        kid: kid.to_owned(),
        sealed: sealed(n),
        created_at: day(n.into()),
        active_from: day(n.into()),
    };
    store.insert_signing_key(&key("b", 1)).await.unwrap();
    store.insert_signing_key(&key("a", 2)).await.unwrap();
    let again = store.insert_signing_key(&key("a", 3)).await;
    assert!(matches!(again, Err(Error::Taken("signing key"))));
    let keys = store.list_signing_keys().await.unwrap();
    let kids: Vec<_> = keys.iter().map(|it| it.kid.as_str()).collect();
    assert_eq!(
        (kids.as_slice(), keys[1].sealed.clone()),
        (["b", "a"].as_slice(), sealed(2))
    );
    let replace = async |kid, n, until| {
        let tx = store.begin(&store.system_scope()).await.unwrap();
        tx.replace_signing_keys(&key(kid, n), until).await.unwrap();
        let keys = tx.list_signing_keys().await.unwrap();
        tx.commit().await.unwrap();
        keys.into_iter()
            .map(|it| (it.active_from, it.retired_at))
            .collect::<Vec<_>>()
    };
    let retired = replace("c", 3, day(5)).await;
    assert_eq!(
        retired,
        [
            (day(1), Some(day(5))),
            (day(2), Some(day(5))),
            (day(3), None)
        ]
    );
    // A key that retires sooner keeps its time at the next rotation; one that retires later retires with it.
    let retired = replace("d", 4, day(9)).await;
    assert_eq!(
        retired[1..],
        [
            (day(2), Some(day(5))),
            (day(3), Some(day(9))),
            (day(4), None)
        ]
    );
    let retired = replace("e", 5, day(4)).await;
    assert!(
        retired[..4].iter().all(|(_, at)| *at == Some(day(4))),
        "{retired:?}"
    );
}

async fn a_dropped_transaction_writes_nothing(bench: Bench) {
    for _ in 0..20 {
        let tx = bench.acme().await;
        tx.register_assets(&[crate::bench::page("1")])
            .await
            .unwrap();
    }
    let tx = bench.acme().await;
    assert!(
        tx.find_assets(&[crate::bench::id("1")])
            .await
            .unwrap()
            .is_empty()
    );
}

async fn readers_do_not_wait_for_a_writer(bench: Bench) {
    let writer = bench.acme().await;
    writer
        .register_assets(&[crate::bench::page("1")])
        .await
        .unwrap();
    let reader = bench.store.begin_read(&bench.acme).await.unwrap();
    assert!(
        reader
            .find_assets(&[crate::bench::id("1")])
            .await
            .unwrap()
            .is_empty()
    );
    reader.commit().await.unwrap();
    writer.commit().await.unwrap();
}

async fn audit_events_are_written_in_bulk(bench: Bench) {
    let events: Vec<_> = (0..1_200)
        .map(|n| AuditEvent {
            actor: "cli".to_owned(),
            action: "token.read",
            subject: n.to_string(),
            detail: serde_json::json!({ "n": n }).into(),
        })
        .collect();
    let tx = bench.acme().await;
    tx.write_audit_events(&events, day(1)).await.unwrap();
    tx.write_audit_events(&[], day(1)).await.unwrap();
    tx.commit().await.unwrap();
}
