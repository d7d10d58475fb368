//! Rows of webhooks that do not decode: damaged, or written by a newer release during an upgrade.

use chrono::Duration;
use regrant_domain::{
    Clock, DeliveryId, EventKind, WebhookEndpointId,
    webhook::{AssetEvents, DeliveryStatus, EventFilter},
};
use regrant_storage::DueKind;

use super::{claim, emit, endpoint, endpoint_in_bulk, listed, new_endpoint};
use crate::bench::{Bench, day, on_both};

on_both!(
    an_endpoint_that_does_not_decode_costs_no_other_its_events,
    a_kind_of_a_newer_release_is_left_out_of_a_filter_and_kept,
    a_delivery_that_does_not_decode_is_due_again_and_one_that_is_gone_is_not,
    an_event_in_bulk_that_does_not_decode_takes_up_no_changes,
);

/// An endpoint of acme with this text in the column `kinds`.
async fn endpoint_with_kinds(bench: &Bench, kinds: &str) -> WebhookEndpointId {
    let mut new = new_endpoint(EventFilter::All);
    new.url = format!("https://hooks.example.com/{}", new.id);
    let tx = bench.acme().await;
    tx.insert_webhook_endpoint(&new, 20).await.unwrap();
    tx.commit().await.unwrap();
    let sql = format!(
        "UPDATE webhook_endpoints SET kinds = '{kinds}' WHERE url = '{}'",
        new.url
    );
    bench.database.run_as_superuser(&sql).await;
    new.id
}

async fn an_endpoint_that_does_not_decode_costs_no_other_its_events(bench: Bench) {
    let damaged = endpoint_with_kinds(&bench, "{").await;
    let intact = endpoint(&bench, &bench.acme, EventFilter::All).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 2).await;
    assert_eq!(listed(&bench, &bench.acme, intact).await.len(), 2);
    assert!(listed(&bench, &bench.acme, damaged).await.is_empty());
}

async fn a_kind_of_a_newer_release_is_left_out_of_a_filter_and_kept(bench: Bench) {
    let newer = endpoint_with_kinds(&bench, r#"["asset.teleported"]"#).await;
    let both = endpoint_with_kinds(&bench, r#"["asset.suspect","asset.teleported"]"#).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 1).await;
    emit(&bench, &bench.acme, EventKind::AssetExpiring, 1).await;
    assert!(listed(&bench, &bench.acme, newer).await.is_empty());
    let received = listed(&bench, &bench.acme, both).await;
    let kinds: Vec<_> = received.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [EventKind::AssetSuspect]);

    let tx = bench.acme().await;
    let url = "https://hooks.example.com/new";
    tx.change_webhook_endpoint(newer, url, None, AssetEvents::Bulk)
        .await
        .unwrap();
    let changed = tx.find_webhook_endpoint(newer).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        (changed.url.as_str(), changed.filter, changed.asset_events),
        (url, EventFilter::Only([].into()), AssetEvents::Bulk)
    );
    let kept = "SELECT count(*) FROM webhook_endpoints WHERE kinds LIKE '%asset.teleported%'";
    assert_eq!(bench.database.count_as_superuser(kept).await, 2);
}

async fn a_delivery_that_does_not_decode_is_due_again_and_one_that_is_gone_is_not(bench: Bench) {
    let id = endpoint(&bench, &bench.acme, EventFilter::All).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 1).await;
    let tx = bench.acme().await;
    let gone = DeliveryId::mint().uuid();
    tx.make_due(DueKind::Delivery, &[gone], day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let newer = "UPDATE events SET kind = 'asset.teleported'";
    bench.database.run_as_superuser(newer).await;

    let claims = claim(&bench, 9).await;
    assert_eq!(claims.len(), 2);
    let ids: Vec<_> = claims
        .iter()
        .map(|it| DeliveryId::from_uuid(it.object))
        .collect();
    let leases = claims.into_iter().map(|it| it.lease).collect();
    let again_at = Clock::system_time() + Duration::minutes(1);
    let tx = bench.acme().await;
    assert!(tx.find_deliveries(&ids).await.unwrap().is_empty());
    tx.settle_unread_deliveries(leases, again_at).await.unwrap();
    tx.commit().await.unwrap();

    let due = "SELECT count(*) FROM due WHERE kind = 'delivery'";
    assert_eq!(bench.database.count_as_superuser(due).await, 1);
    assert!(claim(&bench, 9).await.is_empty(), "it is put off");
    let known = "UPDATE events SET kind = 'asset.suspect'";
    bench.database.run_as_superuser(known).await;
    let delivery = listed(&bench, &bench.acme, id).await.remove(0);
    assert_eq!(delivery.status, DeliveryStatus::Pending);
    let claims = bench
        .store
        .claim_due(DueKind::Delivery, again_at, "b", Duration::hours(1), 9)
        .await
        .unwrap();
    let objects: Vec<_> = claims.iter().map(|it| it.object).collect();
    assert_eq!(objects, [delivery.id.uuid()]);
}

async fn an_event_in_bulk_that_does_not_decode_takes_up_no_changes(bench: Bench) {
    let id = endpoint_in_bulk(&bench).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 1).await;
    let damage = "UPDATE events SET data = '{' WHERE kind = 'assets.changed'";
    bench.database.run_as_superuser(damage).await;
    emit(&bench, &bench.acme, EventKind::AssetSuspect, 1).await;
    assert_eq!(listed(&bench, &bench.acme, id).await.len(), 2);
}
