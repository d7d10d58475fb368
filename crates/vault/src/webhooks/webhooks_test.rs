//! Tests of webhooks from the event to a consumer on loopback. Days pass by setting the system time of a round.

mod changes_test;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use regrant_crypto::{KeyProvider, Keyring};
use regrant_domain::{
    AppId, AppSecret, Clock, EventId, EventKind, Permissions, Timestamp, WebhookEndpointId,
    webhook::{
        AssetEvents, DeliveryStatus, DisabledReason, EndpointStatus, EventFilter,
        pause_after_attempt,
    },
};
use regrant_storage::{Delivery, DueKind, NewEvent, Store};
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::{
    Actor, Conflict, DeliveryQuery, EndpointChange, Error, MintedEndpoint, NewApp, NewEndpoint,
    NewTenantSpec, Parts, Principal, ReplaySelection, Resource, Settings, Vault, WebhookSettings,
};

/// A request that a consumer received.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Received {
    id: String,
    timestamp: i64,
    signature: String,
    body: Vec<u8>,
}

/// A tenant's consumer on loopback.
struct Consumer {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
    status: Arc<AtomicU16>,
    retry_after: Arc<AtomicUsize>,
    /// While the status is 0, responses wait for this.
    resume: Arc<Notify>,
}

impl Consumer {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let it = Self {
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
            received: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            retry_after: Arc::default(),
            resume: Arc::default(),
        };
        let shared = (
            it.received.clone(),
            it.status.clone(),
            it.retry_after.clone(),
            it.resume.clone(),
        );
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (received, status, retry_after, resume) = shared.clone();
                tokio::spawn(async move {
                    respond(stream, &received, &status, &retry_after, &resume).await;
                });
            }
        });
        it
    }

    fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn respond(
    mut stream: TcpStream,
    received: &Mutex<Vec<Received>>,
    status: &AtomicU16,
    retry_after: &AtomicUsize,
    resume: &Notify,
) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    received.lock().unwrap().push(request);
    if status.load(Ordering::SeqCst) == 0 {
        resume.notified().await;
    }
    let status = status.load(Ordering::SeqCst).max(200);
    let seconds = retry_after.load(Ordering::SeqCst);
    let head = format!(
        "HTTP/1.1 {status} Response\r\nRetry-After: {seconds}\r\nContent-Length: 0\r\n\r\n"
    );
    let _sent = stream.write_all(head.as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let n = stream.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&chunk[..n]);
        let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec())
            .unwrap()
            .to_lowercase();
        let lines = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let header = |name: &str| {
            let line = lines
                .lines()
                .find(|it| it.to_lowercase().starts_with(&format!("{name}: ")))?;
            Some(line.split_once(": ")?.1.to_owned())
        };
        assert!(head.starts_with("post /hook ") && header("content-type")? == "application/json");
        let length: usize = header("content-length")?.parse().unwrap();
        if bytes.len() >= end + 4 + length {
            return Some(Received {
                id: header("webhook-id")?,
                timestamp: header("webhook-timestamp")?.parse().unwrap(),
                signature: header("webhook-signature")?,
                body: bytes[end + 4..].to_vec(),
            });
        }
    }
}

/// HMAC-SHA256 as written in RFC 2104, independent of the code that signs.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = key.to_vec();
    block.resize(64, 0);
    let padded = |with: u8| block.iter().map(|it| it ^ with).collect::<Vec<_>>();
    let inner = Sha256::digest([padded(0x36).as_slice(), message].concat());
    Sha256::digest([padded(0x5c).as_slice(), &inner].concat()).to_vec()
}

/// For each signature of a request: whether it is valid under the secret, given in the form the tenant received.
fn verifies(secret: &str, it: &Received) -> Vec<bool> {
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let signed = [format!("{}.{}.", it.id, it.timestamp).as_bytes(), &it.body].concat();
    let good = format!("v1,{}", STANDARD.encode(hmac(&key, &signed)));
    it.signature.split(' ').map(|it| it == good).collect()
}

struct World {
    vault: Vault,
    one: Principal,
    two: Principal,
    database: TestDatabase,
}

impl World {
    async fn on(database: TestDatabase) -> Self {
        let url = database.url().to_owned();
        let busy_timeout = Duration::from_secs(10);
        let store = regrant_storage::Settings {
            url,
            max_connections: 12,
            acquire_timeout: Duration::from_secs(10),
            busy_timeout,
        };
        let webhooks = regrant_webhook::Settings {
            allow_loopback: true,
            timeout: Duration::from_secs(4),
            ..regrant_webhook::Settings::default()
        };
        let clock = Clock::System;
        let parts = Parts {
            store: Store::connect(&store).await.unwrap(),
            provider: KeyProvider::from(Keyring::in_memory().unwrap()),
            graph: regrant_graph::Client::new(regrant_graph::Settings::default(), clock.clone())
                .unwrap(),
            clock,
            settings: Settings {
                webhooks: WebhookSettings {
                    sender: webhooks,
                    ..WebhookSettings::default()
                },
                ..Settings::default()
            },
        };
        let vault = Vault::open(parts).await.unwrap();
        let (id, secret): (AppId, _) = (
            "1".parse().unwrap(),
            AppSecret::parse("secret".to_owned()).unwrap(),
        );
        let app = NewApp {
            id: id.clone(),
            name: "App".to_owned(),
            secret,
            verify_token: None,
        };
        vault
            .create_app(Actor::CommandLine, app, None)
            .await
            .unwrap();
        let (one, two) = (
            caller(&vault, &id, "One").await,
            caller(&vault, &id, "Two").await,
        );
        Self {
            vault,
            one,
            two,
            database,
        }
    }

    async fn sqlite() -> Self {
        Self::on(TestDatabase::create_sqlite().await).await
    }

    async fn endpoint(&self, url: &str) -> MintedEndpoint {
        let new = NewEndpoint {
            url: url.to_owned(),
            filter: EventFilter::All,
            asset_events: AssetEvents::Single,
        };
        self.vault
            .create_webhook_endpoint(&self.one, new, None)
            .await
            .unwrap()
    }

    /// Writes an event in a transaction of its own.
    async fn emit(&self, caller: &Principal, kind: EventKind) {
        let event = NewEvent {
            kind,
            subject: "7".to_owned(),
            data: json!({ "asset_id": "7", "n": 1 }),
        };
        let tx = self.vault.store.begin(&caller.scope).await.unwrap();
        tx.emit_events(&[event], self.vault.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn deliveries(&self, id: WebhookEndpointId) -> Vec<Delivery> {
        let list = self
            .vault
            .list_deliveries(&self.one, id, DeliveryQuery::default(), 200)
            .await;
        list.unwrap().data
    }

    async fn only_delivery(&self, id: WebhookEndpointId) -> Delivery {
        let mut all = self.deliveries(id).await;
        assert_eq!(all.len(), 1);
        all.remove(0)
    }
}

async fn caller(vault: &Vault, app: &AppId, name: &str) -> Principal {
    let onboarded = vault
        .create_tenant(
            Actor::CommandLine,
            NewTenantSpec::with_scopes(name, app.clone(), Permissions::all()),
            None,
        )
        .await
        .unwrap();
    let log_in =
        crate::ClientLogIn::from_localhost(onboarded.client.id, onboarded.secret.as_ref().unwrap());
    let client = vault.authenticate_client(log_in).await.unwrap();
    let token = vault.issue_token(&client, None, None).await.unwrap();
    vault
        .authenticate_request(crate::RequestCredentials::from_localhost(
            &token.access_token,
        ))
        .await
        .unwrap()
}

/// The next whole second, so that a signature's timestamp equals the time of the attempt.
fn soon() -> Timestamp {
    Timestamp::from_timestamp(Clock::system_time().timestamp() + 1, 0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_signed_and_two_secrets_sign_during_an_overlap() {
    for database in TestDatabase::create_all().await {
        let (world, consumer) = (World::on(database).await, Consumer::start().await);
        let made = world.endpoint(&consumer.url).await;
        let id = made.endpoint.id;
        let old = made.secret.as_ref().unwrap().expose_text();
        let rotated = world
            .vault
            .rotate_webhook_secret(&world.one, id, Duration::from_hours(1), None)
            .await
            .unwrap();
        let new = rotated.secret.as_ref().unwrap().expose_text();
        let again = world
            .vault
            .rotate_webhook_secret(&world.one, id, Duration::from_hours(1), None)
            .await;
        assert!(matches!(
            again.map(drop),
            Err(Error::Conflict(Conflict::SecretOverlapOpen(_)))
        ));
        let wall = soon();
        world.emit(&world.one, EventKind::AssetExpiring).await;
        assert_eq!(world.vault.deliver_webhooks_at(wall, 10).await.unwrap(), 1);
        world.emit(&world.one, EventKind::AssetExpiring).await;
        let later = wall + chrono::Duration::hours(2);
        assert_eq!(world.vault.deliver_webhooks_at(later, 10).await.unwrap(), 1);

        let received = consumer.received();
        let [first, second] = received.as_slice() else {
            panic!("{received:?}")
        };
        assert_eq!(
            (verifies(&new, first), verifies(&old, first)),
            (vec![true, false], vec![false, true])
        );
        assert_eq!(
            (verifies(&new, second), verifies(&old, second)),
            (vec![true], vec![false])
        );
        assert_eq!(
            (first.timestamp, second.timestamp),
            (wall.timestamp(), later.timestamp())
        );
        let tampered = Received {
            body: [first.body.as_slice(), b" "].concat(),
            ..first.clone()
        };
        assert_eq!(verifies(&new, &tampered), [false, false]);

        let body: Value = serde_json::from_slice(&first.body).unwrap();
        assert_eq!(
            (&body["type"], &body["data"]["asset_id"]),
            (&json!("asset.expiring"), &json!("7"))
        );
        assert!(
            !first.body.contains(&b'\n') && !first.body.windows(2).any(|it| it == b": "),
            "the body has no whitespace"
        );
        let delivered = world.deliveries(id).await;
        assert!(
            delivered
                .iter()
                .all(|it| it.status == DeliveryStatus::Delivered && it.attempts == 1)
        );
        assert!(
            delivered
                .iter()
                .any(|it| it.event_id.to_string() == first.id)
        );

        let at_once = world
            .vault
            .rotate_webhook_secret(&world.one, id, Duration::ZERO, None)
            .await
            .unwrap();
        assert_eq!(at_once.endpoint.older_secret_until, None);
        world.emit(&world.one, EventKind::AssetExpiring).await;
        world.vault.deliver_webhooks_at(soon(), 10).await.unwrap();
        let last = consumer.received().pop().unwrap();
        assert_eq!(
            (
                verifies(&at_once.secret.as_ref().unwrap().expose_text(), &last),
                verifies(&new, &last)
            ),
            (vec![true], vec![false])
        );
        assert_no_secret_stored(
            &world,
            &[&old, &new, &at_once.secret.as_ref().unwrap().expose_text()],
        )
        .await;
    }
}

/// Checks that the database contains no secret, neither as text nor as bytes.
async fn assert_no_secret_stored(world: &World, secrets: &[&str]) {
    for (name, bytes) in world.database.read_contents().await {
        for secret in secrets {
            let key = STANDARD
                .decode(secret.strip_prefix("whsec_").unwrap())
                .unwrap();
            for form in [secret.as_bytes(), &secret.as_bytes()[6..48], &key] {
                assert!(
                    !bytes.windows(form.len()).any(|it| it == form),
                    "{name} contains a secret"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::too_many_lines,
    reason = "one story, whose steps depend on each other"
)]
async fn a_webhook_is_attempted_ten_times_and_its_endpoint_is_disabled_after_five_days() {
    for database in TestDatabase::create_all().await {
        let (world, consumer) = (World::on(database).await, Consumer::start().await);
        consumer.set_status(500);
        let id = world.endpoint(&consumer.url).await.endpoint.id;
        world.emit(&world.one, EventKind::AssetDisconnected).await;
        let start = soon();
        let mut wall = start;
        for attempt in 1..=10 {
            assert_eq!(
                world
                    .vault
                    .deliver_webhooks_at(wall - chrono::Duration::seconds(1), 10)
                    .await
                    .unwrap(),
                0
            );
            assert_eq!(
                world.vault.deliver_webhooks_at(wall, 10).await.unwrap(),
                1,
                "attempt {attempt}"
            );
            let delivery = world.only_delivery(id).await;
            assert_eq!(
                (delivery.attempts, delivery.response_status),
                (attempt, Some(500))
            );
            assert_eq!(delivery.error.as_deref(), Some("answered 500"));
            let Some(next) = delivery.next_at else { break };
            let pause = (next - wall).to_std().unwrap();
            let bounds = (
                pause_after_attempt(attempt, None, 0).unwrap(),
                pause_after_attempt(attempt, None, 255).unwrap(),
            );
            assert!(
                pause >= bounds.0 && pause <= bounds.1 + Duration::from_secs(3),
                "{attempt}: {pause:?}"
            );
            wall = Timestamp::from_timestamp(next.timestamp() + 1, 0).unwrap();
        }
        let delivery = world.only_delivery(id).await;
        assert_eq!(
            (delivery.status, delivery.attempts),
            (DeliveryStatus::Failed, 10)
        );
        let took = wall - start;
        assert!(
            took > chrono::Duration::days(3) && took < chrono::Duration::days(4),
            "{took}"
        );
        let received = consumer.received();
        assert_eq!(received.len(), 10);
        assert!(
            received
                .iter()
                .all(|it| (&it.id, &it.body) == (&received[0].id, &received[0].body))
        );
        assert!(
            received.is_sorted_by(|a, b| a.timestamp < b.timestamp),
            "each attempt is signed with its own time"
        );

        world.emit(&world.one, EventKind::AssetRecovered).await;
        world
            .vault
            .deliver_webhooks_at(start + chrono::Duration::days(6), 10)
            .await
            .unwrap();
        let endpoint = world
            .vault
            .find_webhook_endpoint(&world.one, id)
            .await
            .unwrap();
        assert_eq!(
            endpoint.disabled.map(|(why, _)| why),
            Some(DisabledReason::Failing)
        );
        let audited = |(_, it): &(String, Vec<u8>)| {
            it.windows(25).any(|it| it == b"webhook_endpoint.disabled")
        };
        assert!(world.database.read_contents().await.iter().any(audited));

        // A disabled endpoint gets no new deliveries, and its pending ones fail.
        world.emit(&world.one, EventKind::AssetExpiring).await;
        world
            .vault
            .deliver_webhooks_at(start + chrono::Duration::days(7), 10)
            .await
            .unwrap();
        assert_eq!(world.deliveries(id).await.len(), 2);
        let test = world
            .vault
            .test_webhook_endpoint(&world.one, id, None)
            .await;
        assert!(matches!(
            test,
            Err(Error::Conflict(Conflict::EndpointDisabled))
        ));

        consumer.set_status(204);
        let enable = EndpointChange {
            status: Some(EndpointStatus::Enabled),
            ..EndpointChange::default()
        };
        let endpoint = world
            .vault
            .change_webhook_endpoint(&world.one, id, enable)
            .await
            .unwrap();
        assert_eq!((endpoint.disabled, endpoint.failing_since), (None, None));
        let since = ReplaySelection::FailedSince(start - chrono::Duration::hours(1));
        assert_eq!(
            world
                .vault
                .replay_webhooks(&world.one, id, since, None)
                .await
                .unwrap(),
            2
        );
        world.vault.deliver_webhooks_at(soon(), 10).await.unwrap();
        let all = world.deliveries(id).await;
        assert!(
            all.iter()
                .all(|it| it.status == DeliveryStatus::Delivered && it.attempts == 1),
            "{all:?}"
        );
        assert_eq!(consumer.received().len(), 13);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_410_disables_the_endpoint_and_retry_after_delays_the_next_attempt() {
    let (world, gone, busy) = (
        World::sqlite().await,
        Consumer::start().await,
        Consumer::start().await,
    );
    gone.set_status(410);
    busy.set_status(429);
    busy.retry_after.store(3_600, Ordering::SeqCst);
    let (gone, busy_at) = (
        world.endpoint(&gone.url).await.endpoint.id,
        world.endpoint(&busy.url).await.endpoint.id,
    );
    world.emit(&world.one, EventKind::AssetExpiring).await;
    let wall = soon();
    assert_eq!(world.vault.deliver_webhooks_at(wall, 10).await.unwrap(), 2);
    let endpoint = world
        .vault
        .find_webhook_endpoint(&world.one, gone)
        .await
        .unwrap();
    assert_eq!(
        endpoint.disabled.map(|(why, _)| why),
        Some(DisabledReason::Gone)
    );
    assert_eq!(
        world.only_delivery(gone).await.status,
        DeliveryStatus::Failed
    );
    let pause = world.only_delivery(busy_at).await.next_at.unwrap() - wall;
    assert!((3_600..3_605).contains(&pause.num_seconds()), "{pause}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_hangs_does_not_delay_another() {
    let (world, slow, quick) = (
        World::sqlite().await,
        Consumer::start().await,
        Consumer::start().await,
    );
    slow.set_status(0);
    let hanging = world.endpoint(&slow.url).await.endpoint.id;
    for _ in 0..30 {
        world.emit(&world.one, EventKind::AssetExpiring).await;
    }
    world.endpoint(&quick.url).await;
    for _ in 0..10 {
        world.emit(&world.one, EventKind::AssetRecovered).await;
    }
    let mut rounds = 0;
    while quick.received().len() < 10 {
        rounds += 1;
        assert!(
            rounds <= 6,
            "{} of 10 after {rounds} rounds",
            quick.received().len()
        );
        world.vault.deliver_webhooks_at(soon(), 8).await.unwrap();
    }
    assert!(
        (1..=4).contains(&slow.received().len()),
        "the slow consumer holds only its own permits"
    );
    assert!(
        world
            .deliveries(hanging)
            .await
            .iter()
            .all(|it| it.status == DeliveryStatus::Pending)
    );
    slow.resume.notify_waiters();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_lease_was_taken_over_settles_nothing() {
    for database in TestDatabase::create_all().await {
        let (world, consumer) = (World::on(database).await, Consumer::start().await);
        consumer.set_status(0);
        let id = world.endpoint(&consumer.url).await.endpoint.id;
        world.emit(&world.one, EventKind::AssetExpiring).await;
        let wall = soon();
        assert_eq!(
            world.vault.deliver_webhooks_at(wall, 10).await.unwrap(),
            1,
            "the round returns before the consumer responds"
        );
        assert_eq!(consumer.received().len(), 1);
        let (later, hour) = (
            wall + chrono::Duration::hours(1),
            chrono::Duration::hours(1),
        );
        let claims = world
            .vault
            .store
            .claim_due(DueKind::Delivery, later, "another", hour, 10)
            .await
            .unwrap();
        assert_eq!(claims.len(), 1);
        consumer.set_status(200);
        consumer.resume.notify_waiters();
        world.vault.shut_down().await;
        let delivery = world.only_delivery(id).await;
        assert_eq!(
            (delivery.status, delivery.attempts),
            (DeliveryStatus::Pending, 0)
        );
        let tx = world.vault.store.begin(&world.one.scope).await.unwrap();
        tx.hold_lease(&claims[0].lease).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::too_many_lines,
    reason = "one story, whose steps depend on each other"
)]
async fn an_endpoint_receives_only_its_tenants_events_that_its_filter_allows() {
    for database in TestDatabase::create_all().await {
        let (world, mine, theirs) = (
            World::on(database).await,
            Consumer::start().await,
            Consumer::start().await,
        );
        let only = EventFilter::Only([EventKind::AssetExpiring].into());
        let new = NewEndpoint {
            url: mine.url.clone(),
            filter: only,
            asset_events: AssetEvents::Single,
        };
        let id = world
            .vault
            .create_webhook_endpoint(&world.one, new, None)
            .await
            .unwrap()
            .endpoint
            .id;
        let new = NewEndpoint {
            url: theirs.url.clone(),
            filter: EventFilter::All,
            asset_events: AssetEvents::Single,
        };
        world
            .vault
            .create_webhook_endpoint(&world.two, new, None)
            .await
            .unwrap();
        for kind in [EventKind::AssetExpiring, EventKind::AssetRecovered] {
            world.emit(&world.one, kind).await;
        }
        world.emit(&world.two, EventKind::ForecastChanged).await;
        let test = world
            .vault
            .test_webhook_endpoint(&world.one, id, None)
            .await
            .unwrap();
        world.vault.deliver_webhooks_at(soon(), 10).await.unwrap();
        let kinds = |it: &Consumer| {
            let body = |it: Received| {
                serde_json::from_slice::<Value>(&it.body).unwrap()["type"].to_string()
            };
            let mut kinds: Vec<_> = it.received().into_iter().map(body).collect();
            kinds.sort();
            kinds
        };
        assert_eq!(kinds(&mine), ["\"asset.expiring\"", "\"webhook.test\""]);
        assert_eq!(kinds(&theirs), ["\"forecast.changed\""]);

        let vault = &world.vault;
        let missing =
            |it: Option<Error>| matches!(it, Some(Error::NotFound(Resource::WebhookEndpoint)));
        assert!(missing(
            vault.find_webhook_endpoint(&world.two, id).await.err()
        ));
        assert!(missing(
            vault
                .test_webhook_endpoint(&world.two, id, None)
                .await
                .err()
        ));
        assert!(missing(
            vault
                .rotate_webhook_secret(&world.two, id, Duration::ZERO, None)
                .await
                .err()
        ));
        assert!(missing(
            vault
                .list_deliveries(&world.two, id, DeliveryQuery::default(), 9)
                .await
                .err()
        ));
        assert!(missing(
            vault
                .replay_webhooks(&world.two, id, ReplaySelection::Event(test), None)
                .await
                .err()
        ));
        assert!(missing(
            vault
                .change_webhook_endpoint(&world.two, id, EndpointChange::default())
                .await
                .err()
        ));
        assert!(missing(
            vault.delete_webhook_endpoint(&world.two, id).await.err()
        ));
        assert_eq!(
            vault
                .list_webhook_endpoints(&world.two)
                .await
                .unwrap()
                .len(),
            1
        );

        assert_eq!(
            vault
                .replay_webhooks(&world.one, id, ReplaySelection::Event(test), None)
                .await
                .unwrap(),
            1
        );
        let unknown = vault
            .replay_webhooks(
                &world.one,
                id,
                ReplaySelection::Event(EventId::mint()),
                None,
            )
            .await;
        assert!(matches!(unknown, Err(Error::NotFound(Resource::Event))));
        world.emit(&world.one, EventKind::AssetExpiring).await;
        vault.delete_webhook_endpoint(&world.one, id).await.unwrap();
        assert_eq!(
            vault.deliver_webhooks_at(soon(), 10).await.unwrap(),
            0,
            "the pending deliveries are deleted"
        );
        assert_eq!(mine.received().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forbidden_url_is_refused_and_endpoints_are_limited() {
    let world = World::sqlite().await;
    for url in [
        "http://hooks.example.com/",
        "https://10.0.0.1/",
        "https://u:p@hooks.example.com/",
        "nonsense",
    ] {
        let new = NewEndpoint {
            url: url.to_owned(),
            filter: EventFilter::All,
            asset_events: AssetEvents::Single,
        };
        let refused = world
            .vault
            .create_webhook_endpoint(&world.one, new, None)
            .await
            .err();
        assert!(
            matches!(refused, Some(Error::Invalid { field, .. }) if field == "url"),
            "{url}"
        );
    }
    for n in 0..20 {
        world
            .endpoint(&format!("https://hooks.example.com/{n}"))
            .await;
    }
    let new = NewEndpoint {
        url: "https://hooks.example.com/".to_owned(),
        filter: EventFilter::All,
        asset_events: AssetEvents::Single,
    };
    let refused = world
        .vault
        .create_webhook_endpoint(&world.one, new, None)
        .await
        .err();
    assert!(matches!(
        refused,
        Some(Error::Conflict(Conflict::EndpointLimit(20)))
    ));
}
