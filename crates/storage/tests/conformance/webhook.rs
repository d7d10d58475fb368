//! Deliveries of events: inserted in the transaction of the change, by kind, tenant by tenant.

mod bulk;
mod replay;
mod unread;

use chrono::Duration;
use regrant_domain::{
    Clock, DeliveryId, EventKind, WebhookEndpointId,
    webhook::{AssetEvents, DeliveryStatus, EventFilter},
};
use regrant_storage::{
    Claim, Claimer, Delivery, DeliveryFilter, DueKind, Error, EventRange, Lease, NewEvent,
    NewWebhookEndpoint, PassedOver, SettledDelivery, TenantScope, TenantTx,
};

use crate::bench::{Bench, day, on_both, sealed};

on_both!(
    an_event_is_pending_from_the_commit_of_its_change,
    an_event_that_no_endpoint_wants_has_no_delivery,
    claims_take_turns_between_tenants_and_between_endpoints,
    a_delivery_ends_once_and_can_be_replayed,
    many_deliveries_are_settled_together,
    a_share_is_claimed_in_the_order_of_its_events_and_given_back,
    changes_of_assets_are_collected_for_an_endpoint_in_bulk,
    events_are_listed_without_endpoints_and_page_by_page,
    the_oldest_transaction_that_writes_is_known,
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
        asset_events: AssetEvents::Single,
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
    statuses: Vec::new(),
    after: None,
    limit: 2_000,
};

async fn listed(bench: &Bench, scope: &TenantScope, id: WebhookEndpointId) -> Vec<Delivery> {
    bench
        .store
        .begin_read(scope)
        .await
        .unwrap()
        .list_deliveries(id, &ANY)
        .await
        .unwrap()
        .rows
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

fn settled(lease: &Lease, attempts: u32, next: Option<i64>) -> SettledDelivery {
    SettledDelivery {
        lease: lease.clone(),
        next_at: next.map(day),
        is_delivered: false,
        attempts,
        response_status: Some(500),
        error: Some("answered 500".to_owned()),
    }
}

async fn a_delivery_ends_once_and_can_be_replayed(bench: Bench) {
    let id = endpoint(&bench, &bench.acme, EventFilter::All).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 1).await;
    let lease = claim(&bench, 1).await.remove(0).lease;
    let tx = bench.acme().await;
    let held = async |tx: &TenantTx| tx.hold_leases(vec![lease.clone()]).await.unwrap();
    assert_eq!(held(&tx).await, std::slice::from_ref(&lease));
    tx.settle_deliveries(&[settled(&lease, 1, Some(1))], day(1))
        .await
        .unwrap();
    assert!(held(&tx).await.is_empty(), "it was given back");
    tx.commit().await.unwrap();
    let lease = claim(&bench, 1).await.remove(0).lease;
    let tx = bench.acme().await;
    tx.settle_deliveries(&[settled(&lease, 2, None)], day(3))
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

async fn many_deliveries_are_settled_together(bench: Bench) {
    let id = endpoint(&bench, &bench.acme, EventFilter::All).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 601).await;
    let mut leases: Vec<_> = claim(&bench, 601)
        .await
        .into_iter()
        .map(|it| it.lease)
        .collect();
    let kept = leases.split_off(600);
    let of_delivery = |(n, lease)| match n % 3 {
        0 => SettledDelivery {
            is_delivered: true,
            response_status: Some(204),
            error: None,
            ..settled(lease, 1, None)
        },
        1 => settled(lease, 10, None),
        _ => settled(lease, 2, Some(9)),
    };
    let all: Vec<_> = leases.iter().enumerate().map(of_delivery).collect();
    let tx = bench.acme().await;
    tx.settle_deliveries(&all, day(3)).await.unwrap();
    tx.commit().await.unwrap();
    let rows = listed(&bench, &bench.acme, id).await;
    let count = |status, attempts, next| {
        let is_same =
            |it: &&Delivery| (it.status, it.attempts, it.next_at) == (status, attempts, next);
        rows.iter().filter(is_same).count()
    };
    assert_eq!(count(DeliveryStatus::Delivered, 1, None), 200);
    assert_eq!(count(DeliveryStatus::Failed, 10, None), 200);
    assert_eq!(count(DeliveryStatus::Pending, 2, Some(day(9))), 200);
    let tx = bench.acme().await;
    assert!(tx.hold_leases(leases).await.unwrap().is_empty());
    assert_eq!(tx.hold_leases(kept.clone()).await.unwrap(), kept);
    tx.return_leases(kept).await.unwrap();
    tx.commit().await.unwrap();
    let now = Clock::system_time() + Duration::seconds(1);
    let others = bench
        .store
        .claim_due_except(
            DueKind::Delivery,
            now,
            "b",
            Duration::hours(1),
            9,
            PassedOver {
                shares: &[id.uuid()],
                ..PassedOver::default()
            },
        )
        .await
        .unwrap();
    assert!(others.is_empty(), "the share is left out");
}

async fn a_share_is_claimed_in_the_order_of_its_events_and_given_back(bench: Bench) {
    let id = endpoint(&bench, &bench.acme, EventFilter::All).await;
    endpoint(&bench, &bench.acme, EventFilter::All).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 30).await;
    let now = Clock::system_time() + Duration::seconds(1);
    let claimer = Claimer {
        owner: "a",
        now,
        wall: now,
        until: now + Duration::hours(1),
    };
    let claim = async |limit| {
        let tx = bench.acme().await;
        let leases = tx
            .claim_due_of_share(DueKind::Delivery, id.uuid(), claimer, limit)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        leases
    };
    let mut ids: Vec<_> = listed(&bench, &bench.acme, id)
        .await
        .iter()
        .map(|it| it.id.uuid())
        .collect();
    ids.sort();
    let objects = |leases: &[Lease]| {
        let mut ids: Vec<_> = leases.iter().map(|it| it.object).collect();
        ids.sort();
        ids
    };
    let first = claim(10).await;
    assert_eq!(objects(&first), ids[..10]);
    assert_eq!(
        objects(&claim(90).await),
        ids[10..],
        "the rest, and no other share"
    );
    let tx = bench.acme().await;
    tx.return_leases(first.clone()).await.unwrap();
    tx.commit().await.unwrap();
    let again = claim(90).await;
    assert_eq!(objects(&again), objects(&first));
    let tx = bench.acme().await;
    assert!(
        tx.hold_leases(first).await.unwrap().is_empty(),
        "another claim took them"
    );
}

/// An endpoint of acme that receives changes of assets in bulk.
async fn endpoint_in_bulk(bench: &Bench) -> WebhookEndpointId {
    let new = NewWebhookEndpoint {
        asset_events: AssetEvents::Bulk,
        ..new_endpoint(EventFilter::All)
    };
    let tx = bench.acme().await;
    tx.insert_webhook_endpoint(&new, 20).await.unwrap();
    tx.commit().await.unwrap();
    new.id
}

async fn changes_of_assets_are_collected_for_an_endpoint_in_bulk(bench: Bench) {
    let id = endpoint_in_bulk(&bench).await;
    let of_asset = |kind, n: usize| NewEvent {
        subject: n.to_string(),
        ..event(kind)
    };
    let lost: Vec<_> = (0..400)
        .map(|n| of_asset(EventKind::AssetDisconnected, n))
        .collect();
    let found: Vec<_> = (300..900)
        .map(|n| of_asset(EventKind::AssetRecovered, n))
        .collect();
    for events in [lost, found, vec![event(EventKind::ForecastChanged)]] {
        let tx = bench.acme().await;
        tx.emit_events(&events, day(2)).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert!(
        claim(&bench, 10)
            .await
            .iter()
            .all(|it| it.scope.tenant() == bench.acme.tenant())
    );
    let ids: Vec<_> = listed(&bench, &bench.acme, id)
        .await
        .iter()
        .map(|it| it.id)
        .collect();
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    let mut sent = tx.find_deliveries(&ids).await.unwrap();
    sent.retain(|it| it.delivery.kind == EventKind::AssetsChanged);
    sent.sort_by_key(|it| it.delivery.event_id);
    let counts: Vec<_> = sent.iter().map(|it| it.data["counts"].clone()).collect();
    assert_eq!(
        counts,
        [
            serde_json::json!({ "asset.disconnected": 400, "asset.recovered": 200 }),
            serde_json::json!({ "asset.recovered": 400 }),
        ]
    );
    assert_eq!(ids.len(), 3, "the two, and what is not about an asset");
    let url = sent[0].data["events_url"].as_str().unwrap();
    let after = url
        .strip_prefix("/v1/events?after=")
        .unwrap()
        .parse()
        .unwrap();
    let all = tx.list_events(&range(Some(after), &[])).await.unwrap().rows;
    assert_eq!(all.len(), 1_001, "the link leads to the single events");
}

fn range(after: Option<regrant_domain::EventId>, kinds: &[EventKind]) -> EventRange {
    EventRange {
        after,
        kinds: kinds.to_vec(),
        until: Clock::system_time() + Duration::seconds(1),
        limit: 2_000,
    }
}

async fn events_are_listed_without_endpoints_and_page_by_page(bench: Bench) {
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 3).await;
    emit(&bench, &bench.acme, EventKind::WebhookTest, 1).await;
    emit(&bench, &bench.acme, EventKind::AssetRecovered, 1).await;
    emit(&bench, &bench.bolt, EventKind::AssetRecovered, 1).await;
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    let all = tx.list_events(&range(None, &[])).await.unwrap().rows;
    assert_eq!(all.len(), 4, "those of one endpoint are left out");
    assert!(all.is_sorted_by_key(|it| it.id));
    let rest = tx
        .list_events(&range(Some(all[1].id), &[]))
        .await
        .unwrap()
        .rows;
    assert_eq!(rest, all[2..]);
    let tests = tx
        .list_events(&range(None, &[EventKind::WebhookTest]))
        .await
        .unwrap()
        .rows;
    assert_eq!(tests.len(), 1);
    let both = range(None, &[EventKind::WebhookTest, EventKind::AssetRecovered]);
    assert_eq!(tx.list_events(&both).await.unwrap().rows.len(), 2);
    let earlier = EventRange {
        until: Clock::system_time() - Duration::minutes(1),
        ..range(None, &[])
    };
    assert!(tx.list_events(&earlier).await.unwrap().rows.is_empty());
}

/// An event of a transaction that still runs has an id from after its beginning, and may be committed after later ones.
async fn the_oldest_transaction_that_writes_is_known(bench: Bench) {
    if bench.store.is_sqlite() {
        assert_eq!(bench.store.find_oldest_write().await.unwrap(), None);
        return;
    }
    let began = Clock::system_time();
    let slow = bench.acme().await;
    let events = [event(EventKind::AssetSuspect)];
    slow.emit_events(&events, day(2)).await.unwrap();
    let after = Clock::system_time();
    emit(&bench, &bench.bolt, EventKind::AssetRecovered, 1).await;
    let oldest = bench.store.find_oldest_write().await.unwrap().unwrap();
    // Microseconds of the database, which rounds.
    assert!(oldest >= began - Duration::milliseconds(1), "{oldest}");
    assert!(oldest <= after + Duration::milliseconds(1), "{oldest}");
    slow.commit().await.unwrap();
    let now = bench.store.find_oldest_write().await.unwrap();
    assert!(now.is_none_or(|it| it > after), "{now:?}");
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
        tx.change_webhook_endpoint(id, "x", None, AssetEvents::Bulk)
            .await,
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
    assert!(tx.list_deliveries(id, &ANY).await.unwrap().rows.is_empty());
    assert_eq!(tx.replay_failed(id, day(0), 9, day(1)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(listed(&bench, &bench.acme, id).await, [delivery]);
}
