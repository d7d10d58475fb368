//! The transit engine, by a stub of its documentation.

#[path = "transit/stub.rs"]
mod stub;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use regrant_crypto::{
    KekState, KeyProvider, KeyService as _, KeySource, ProviderError, ProviderKind,
};
use regrant_providers::{Transit, TransitSettings};
use zeroize::Zeroizing;

use crate::{
    conformance::{Bench, Rotation, assert_same, check_provider, data_key, unwrap},
    faults::{Cell, Fault, FaultyBench, cells},
};
use stub::{Misbehaviour, Stub, random};

fn settings(stub: &Stub, token: &Arc<Mutex<String>>) -> TransitSettings {
    let token = Arc::clone(token);
    TransitSettings {
        address: stub.url.parse().unwrap(),
        mount: "transit".to_owned(),
        key: "regrant".to_owned(),
        namespace: None,
        ca_certificate: None,
        read_token: Box::new(move || Ok(Zeroizing::new(token.lock().unwrap().clone()))),
    }
}

fn token(text: &str) -> Arc<Mutex<String>> {
    Arc::new(Mutex::new(text.to_owned()))
}

async fn connect(stub: &Stub) -> Transit {
    Transit::connect(settings(stub, &token("first")))
        .await
        .unwrap()
}

fn provider(transit: Transit) -> KeyProvider {
    let source = KeySource::of_service(Arc::new(transit), "test".to_owned());
    KeyProvider::new(source, Vec::new())
}

impl Bench for Stub {
    const KIND: ProviderKind = ProviderKind::Transit;
    const ROTATION: Rotation = Rotation::Versions;

    async fn source(&self, environment: &str) -> KeySource {
        KeySource::of_service(Arc::new(connect(self).await), environment.to_owned())
    }

    async fn set_down(&self, down: bool) -> bool {
        self.engine(|it| it.failing = down.then_some(503));
        true
    }

    async fn replace_key(&self) -> bool {
        self.engine(|it| it.versions.values_mut().for_each(|key| *key = random()));
        true
    }

    async fn remove_key(&self) -> bool {
        self.engine(|it| it.versions.clear());
        true
    }
}

impl FaultyBench for Stub {
    fn cell(fault: Fault) -> Cell {
        match fault {
            Fault::Denied | Fault::WrongKey | Fault::Deleted => Cell::Refusal,
            _ => Cell::Outage,
        }
    }

    async fn begin(&self, fault: Fault) {
        self.engine(|it| match fault {
            Fault::Timeout => it.misbehaviour = Some(Misbehaviour::Delay(Duration::MAX)),
            Fault::Slow => it.misbehaviour = Some(Misbehaviour::Delay(Duration::from_secs(30))),
            Fault::Restart => it.misbehaviour = Some(Misbehaviour::Disconnect),
            Fault::Garbage => it.misbehaviour = Some(Misbehaviour::Garbage),
            Fault::Throttle => it.failing = Some(429),
            Fault::Denied => it.failing = Some(403),
            Fault::WrongKey => it.hide_versions(|_| random()),
            Fault::Deleted => {
                it.hide_versions(|key| *key);
                it.versions.clear();
            }
        });
    }

    async fn end(&self, fault: Fault) {
        self.engine(|it| match fault {
            Fault::WrongKey | Fault::Deleted => it.restore_versions(),
            _ => (it.misbehaviour, it.failing) = (None, None),
        });
    }
}

async fn start_for_cell(_test: &str) -> Option<Stub> {
    Some(Stub::start().await)
}

cells!();

#[tokio::test]
async fn the_transit_engine_conforms() {
    check_provider(&Stub::start().await).await;
}

#[tokio::test]
async fn a_token_is_renewed_after_two_thirds_of_its_life() {
    let stub = Stub::start().await;
    stub.engine(|it| it.ttl = 3);
    let _transit = connect(&stub).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(stub.engine(|it| it.renewals), 1, "at the start");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(stub.engine(|it| it.renewals), 2, "after two seconds");
}

#[tokio::test]
async fn a_token_that_was_replaced_in_its_file_is_read_again() {
    let (stub, file) = (Stub::start().await, token("first"));
    let provider = provider(Transit::connect(settings(&stub, &file)).await.unwrap());
    let key = data_key();
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    stub.engine(|it| it.token = "second".to_owned());
    let refused = unwrap(&provider, &key, &wrapped).await.unwrap_err();
    assert!(matches!(refused, ProviderError::Denied { .. }), "{refused}");
    *file.lock().unwrap() = "second".to_owned();
    assert_same(&key, &unwrap(&provider, &key, &wrapped).await.unwrap());
}

#[tokio::test]
async fn a_service_that_is_down_is_tried_three_times_and_then_rests() {
    let stub = Stub::start().await;
    let (provider, key) = (provider(connect(&stub).await), data_key());
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    for status in [429, 500, 503] {
        stub.engine(|it| it.failing = Some(status));
        for _ in 0..20 {
            let refused = unwrap(&provider, &key, &wrapped).await.unwrap_err();
            assert!(refused.is_retryable(), "{status}: {refused}");
        }
        stub.engine(|it| it.failing = None);
        let rests = unwrap(&provider, &key, &wrapped).await.unwrap_err();
        assert!(rests.is_retryable(), "it rests for a second");
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        assert_same(&key, &unwrap(&provider, &key, &wrapped).await.unwrap());
    }
    assert_eq!(
        stub.engine(|it| it.failures),
        9,
        "three tries for each outage"
    );
}

#[tokio::test]
async fn a_version_whose_trim_failed_is_not_destroyed_until_it_is_trimmed() {
    let stub = Stub::start().await;
    let (transit, key) = (connect(&stub).await, data_key());
    let old = transit.list_keks()[0].kek;
    let state_of_old = |transit: &Transit| {
        let keks = transit.list_keks();
        keks.iter().find(|it| it.kek == old).map(|it| it.state)
    };
    let wrapped = provider(connect(&stub).await)
        .wrap_data_key(&key)
        .await
        .unwrap();
    let staged = transit.stage_kek().await.unwrap();
    transit.promote_kek(staged).await.unwrap();
    stub.engine(|it| it.failing_trims = Some(403));
    let refused = transit.destroy_kek(old).await.unwrap_err();
    assert!(matches!(refused, ProviderError::Denied { .. }), "{refused}");
    for transit in [&transit, &connect(&stub).await] {
        transit.refresh(regrant_crypto::Refresh::Now).await.unwrap();
        assert_eq!(state_of_old(transit), Some(KekState::DecryptOnly));
    }
    assert_eq!(stub.engine(|it| it.versions.len()), 2, "in the archive");
    let opened = unwrap(&provider(connect(&stub).await), &key, &wrapped).await;
    assert_eq!(opened.err(), Some(ProviderError::UnknownKek(old)));
    stub.engine(|it| it.failing_trims = None);
    transit.destroy_kek(old).await.unwrap();
    assert_eq!(state_of_old(&transit), Some(KekState::Destroyed));
    assert_eq!(stub.engine(|it| it.versions.len()), 1);
}

#[tokio::test]
async fn a_version_that_was_archived_by_hand_is_not_brought_back_by_a_destruction() {
    let stub = Stub::start().await;
    let transit = connect(&stub).await;
    let old = transit.list_keks()[0].kek;
    for _ in 0..2 {
        let staged = transit.stage_kek().await.unwrap();
        transit.promote_kek(staged).await.unwrap();
    }
    stub.engine(|it| it.min_decryption = 3);
    let second = regrant_crypto::KekRef { version: 2, ..old };
    let refused = transit.check_destruction(second).unwrap_err();
    assert!(
        matches!(refused, ProviderError::Unsupported(_)),
        "{refused}"
    );
    transit.check_destruction(old).unwrap();
    transit.destroy_kek(old).await.unwrap();
    let limits = stub.engine(|it| (it.min_available, it.min_decryption));
    assert_eq!(limits, (2, 3));
    transit.destroy_kek(second).await.unwrap();
    assert_eq!(stub.engine(|it| it.versions.len()), 1);
}

#[tokio::test]
async fn a_version_that_was_rotated_elsewhere_opens_after_one_refresh() {
    let stub = Stub::start().await;
    let (one, other) = (provider(connect(&stub).await), connect(&stub).await);
    let staged = other.stage_kek().await.unwrap();
    other.promote_kek(staged).await.unwrap();
    let key = data_key();
    let wrapped = provider(other).wrap_data_key(&key).await.unwrap();
    let unknown = unwrap(&one, &key, &wrapped).await.unwrap_err();
    assert_eq!(unknown, ProviderError::UnknownKek(staged));
    assert!(one.refresh(regrant_crypto::Refresh::Now).await.unwrap());
    assert_same(&key, &unwrap(&one, &key, &wrapped).await.unwrap());
}
