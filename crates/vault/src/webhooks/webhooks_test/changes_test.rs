//! Tests of what happens at the same time: changes, replays and deletes of an endpoint beside attempts that are under way;
//! and of deliveries that this release cannot read.

use std::time::Duration;

use futures_util::future::join_all;
use regrant_domain::{
    EventKind, Timestamp, WebhookEndpointId,
    webhook::{DeliveryStatus, EndpointStatus},
};
use regrant_storage::Delivery;
use regrant_testdb::TestDatabase;

use super::{Consumer, World, soon, verifies};
use crate::{EndpointChange, EndpointView, Error, MintedEndpoint, ReplaySelection, Resource};

impl World {
    /// Delivers at this time; returns how many webhooks were claimed.
    async fn deliver_at(&self, wall: Timestamp) -> usize {
        let delivered = self.vault.deliver_webhooks_at(wall, 10).await;
        delivered.expect("the database answers")
    }

    async fn change(&self, id: WebhookEndpointId, change: EndpointChange) -> EndpointView {
        let changed = self.vault.change_webhook_endpoint(&self.one, id, change);
        changed.await.expect("the endpoint exists")
    }

    async fn change_url(&self, id: WebhookEndpointId, url: &str) -> EndpointView {
        let change = EndpointChange {
            url: Some(url.to_owned()),
            ..EndpointChange::default()
        };
        self.change(id, change).await
    }

    async fn find(&self, id: WebhookEndpointId) -> EndpointView {
        let found = self.vault.find_webhook_endpoint(&self.one, id).await;
        found.expect("the endpoint exists")
    }

    /// Emits eight events to a new endpoint. Its consumer holds the first four, and four wait in the queue of the run.
    async fn hold_four_of_eight(&self, consumer: &Consumer) -> MintedEndpoint {
        consumer.set_status(0);
        let made = self.endpoint(&consumer.url).await;
        for _ in 0..8 {
            self.emit(&self.one, EventKind::AssetExpiring).await;
        }
        assert_eq!(self.deliver_at(soon()).await, 8);
        until_received(consumer, 4).await;
        made
    }

    /// Delivers until none is pending, the oldest first.
    async fn deliver_all(&self, id: WebhookEndpointId) -> Vec<Delivery> {
        for _ in 0..200 {
            self.deliver_at(soon()).await;
            let mut all = self.deliveries(id).await;
            if all.iter().all(|it| it.status != DeliveryStatus::Pending) {
                all.reverse();
                return all;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("deliveries stay pending: {:?}", self.deliveries(id).await);
    }
}

impl Consumer {
    /// Answers what it holds, and all that comes later, with this status.
    fn resume_with(&self, status: u16) {
        self.set_status(status);
        self.resume.notify_waiters();
    }
}

async fn until_received(consumer: &Consumer, n: usize) {
    for _ in 0..200 {
        if consumer.received().len() >= n {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{} of {n} webhooks arrived", consumer.received().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_cannot_be_read_is_sent_once_it_can() {
    for database in TestDatabase::create_all().await {
        let (world, consumer) = (World::on(database).await, Consumer::start().await);
        let id = world.endpoint(&consumer.url).await.endpoint.id;
        for (damage, mend) in [
            (
                "UPDATE events SET kind = 'asset.teleported'",
                "UPDATE events SET kind = 'asset.expiring'",
            ),
            (
                "UPDATE webhook_endpoints SET kinds = '{'",
                "UPDATE webhook_endpoints SET kinds = NULL",
            ),
        ] {
            let before = consumer.received().len();
            world.emit(&world.one, EventKind::AssetExpiring).await;
            world.database.run_as_superuser(damage).await;
            let wall = soon();
            assert_eq!(world.deliver_at(wall).await, 1, "{damage}");
            assert_eq!(world.deliver_at(wall).await, 0, "{damage}: it is put off");
            world.database.run_as_superuser(mend).await;
            assert_eq!(consumer.received().len(), before, "{damage}");
            let later = wall + chrono::Duration::minutes(2);
            assert_eq!(world.deliver_at(later).await, 1, "{damage}");
            assert_eq!(consumer.received().len(), before + 1, "{damage}");
        }
        let all = world.deliveries(id).await;
        let is_delivered = |it: &Delivery| it.status == DeliveryStatus::Delivered;
        assert!(all.len() == 2 && all.iter().all(is_delivered), "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_410_of_an_earlier_url_disables_nothing_and_is_tried_again() {
    for database in TestDatabase::create_all().await {
        let (world, old, new) = (
            World::on(database).await,
            Consumer::start().await,
            Consumer::start().await,
        );
        old.set_status(0);
        let id = world.endpoint(&old.url).await.endpoint.id;
        world.emit(&world.one, EventKind::AssetExpiring).await;
        assert_eq!(world.deliver_at(soon()).await, 1);
        until_received(&old, 1).await;
        world.change_url(id, &new.url).await;
        old.resume_with(410);
        // The run ends first.
        world.vault.shut_down().await;
        let endpoint = world.find(id).await;
        assert_eq!(
            (endpoint.status, endpoint.failing_since),
            (EndpointStatus::Enabled, None)
        );
        let delivery = world.only_delivery(id).await;
        assert_eq!(
            (delivery.status, delivery.response_status),
            (DeliveryStatus::Pending, Some(410))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_url_has_not_failed_yet() {
    for database in TestDatabase::create_all().await {
        let (world, consumer) = (World::on(database).await, Consumer::start().await);
        consumer.set_status(500);
        let id = world.endpoint(&consumer.url).await.endpoint.id;
        world.emit(&world.one, EventKind::AssetExpiring).await;
        assert_eq!(world.deliver_at(soon()).await, 1);
        let since = world.find(id).await.failing_since;
        assert!(since.is_some());
        let same = world.change_url(id, &consumer.url).await;
        assert_eq!(same.failing_since, since);
        let other = world.change_url(id, &format!("{}2", consumer.url)).await;
        assert_eq!(other.failing_since, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_ended_does_not_sign_what_waits_to_be_sent() {
    for database in TestDatabase::create_all().await {
        let (world, consumer) = (World::on(database).await, Consumer::start().await);
        let made = world.hold_four_of_eight(&consumer).await;
        let (id, old) = (made.endpoint.id, made.secret.unwrap().expose_text());
        let rotated = world
            .vault
            .rotate_webhook_secret(&world.one, id, Duration::ZERO, None)
            .await
            .unwrap();
        let new = rotated.secret.unwrap().expose_text();
        consumer.resume_with(200);
        let all = world.deliver_all(id).await;
        assert_eq!(all.len(), 8);
        let received = consumer.received();
        let (before, after) = received.split_at(4);
        assert_eq!(after.len(), 4);
        assert!(before.iter().all(|it| verifies(&old, it) == [true]));
        assert!(after.iter().all(|it| verifies(&new, it) == [true]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_endpoint_gets_nothing_of_what_waits_to_be_sent() {
    for database in TestDatabase::create_all().await {
        let (world, consumer) = (World::on(database).await, Consumer::start().await);
        let id = world.hold_four_of_eight(&consumer).await.endpoint.id;
        let disable = EndpointChange {
            status: Some(EndpointStatus::Disabled),
            ..EndpointChange::default()
        };
        world.change(id, disable).await;
        consumer.resume_with(200);
        let all = world.deliver_all(id).await;
        let statuses: Vec<_> = all.iter().map(|it| it.status).collect();
        let (sent, waiting) = (DeliveryStatus::Delivered, DeliveryStatus::Failed);
        assert_eq!(statuses, [[sent; 4], [waiting; 4]].concat());
        assert_eq!(consumer.received().len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_during_an_attempt_is_sent_too() {
    for database in TestDatabase::create_all().await {
        let (world, consumer) = (World::on(database).await, Consumer::start().await);
        consumer.set_status(0);
        let id = world.endpoint(&consumer.url).await.endpoint.id;
        world.emit(&world.one, EventKind::AssetExpiring).await;
        assert_eq!(world.deliver_at(soon()).await, 1);
        until_received(&consumer, 1).await;
        let event = world.only_delivery(id).await.event_id;
        let replay = ReplaySelection::Event(event);
        let replayed = world.vault.replay_webhooks(&world.one, id, replay, None);
        assert_eq!(replayed.await.unwrap(), 1);
        consumer.resume_with(200);
        let all = world.deliver_all(id).await;
        assert_eq!(
            (all[0].status, all[0].attempts),
            (DeliveryStatus::Delivered, 1)
        );
        let ids: Vec<_> = consumer.received().into_iter().map(|it| it.id).collect();
        assert_eq!(ids, [event.to_string(), event.to_string()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_of_one_event_at_the_same_time_are_one_delivery_and_none_fails_beside_a_delete() {
    for database in TestDatabase::create_all().await {
        let (world, consumer) = (World::on(database).await, Consumer::start().await);
        let first = world.endpoint(&consumer.url).await.endpoint.id;
        let vault = &world.vault;
        let event = vault.test_webhook_endpoint(&world.one, first, None).await;
        let replay = ReplaySelection::Event(event.unwrap());
        // An endpoint that never had the event: the replay inserts the delivery.
        let id = world.endpoint(&consumer.url).await.endpoint.id;
        let replays = || {
            let one = |_| vault.replay_webhooks(&world.one, id, replay, None);
            join_all((0..8).map(one))
        };
        for replayed in replays().await {
            assert_eq!(replayed.unwrap(), 1);
        }
        world.only_delivery(id).await;

        let tests = (0..4).map(|_| vault.test_webhook_endpoint(&world.one, id, None));
        let (replayed, tested, deleted) = tokio::join!(
            replays(),
            join_all(tests),
            vault.delete_webhook_endpoint(&world.one, id)
        );
        deleted.unwrap();
        let errors = replayed.into_iter().filter_map(Result::err);
        for error in errors.chain(tested.into_iter().filter_map(Result::err)) {
            assert!(
                matches!(error, Error::NotFound(Resource::WebhookEndpoint)),
                "{error:?}"
            );
        }
    }
}
