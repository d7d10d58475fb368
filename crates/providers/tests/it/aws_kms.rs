//! AWS KMS, by moto (`moto[server]` of the Python index), which the first test of a machine installs into an environment of its own below
//! `target`. It is not the real service. It enforces the encryption context and the key that a call names.

mod moto;

use std::sync::Arc;

use regrant_crypto::{
    KekState, KeyProvider, KeySource, Keyring, KeyringError, LocalKeys, ProviderError,
    ProviderKind, Refresh,
};
use regrant_providers::{AwsKms, AwsKmsSettings};

use crate::{
    conformance::{Bench, Rotation, assert_same, check_provider, data_key, unwrap},
    faults::{Cell, Fault, FaultyBench, cells},
};
use moto::{Line, Moto, refusing_service};

impl Moto {
    async fn connect(&self, arn: &str, former: &[&str]) -> Result<AwsKms, ProviderError> {
        AwsKms::connect(AwsKmsSettings {
            key_arn: arn.to_owned(),
            former_key_arns: former.iter().map(|it| (*it).to_owned()).collect(),
            endpoint: Some(self.url.clone()),
        })
        .await
    }

    async fn source_of(&self, arn: &str, former: &[&str]) -> KeySource {
        let opened = self.connect(arn, former).await.unwrap();
        KeySource::of_service(Arc::new(opened), "test".to_owned())
    }

    async fn provider(&self, arn: &str, former: &[&str]) -> KeyProvider {
        KeyProvider::new(self.source_of(arn, former).await, Vec::new())
    }
}

impl Bench for Moto {
    const KIND: ProviderKind = ProviderKind::AwsKms;
    const ROTATION: Rotation = Rotation::OtherKey;

    async fn source(&self, environment: &str) -> KeySource {
        let opened = self.connect(&self.arn, &[]).await.unwrap();
        KeySource::of_service(Arc::new(opened), environment.to_owned())
    }

    async fn set_down(&self, down: bool) -> bool {
        self.set_line(if down { Line::Cut } else { Line::Open });
        true
    }

    async fn replace_key(&self) -> bool {
        // No two keys of KMS have the same ARN.
        false
    }

    async fn remove_key(&self) -> bool {
        // moto encrypts under a key that is disabled or to be deleted.
        false
    }
}

impl FaultyBench for Moto {
    fn cell(fault: Fault) -> Cell {
        match fault {
            Fault::Denied | Fault::Deleted => Cell::Refusal,
            Fault::WrongKey => Cell::CannotBe(
                "no two keys have the same ARN; a ciphertext of another key has a test of its own",
            ),
            _ => Cell::Outage,
        }
    }

    async fn begin(&self, fault: Fault) {
        self.set_line(match fault {
            Fault::Timeout => Line::Silent,
            Fault::Slow => Line::Slow,
            Fault::Restart => Line::Cut,
            Fault::Garbage => Line::Garbage,
            Fault::Throttle => Line::Refusing(400, "ThrottlingException"),
            Fault::Denied => Line::Refusing(400, "AccessDeniedException"),
            // moto uses a key that is to be deleted.
            Fault::Deleted | Fault::WrongKey => Line::Refusing(400, "KMSInvalidStateException"),
        });
    }

    async fn end(&self, _: Fault) {
        self.set_line(Line::Open);
    }
}

async fn start_for_cell(_test: &str) -> Option<Moto> {
    Some(Moto::start().await)
}

cells!();

#[tokio::test(flavor = "multi_thread")]
async fn aws_kms_conforms() {
    check_provider(&Moto::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ciphertext_of_another_key_of_the_account_is_refused() {
    let moto = Moto::start().await;
    let (own, other) = (moto.arn.clone(), moto.create_key().await);
    let (provider, key) = (moto.provider(&own, &[&other]).await, data_key());
    let foreign = moto
        .provider(&other, &[])
        .await
        .wrap_data_key(&key)
        .await
        .unwrap();
    // The body is of the other key, the header names this one.
    let honest = provider.wrap_data_key(&key).await.unwrap();
    let mut bytes = honest.as_bytes()[..78].to_vec();
    bytes.extend_from_slice(&foreign.as_bytes()[78..]);
    let forged = regrant_crypto::WrappedKey::from_bytes(bytes);
    let refused = unwrap(&provider, &key, &forged).await.unwrap_err();
    assert!(!refused.is_retryable(), "{refused}");
    assert_same(&key, &unwrap(&provider, &key, &foreign).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_takes_over_and_the_former_one_only_opens() {
    let moto = Moto::start().await;
    let (old, new) = (moto.arn.clone(), moto.create_key().await);
    let key = data_key();
    let wrapped = moto
        .provider(&old, &[])
        .await
        .wrap_data_key(&key)
        .await
        .unwrap();
    let provider = moto.provider(&new, &[&old]).await;
    let kept = unwrap(&provider, &key, &wrapped).await.unwrap();
    let rewrapped = provider.wrap_data_key(&kept).await.unwrap();
    assert_ne!(rewrapped.kek_ref(), wrapped.kek_ref());
    assert!(
        provider
            .stage_kek()
            .await
            .unwrap_err()
            .to_string()
            .contains("former_key_arns")
    );
    let alone = moto.provider(&new, &[]).await;
    assert_same(&key, &unwrap(&alone, &key, &rewrapped).await.unwrap());
    let refused = unwrap(&alone, &key, &wrapped).await.unwrap_err();
    assert_eq!(
        refused,
        ProviderError::UnknownKek(wrapped.kek_ref().unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_key_that_is_to_wrap_and_an_alias_stop_the_start() {
    let moto = Moto::start().await;
    let (account, _) = moto.arn.split_once('/').unwrap();
    let missing = format!("{account}/00000000-0000-4000-8000-000000000000");
    let source = moto.source_of(&missing, &[]).await;
    let refused = source.check_wrapping_kek().unwrap_err();
    assert!(matches!(refused, ProviderError::UnknownKek(_)), "{refused}");
    let whole = moto.source_of(&moto.arn, &[&missing]).await;
    whole.check_wrapping_kek().unwrap();
    let alias = "arn:aws:kms:eu-west-1:123456789012:alias/regrant";
    let refused = moto.connect(alias, &[]).await.err().unwrap();
    assert!(refused.to_string().contains("ARN of a key"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_key_that_kms_has_deleted_counts_as_destroyed_and_no_other_way_destroys_it() {
    let moto = Moto::start().await;
    let moved = || async {
        let keyring = LocalKeys::from(Keyring::in_memory().unwrap());
        KeyProvider::new(keyring.into(), vec![moto.source_of(&moto.arn, &[]).await])
    };
    let provider = moved().await;
    let former = provider.list_keks()[1];
    assert_eq!(former.state, KekState::DecryptOnly);
    let refused = provider.check_destruction(former.kek).unwrap_err();
    assert!(refused.to_string().contains("leave its ARN"), "{refused}");
    moto.set_line(Line::Refusing(400, "NotFoundException"));
    assert!(provider.refresh(Refresh::Now).await.unwrap());
    assert_eq!(provider.list_keks()[1].state, KekState::Destroyed);
    let started_later = moved().await;
    assert_eq!(started_later.list_keks()[1].state, KekState::Destroyed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapping_key_that_kms_does_not_find_for_a_while_stays_active() {
    let moto = Moto::start().await;
    let provider = moto.provider(&moto.arn, &[]).await;
    let (kek, key) = (provider.active_kek(), data_key());
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    moto.set_line(Line::Refusing(400, "NotFoundException"));
    let refused = provider.refresh(Refresh::Now).await.unwrap_err();
    assert!(
        matches!(&refused, KeyringError::Provider(ProviderError::UnknownKek(it)) if *it == kek),
        "{refused}"
    );
    assert_eq!(provider.list_keks()[0].state, KekState::Active);
    moto.set_line(Line::Open);
    assert_same(&key, &unwrap(&provider, &key, &wrapped).await.unwrap());
    assert!(provider.refresh(Refresh::Now).await.unwrap());
}

/// Written from the lists of errors of the API: moto does not throttle, and uses a key in every state.
#[tokio::test(flavor = "multi_thread")]
async fn outages_are_tried_three_times_and_refusals_once_and_each_is_named() {
    for (status, code, tries, is_retryable) in [
        (400, "ThrottlingException", 3, true),
        (500, "KMSInternalException", 3, true),
        (503, "DependencyTimeoutException", 3, true),
        (400, "AccessDeniedException", 1, false),
        (400, "DisabledException", 1, false),
        (400, "KMSInvalidStateException", 1, false),
    ] {
        let (url, calls) = refusing_service(status, code).await;
        let connected = AwsKms::connect(AwsKmsSettings {
            key_arn: "arn:aws:kms:eu-west-1:123456789012:key/1".to_owned(),
            former_key_arns: Vec::new(),
            endpoint: Some(url),
        });
        let refused = connected.await.err().unwrap();
        assert_eq!(refused.is_retryable(), is_retryable, "{code}: {refused}");
        assert!(refused.to_string().contains(code), "{refused}");
        assert_eq!(
            calls.load(std::sync::atomic::Ordering::SeqCst),
            tries,
            "{code}"
        );
    }
}
