//! What belongs to the installation: apps, tenants, clients, keys.

use futures_util::future::join_all;
use regrant_domain::{AppId, ClientId, Permissions, TenantId};
use regrant_storage::{AuditEvent, Error, NewApp, TenantStatus};

use crate::bench::{Bench, day, new_app, new_client, new_key, new_tenant, on_both, sealed};

on_both!(
    an_app_is_kept_once_with_its_secrets,
    a_tenant_is_made_whole_or_not_at_all,
    a_candidate_unlocks_with_its_own_secret_alone,
    a_disabled_client_or_suspended_tenant_has_no_candidate,
    a_new_secret_ends_the_old_one,
    of_system_keys_made_at_once_exactly_one_is_kept,
    signing_keys_are_kept_by_name,
    a_dropped_transaction_leaves_nothing,
    readers_do_not_wait_for_a_writer,
    audit_events_are_written_in_bulk,
);

async fn an_app_is_kept_once_with_its_secrets(bench: Bench) {
    let app = NewApp { verify_token: Some(sealed(9)), ..new_app("2") };
    bench.store.insert_app(&app).await.unwrap();
    assert!(matches!(bench.store.insert_app(&app).await, Err(Error::Taken("app"))));
    let read = bench.store.app(&app.id).await.unwrap();
    assert_eq!((read.secret, read.verify_token), (app.secret, app.verify_token));
    let missing: AppId = "3".parse().unwrap();
    assert!(matches!(bench.store.app(&missing).await, Err(Error::NotFound)));
    assert_eq!(bench.store.apps().await.unwrap().len(), 2);
    bench.store.ping().await.unwrap();
}

async fn a_tenant_is_made_whole_or_not_at_all(bench: Bench) {
    let store = &bench.store;
    let whole = new_tenant("whole");
    store.insert_tenant(&whole).await.unwrap();
    assert!(matches!(store.insert_tenant(&whole).await, Err(Error::Taken("tenant"))));
    let tenant = store.tenant(whole.id).await.unwrap();
    assert_eq!((tenant.name.as_str(), tenant.status), ("whole", TenantStatus::Active));
    let mut torn = new_tenant("torn");
    torn.client.tenant = TenantId::mint();
    assert!(store.insert_tenant(&torn).await.is_err());
    assert!(matches!(store.tenant(torn.id).await, Err(Error::NotFound)));
    let mut homeless = new_tenant("homeless");
    homeless.app_id = "9".parse().unwrap();
    assert!(matches!(store.insert_tenant(&homeless).await, Err(Error::NotFound)));
    assert_eq!(store.tenants().await.unwrap().len(), 3);
    assert!(matches!(store.scope_for_operator(TenantId::SYSTEM).await, Err(Error::NotFound)));
    let scope = store.scope_for_operator(whole.id).await.unwrap();
    let keys = store.begin(&scope).await.unwrap().data_keys().await.unwrap();
    assert_eq!((keys.len(), keys[0].id, keys[0].active), (1, whole.key.id, true));
}

async fn a_candidate_unlocks_with_its_own_secret_alone(bench: Bench) {
    let candidate = async || bench.store.candidate(bench.client).await.unwrap().unwrap();
    let acme = bench.acme.tenant();
    let it = candidate().await;
    assert_eq!((it.tenant(), it.client(), it.permissions()), (acme, bench.client, Permissions::all()));
    assert_eq!(it.app_id().as_str(), "1");
    assert_eq!(it.unlock(|hash| hash == [3; 32]).unwrap().tenant(), acme);
    assert!(candidate().await.unlock(|_| false).is_none());
    assert_eq!(candidate().await.vouch(acme).unwrap().tenant(), acme);
    assert!(candidate().await.vouch(bench.bolt.tenant()).is_none());
    assert!(bench.store.candidate(ClientId::mint()).await.unwrap().is_none());
}

async fn a_disabled_client_or_suspended_tenant_has_no_candidate(bench: Bench) {
    let (store, acme) = (&bench.store, bench.acme.tenant());
    let exists = async || store.candidate(bench.client).await.unwrap().is_some();
    store.disable_client(acme, bench.client, Some(day(1))).await.unwrap();
    assert!(!exists().await);
    assert_eq!(store.clients(acme).await.unwrap()[0].disabled_at, Some(day(1)));
    store.disable_client(acme, bench.client, None).await.unwrap();
    assert!(exists().await);
    store.set_tenant_status(acme, TenantStatus::Suspended).await.unwrap();
    assert!(!exists().await);
}

async fn a_new_secret_ends_the_old_one(bench: Bench) {
    let (store, acme, bolt) = (&bench.store, bench.acme.tenant(), bench.bolt.tenant());
    let foreign = store.set_client_secret(bolt, bench.client, &[8; 32]).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    store.set_client_secret(acme, bench.client, &[8; 32]).await.unwrap();
    let candidate = store.candidate(bench.client).await.unwrap().unwrap();
    assert!(candidate.unlock(|hash| hash == [8; 32]).is_some());
    let second = new_client(acme);
    store.insert_client(&second).await.unwrap();
    assert!(matches!(store.insert_client(&second).await, Err(Error::Taken("client"))));
    let lost = store.insert_client(&new_client(TenantId::mint())).await;
    assert!(matches!(lost, Err(Error::NotFound)));
    assert_eq!(store.clients(acme).await.unwrap().len(), 2);
}

async fn of_system_keys_made_at_once_exactly_one_is_kept(bench: Bench) {
    let store = &bench.store;
    let results = join_all((0..6).map(|_| async { store.insert_system_key(&new_key()).await })).await;
    assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 1, "{results:?}");
    assert!(results.iter().all(|it| matches!(it, Ok(()) | Err(Error::Taken("data key")))), "{results:?}");
    let tx = store.begin_read(&store.system_scope()).await.unwrap();
    assert_eq!(tx.data_keys().await.unwrap().len(), 1);
}

async fn signing_keys_are_kept_by_name(bench: Bench) {
    let store = &bench.store;
    store.insert_signing_key("b", &sealed(1), day(1)).await.unwrap();
    store.insert_signing_key("a", &sealed(2), day(2)).await.unwrap();
    let again = store.insert_signing_key("a", &sealed(3), day(3)).await;
    assert!(matches!(again, Err(Error::Taken("signing key"))));
    let keys = store.signing_keys().await.unwrap();
    let kids: Vec<_> = keys.iter().map(|it| it.kid.as_str()).collect();
    assert_eq!((kids.as_slice(), keys[1].sealed.clone()), (["b", "a"].as_slice(), sealed(2)));
}

async fn a_dropped_transaction_leaves_nothing(bench: Bench) {
    for _ in 0..20 {
        let tx = bench.acme().await;
        tx.register_assets(&[crate::bench::page("1")]).await.unwrap();
    }
    let tx = bench.acme().await;
    assert!(tx.assets(&[crate::bench::id("1")]).await.unwrap().is_empty());
}

async fn readers_do_not_wait_for_a_writer(bench: Bench) {
    let writer = bench.acme().await;
    writer.register_assets(&[crate::bench::page("1")]).await.unwrap();
    let reader = bench.store.begin_read(&bench.acme).await.unwrap();
    assert!(reader.assets(&[crate::bench::id("1")]).await.unwrap().is_empty());
    reader.commit().await.unwrap();
    writer.commit().await.unwrap();
}

async fn audit_events_are_written_in_bulk(bench: Bench) {
    let events: Vec<_> = (0..1_200)
        .map(|n| AuditEvent {
            actor: "cli".to_owned(),
            action: "token.read",
            subject: n.to_string(),
            detail: serde_json::json!({ "n": n }),
        })
        .collect();
    let tx = bench.acme().await;
    tx.audit(&events, day(1)).await.unwrap();
    tx.audit(&[], day(1)).await.unwrap();
    tx.commit().await.unwrap();
}
