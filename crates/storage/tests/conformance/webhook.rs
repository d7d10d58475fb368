//! Deliveries of events: inserted in the transaction of the change, by kind, tenant by tenant.

use chrono::Duration;
use regrant_domain::{
    Clock, DeliveryId, EventKind, WebhookEndpointId,
    webhook::{DeliveryStatus, EventFilter},
};
use regrant_storage::{
    Attempt, Claim, Delivery, DeliveryFilter, DueKind, Error, NewEvent, NewWebhookEndpoint,
    TenantScope, TenantTx,
};

use crate::bench::{Bench, day, on_both, sealed};

on_both!(
    an_event_is_pending_from_the_commit_of_its_change,
    an_event_that_no_endpoint_wants_has_no_delivery,
    claims_take_turns_between_tenants_and_between_endpoints,
    a_delivery_ends_once_and_can_be_replayed,
    a_deleted_endpoint_leaves_no_rows,
    two_concurrent_inserts_keep_the_limit,
    another_tenants_endpoint_does_not_exist,
);

async fn endpoint(bench: &Bench, scope: &TenantScope, filter: EventFilter) -> WebhookEndpointId {
    let new = new_endpoint(filter);
    let tx = bench.store.begin(scope).await.unwrap();
    tx.insert_webhook_endpoint(&new, 20).await.unwrap();
    tx.commit().await.unwrap();
    new.id
}

fn new_endpoint(filter: EventFilter) -> NewWebhookEndpoint {
    let (id, url) = (
        WebhookEndpointId::mint(),
        "https://hooks.example.com/".to_owned(),
    );
    NewWebhookEndpoint {
        id,
        url,
        filter,
        sealed: sealed(3),
        created_at: day(1),
    }
}

fn event(kind: EventKind) -> NewEvent {
    NewEvent {
        kind,
        subject: "7".to_owned(),
        data: serde_json::json!({ "n": 1 }),
    }
}

async fn emit(bench: &Bench, scope: &TenantScope, kind: EventKind, n: usize) {
    let tx = bench.store.begin(scope).await.unwrap();
    tx.emit_events(&vec![event(kind); n], day(2)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn claim(bench: &Bench, limit: u32) -> Vec<Claim> {
    let (now, lease) = (
        Clock::system_time() + Duration::seconds(1),
        Duration::hours(1),
    );
    bench
        .store
        .claim_due(DueKind::Delivery, now, "a", lease, limit)
        .await
        .unwrap()
}

const ANY: DeliveryFilter = DeliveryFilter {
    status: None,
    after: None,
    limit: 2_000,
};

async fn listed(bench: &Bench, scope: &TenantScope, id: WebhookEndpointId) -> Vec<Delivery> {
    bench
        .store
        .begin_read(scope)
        .await
        .unwrap()
        .list_deliveries(id, ANY)
        .await
        .unwrap()
}

async fn an_event_is_pending_from_the_commit_of_its_change(bench: Bench) {
    let all = endpoint(&bench, &bench.acme, EventFilter::All).await;
    let some = EventFilter::Only([EventKind::AssetSuspect].into());
    let some = endpoint(&bench, &bench.acme, some).await;
    let tx = bench.acme().await;
    tx.emit_events(&[event(EventKind::AssetSuspect)], day(2))
        .await
        .unwrap();
    drop(tx);
    assert!(
        claim(&bench, 10).await.is_empty(),
        "a change that was rolled back has no event"
    );
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 600).await;
    emit(&bench, &bench.acme, EventKind::AssetRecovered, 1).await;
    assert_eq!(listed(&bench, &bench.acme, all).await.len(), 601);
    assert_eq!(listed(&bench, &bench.acme, some).await.len(), 600);
    let claims = claim(&bench, 2_000).await;
    assert_eq!(claims.len(), 1_201);
    let ids: Vec<_> = claims
        .iter()
        .map(|it| DeliveryId::from_uuid(it.object))
        .collect();
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    let due = tx.find_deliveries(&ids).await.unwrap();
    assert_eq!(due.len(), 1_201);
    assert!(
        due.iter()
            .all(|it| it.data["n"] == 1 && it.delivery.created_at == day(2))
    );
}

async fn an_event_that_no_endpoint_wants_has_no_delivery(bench: Bench) {
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 3).await;
    let id = endpoint(
        &bench,
        &bench.acme,
        EventFilter::Only([EventKind::AssetExpiring].into()),
    )
    .await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 3).await;
    let tx = bench.acme().await;
    assert!(
        tx.disable_webhook_endpoint(
            id,
            regrant_domain::webhook::DisabledReason::ByTenant,
            day(3)
        )
        .await
        .unwrap()
    );
    tx.emit_events(&[event(EventKind::AssetExpiring)], day(3))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(claim(&bench, 10).await.is_empty());
}

async fn claims_take_turns_between_tenants_and_between_endpoints(bench: Bench) {
    let flooded = endpoint(
        &bench,
        &bench.acme,
        EventFilter::Only([EventKind::AssetSuspect].into()),
    )
    .await;
    let quiet = endpoint(
        &bench,
        &bench.acme,
        EventFilter::Only([EventKind::AssetExpiring].into()),
    )
    .await;
    endpoint(&bench, &bench.bolt, EventFilter::All).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 700).await;
    emit(&bench, &bench.acme, EventKind::AssetExpiring, 2).await;
    emit(&bench, &bench.bolt, EventKind::AssetSuspect, 3).await;
    let claims = claim(&bench, 8).await;
    let of_bolt = claims
        .iter()
        .filter(|it| it.scope.tenant() == bench.bolt.tenant())
        .count();
    assert_eq!((claims.len(), of_bolt), (8, 3));
    let ids: Vec<_> = claims
        .iter()
        .map(|it| DeliveryId::from_uuid(it.object))
        .collect();
    let due = bench.acme().await.find_deliveries(&ids).await.unwrap();
    let to = |id| {
        due.iter()
            .filter(|it| it.delivery.endpoint_id == id)
            .count()
    };
    assert_eq!((to(quiet), to(flooded)), (2, 3));
}

fn attempt(attempts: u32) -> Attempt<'static> {
    Attempt {
        attempts,
        response_status: Some(500),
        error: Some("answered 500"),
    }
}

async fn a_delivery_ends_once_and_can_be_replayed(bench: Bench) {
    let id = endpoint(&bench, &bench.acme, EventFilter::All).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 1).await;
    let lease = claim(&bench, 1).await.remove(0).lease;
    let tx = bench.acme().await;
    tx.hold_lease(&lease).await.unwrap();
    tx.retry_delivery(&lease, attempt(1), day(1)).await.unwrap();
    assert!(
        matches!(tx.hold_lease(&lease).await, Err(Error::Stale)),
        "it was given back"
    );
    tx.commit().await.unwrap();
    let lease = claim(&bench, 1).await.remove(0).lease;
    let tx = bench.acme().await;
    tx.hold_lease(&lease).await.unwrap();
    tx.finish_delivery(&lease, DeliveryStatus::Failed, attempt(2), day(3))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(claim(&bench, 1).await.is_empty());
    let delivery = listed(&bench, &bench.acme, id).await.remove(0);
    assert_eq!(
        (delivery.status, delivery.attempts, delivery.next_at),
        (DeliveryStatus::Failed, 2, None)
    );

    let replay = async |tx: &TenantTx| {
        tx.replay_failed(id, day(1), 10, Clock::system_time())
            .await
            .unwrap()
    };
    let tx = bench.acme().await;
    assert_eq!(
        tx.replay_failed(id, day(3), 10, Clock::system_time())
            .await
            .unwrap(),
        0
    );
    assert_eq!((replay(&tx).await, replay(&tx).await), (1, 0));
    tx.requeue_event_to(id, delivery.event_id, Clock::system_time())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        claim(&bench, 9).await.len(),
        1,
        "once on its way, however often it is asked for"
    );
    let delivery = listed(&bench, &bench.acme, id).await.remove(0);
    assert_eq!(
        (delivery.status, delivery.attempts),
        (DeliveryStatus::Pending, 0)
    );
}

async fn a_deleted_endpoint_leaves_no_rows(bench: Bench) {
    let id = endpoint(&bench, &bench.acme, EventFilter::All).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 3).await;
    let held = claim(&bench, 1).await.remove(0);
    let tx = bench.acme().await;
    tx.delete_webhook_endpoint(id).await.unwrap();
    tx.commit().await.unwrap();
    assert!(claim(&bench, 10).await.is_empty());
    assert!(listed(&bench, &bench.acme, id).await.is_empty());
    let tx = bench.acme().await;
    assert!(matches!(
        tx.hold_lease(&held.lease).await,
        Err(Error::Stale)
    ));
    assert!(matches!(
        tx.delete_webhook_endpoint(id).await,
        Err(Error::NotFound)
    ));
}

async fn two_concurrent_inserts_keep_the_limit(bench: Bench) {
    let insert = async || {
        let tx = bench.acme().await;
        let inserted = tx
            .insert_webhook_endpoint(&new_endpoint(EventFilter::All), 3)
            .await;
        tx.commit().await.unwrap();
        inserted.is_ok()
    };
    let made = futures_util::future::join_all((0..6).map(|_| insert())).await;
    assert_eq!(made.into_iter().filter(|it| *it).count(), 3);
}

async fn another_tenants_endpoint_does_not_exist(bench: Bench) {
    let id = endpoint(&bench, &bench.acme, EventFilter::All).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 1).await;
    let delivery = listed(&bench, &bench.acme, id).await.remove(0);
    let tx = bench.bolt().await;
    assert!(tx.list_webhook_endpoints().await.unwrap().is_empty());
    assert!(matches!(
        tx.find_webhook_endpoint(id).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        tx.lock_webhook_endpoint(id).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        tx.change_webhook_endpoint(id, "x", &EventFilter::All).await,
        Err(Error::Stale)
    ));
    assert!(matches!(
        tx.rotate_webhook_secret(id, 1, &sealed(4), None).await,
        Err(Error::Stale)
    ));
    assert!(matches!(
        tx.delete_webhook_endpoint(id).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        tx.requeue_event_to(id, delivery.event_id, day(1)).await,
        Err(Error::NotFound)
    ));
    assert!(tx.find_deliveries(&[delivery.id]).await.unwrap().is_empty());
    assert!(tx.list_deliveries(id, ANY).await.unwrap().is_empty());
    assert_eq!(tx.replay_failed(id, day(0), 9, day(1)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(listed(&bench, &bench.acme, id).await, [delivery]);
}
