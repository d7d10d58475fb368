//! The move from the keyring to a key service and back, while tokens are read; and what a service that is down or wrong
//! does to calls, to a rotation and to a start. The service is a stub of the transit engine, written from its documentation.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use regrant_api::Server;
use regrant_crypto::{KeyProvider, ProviderKind};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, Error, KekState, Parts, Vault};
use reqwest::Method;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use self::services::{Keys, stub};
use crate::harness::{APP, Fleet, Harness, Options, Tenant, free_address, on_both, problem_code};

pub(super) mod services;

on_both!(
    a_move_from_the_keyring_to_a_service_and_back_fails_no_read,
    a_service_that_is_down_makes_calls_fail_for_a_while_and_not_for_good,
    an_outage_of_the_service_makes_no_data_key_unreadable,
    what_a_service_refuses_to_open_is_in_the_verdict_with_its_reason,
    a_process_does_not_start_with_another_key_under_the_name,
);

#[cfg(feature = "aws-kms")]
on_both!(a_move_from_the_keyring_to_aws_kms_and_back_fails_no_read);

/// A process that serves.
struct Process {
    vault: Vault,
    api: String,
    stop: CancellationToken,
}

pub(super) async fn open(harness: &Harness, provider: KeyProvider) -> Result<Vault, Error> {
    let parts = Parts {
        store: harness.store().await,
        provider,
        graph: harness.graph.clone(),
        clock: harness.clock.clone(),
        settings: harness.vault.settings().clone(),
    };
    Box::pin(Vault::open(parts)).await
}

async fn start(harness: &Harness, provider: KeyProvider) -> Process {
    let vault = open(harness, provider).await.expect("the vault opens");
    vault.announce_until_closed().await.expect("announced");
    let api = regrant_api::Settings::default();
    let server = Server::bind(vault.clone(), free_address(), api).expect("a server");
    let (api, stop) = (
        format!("http://{}", server.addr()),
        CancellationToken::new(),
    );
    tokio::spawn(server.run_until(stop.clone()));
    Process { vault, api, stop }
}

/// Reads tokens at the servers of a list, one after the other.
#[derive(Clone, Default)]
struct Reader {
    servers: Arc<Mutex<Vec<String>>>,
    good: Arc<AtomicU64>,
    failed: Arc<Mutex<Vec<String>>>,
}

impl Reader {
    fn set_servers(&self, servers: &[&Process]) {
        let urls = servers.iter().map(|it| it.api.clone());
        *self.servers.lock().expect("no reader panicked") = urls.collect();
    }

    async fn read_until(self, tenant: Tenant, ids: Vec<String>, stop: CancellationToken) {
        for (n, id) in ids.iter().cycle().enumerate() {
            if stop.is_cancelled() {
                break;
            }
            let servers = self.servers.lock().expect("no reader panicked").clone();
            let server = &servers[n % servers.len()];
            let path = format!("/v1/assets/{id}/token");
            match tenant.at(server).call(Method::GET, &path).send().await {
                Ok(it) if it.status().is_success() => {
                    self.good.fetch_add(1, Ordering::Relaxed);
                }
                other => {
                    let text = format!("{other:?}");
                    self.failed.lock().expect("no reader panicked").push(text);
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn stop(process: Process) {
    // Calls that were sent to it have ended by then.
    tokio::time::sleep(Duration::from_millis(300)).await;
    process.stop.cancel();
    process.vault.shut_down().await;
}

async fn a_move_from_the_keyring_to_a_service_and_back_fails_no_read(database: TestDatabase) {
    move_there_and_back(database, Keys::with_transit().await).await;
}

#[cfg(feature = "aws-kms")]
async fn a_move_from_the_keyring_to_aws_kms_and_back_fails_no_read(database: TestDatabase) {
    move_there_and_back(database, Keys::with_aws_kms().await).await;
}

async fn move_there_and_back(database: TestDatabase, keys: Keys) {
    use ProviderKind::Local;
    let (service, fleet) = (keys.kind(), Fleet::new(1, 3, 0));
    let options = Options {
        provider: keys.provider(Local, &[service]).await,
        ..Options::default()
    };
    let harness = Harness::with(database, &fleet.world(), options).await;
    let tenant = harness.tenant("One").await;
    harness.tenant("Two").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;

    let first = start(&harness, keys.provider(Local, &[service]).await).await;
    let (reader, ended) = (Reader::default(), CancellationToken::new());
    reader.set_servers(&[&first]);
    let reading = reader
        .clone()
        .read_until(tenant.clone(), fleet.ids(), ended.clone());
    let reading = tokio::spawn(reading);

    let second = start(&harness, keys.provider(service, &[Local]).await).await;
    reader.set_servers(&[&first, &second]);
    let rewrapped = second.vault.rewrap_data_keys().await.expect("a pass");
    assert_eq!(rewrapped, 0, "another process wraps with the keyring");
    reader.set_servers(&[&second]);
    stop(first).await;
    let status = second.vault.key_status().await.expect("a status");
    let shown: Vec<_> = status
        .keks
        .iter()
        .map(|it| (it.provider, it.state, it.data_keys))
        .collect();
    assert_eq!(
        shown,
        [
            (service.name(), KekState::Active, 0),
            ("local", KekState::DecryptOnly, 3)
        ]
    );
    assert_eq!(status.to_rewrap, 3);
    assert_eq!(second.vault.rewrap_data_keys().await.expect("a pass"), 3);
    assert!(
        second
            .vault
            .verify_data_keys()
            .await
            .expect("a verdict")
            .is_whole()
    );

    let third = start(&harness, keys.provider(service, &[]).await).await;
    reader.set_servers(&[&second, &third]);
    assert_eq!(
        third.vault.key_status().await.expect("a status").missing,
        []
    );
    let lacking = open(&harness, keys.provider(Local, &[]).await).await;
    let text = regrant_domain::error_chain(&lacking.err().expect("it lacks the service's key"));
    assert!(text.contains("does not hold version 1"), "{text}");

    let fourth = start(&harness, keys.provider(Local, &[service]).await).await;
    reader.set_servers(&[&fourth]);
    stop(second).await;
    stop(third).await;
    assert_eq!(fourth.vault.rewrap_data_keys().await.expect("a pass"), 3);
    let fifth = start(&harness, keys.provider(Local, &[]).await).await;
    reader.set_servers(&[&fifth]);
    stop(fourth).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    ended.cancel();
    reading.await.expect("the reader ends");
    let failed = reader.failed.lock().expect("no reader panicked").clone();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(reader.good.load(Ordering::Relaxed) > 100, "reads went on");
    stop(fifth).await;
}

async fn a_service_that_is_down_makes_calls_fail_for_a_while_and_not_for_good(
    database: TestDatabase,
) {
    let keys = Keys::with_transit().await;
    let options = Options {
        provider: keys.provider(ProviderKind::Transit, &[]).await,
        ..Options::default()
    };
    let harness = Harness::with(database, &Fleet::new(1, 1, 0).world(), options).await;
    let owner = harness.owner().await;
    let order = json!({ "name": "Acme", "app_id": APP });
    for status in [429, 503] {
        keys.stub().engine(|it| it.failing = Some(status));
        let (status, problem) = owner.post("/tenants", &order).await;
        assert_eq!((status, problem_code(&problem)), (503, "keys_unavailable"));
    }
    keys.stub().engine(|it| it.failing = None);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let (status, made) = owner.post("/tenants", &order).await;
    assert_eq!(status, 201, "{made}");
}

/// An installation with three data keys under an older version than the active one, which a service holds.
async fn promote_in_service(database: TestDatabase, keys: &Keys) -> Harness {
    let options = Options {
        provider: keys.provider(ProviderKind::Transit, &[]).await,
        ..Options::default()
    };
    let harness = Harness::with(database, &Fleet::new(1, 1, 0).world(), options).await;
    for name in ["One", "Two"] {
        harness.tenant(name).await;
    }
    let (vault, by) = (&harness.vault, Actor::CommandLine);
    vault.stage_kek(by).await.expect("a staged version");
    vault.promote_kek(by).await.expect("promoted");
    harness
}

async fn an_outage_of_the_service_makes_no_data_key_unreadable(database: TestDatabase) {
    let keys = Keys::with_transit().await;
    let harness = promote_in_service(database, &keys).await;
    keys.stub().engine(|it| it.failing = Some(503));
    let rewrapped = harness.vault.rewrap_data_keys().await;
    assert!(
        matches!(&rewrapped, Err(Error::KeysUnavailable(cause)) if cause.is_retryable()),
        "{rewrapped:?}"
    );
    let verdict = harness.vault.verify_data_keys().await;
    assert!(
        matches!(&verdict, Err(Error::KeysUnavailable(cause)) if cause.is_retryable()),
        "{verdict:?}"
    );
    keys.stub().engine(|it| it.failing = None);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let rewrapped = harness.vault.rewrap_data_keys().await;
    assert_eq!(rewrapped.expect("a pass"), 3);
    let verdict = harness.vault.verify_data_keys().await.expect("a verdict");
    assert!(verdict.is_whole(), "{verdict:?}");
}

async fn what_a_service_refuses_to_open_is_in_the_verdict_with_its_reason(database: TestDatabase) {
    let keys = Keys::with_transit().await;
    let harness = promote_in_service(database, &keys).await;
    keys.stub().engine(|it| it.failing = Some(403));
    let rewrapped = harness.vault.rewrap_data_keys().await;
    assert!(
        matches!(rewrapped, Err(Error::KeysUnavailable(_))),
        "{rewrapped:?}"
    );
    let verdict = harness.vault.verify_data_keys().await.expect("a verdict");
    assert_eq!((verdict.opened, verdict.unreadable), (0, 3));
    let reason = verdict.faults.first().map(|it| it.reason.as_str());
    assert!(
        reason.is_some_and(|it| it.contains("refuses the use of the key")),
        "{reason:?}"
    );
    keys.stub().engine(|it| it.failing = None);
    let rewrapped = harness.vault.rewrap_data_keys().await;
    assert_eq!(rewrapped.expect("a pass"), 3);
}

async fn a_process_does_not_start_with_another_key_under_the_name(database: TestDatabase) {
    let keys = Keys::with_transit().await;
    let options = Options {
        provider: keys.provider(ProviderKind::Transit, &[]).await,
        ..Options::default()
    };
    let harness = Harness::with(database, &Fleet::new(1, 1, 0).world(), options).await;
    let kek = harness.vault.key_status().await.expect("a status").keks[0].kek;
    keys.stub().engine(|it| {
        it.versions
            .values_mut()
            .for_each(|key| *key = stub::random());
    });
    let opened = open(&harness, keys.provider(ProviderKind::Transit, &[]).await).await;
    let text = regrant_domain::error_chain(&opened.err().expect("it is another key"));
    assert!(text.contains(&kek.to_string()), "{text}");
    assert!(text.contains("does not open the data key"), "{text}");
}
