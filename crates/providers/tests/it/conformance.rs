//! What every provider must do. [`check_provider`] runs all of it on a [`Bench`].

use std::sync::Arc;

use regrant_crypto::{
    Context, DataKey, KekRef, KekState, KeyProvider, KeySource, Keyring, LocalKeys, ProviderError,
    ProviderKind, Purpose, Refresh, WrappedKey,
};
use regrant_domain::TenantId;
use uuid::Uuid;

/// The bytes of the check value in a wrapped key.
const CHECK_VALUE: usize = 46;
/// The first byte of what the provider returned.
const BODY: usize = 80;

/// How a provider rotates its key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// By versions of the key.
    Versions,
    /// Only by another key.
    #[cfg(feature = "aws-kms")]
    OtherKey,
}

/// A provider under test, and the service behind it.
pub trait Bench {
    const KIND: ProviderKind;
    const ROTATION: Rotation;

    /// The keys as a process sees them that binds to this environment.
    async fn source(&self, environment: &str) -> KeySource;
    /// Stops the service, or starts it again. `false`: it cannot stop.
    async fn set_down(&self, down: bool) -> bool;
    /// Replaces the key by another one under the same name. `false`: that cannot be.
    async fn replace_key(&self) -> bool;
    /// Removes the key. `false`: that cannot be.
    async fn remove_key(&self) -> bool;
}

/// Runs the whole suite. A failure names its part.
pub async fn check_provider<B: Bench>(bench: &B) {
    let provider = open(bench, "test").await;
    keys_come_back_and_every_wrap_differs::<B>(&provider).await;
    a_context_binds(bench, &provider).await;
    changed_bytes_are_refused_for_good::<B>(&provider).await;
    a_move_from_a_keyring_and_back_keeps_every_key(bench).await;
    if B::ROTATION == Rotation::Versions {
        versions_move_forward(&provider).await;
        a_former_provider_destroys_its_newest_version(bench).await;
    }
    an_outage_passes(bench).await;
    another_key_under_the_name_is_refused(bench).await;
    a_key_that_is_gone_is_gone_for_good(bench).await;
}

async fn open<B: Bench>(bench: &B, environment: &str) -> KeyProvider {
    KeyProvider::new(bench.source(environment).await, Vec::new())
}

pub fn data_key() -> DataKey {
    DataKey::generate(TenantId::mint(), 3).unwrap()
}

pub async fn unwrap(
    provider: &KeyProvider,
    key: &DataKey,
    wrapped: &WrappedKey,
) -> Result<DataKey, ProviderError> {
    provider
        .unwrap_data_key(key.tenant(), key.id(), key.version(), wrapped)
        .await
}

pub fn assert_same(one: &DataKey, other: &DataKey) {
    let context = Context::of_row(one.tenant(), Uuid::from_u128(1), Purpose::AppSecret);
    let sealed = one.seal_record(&context, b"secret").unwrap();
    let opened = other.open_record(&context, &sealed).unwrap();
    assert_eq!(opened.as_slice(), b"secret");
}

async fn keys_come_back_and_every_wrap_differs<B: Bench>(provider: &KeyProvider) {
    let key = data_key();
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    assert_eq!(wrapped.kek_ref(), Some(provider.active_kek()));
    assert_eq!(wrapped.provider(), Some(B::KIND));
    assert_eq!(provider.kind(), B::KIND);
    let again = provider.wrap_data_key(&key).await.unwrap();
    assert_ne!(wrapped, again, "two wraps of one key differ");
    for wrapped in [wrapped, again] {
        assert_same(&key, &unwrap(provider, &key, &wrapped).await.unwrap());
    }
}

async fn a_context_binds<B: Bench>(bench: &B, provider: &KeyProvider) {
    let key = data_key();
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    let wrong = ProviderError::WrongKek {
        kek: provider.active_kek(),
        data_key: key.id(),
    };
    let (tenant, id, version) = (key.tenant(), key.id(), key.version());
    let foreign = provider.unwrap_data_key(TenantId::mint(), id, version, &wrapped);
    let refused = foreign.await.unwrap_err();
    assert_eq!(refused, wrong, "another tenant");
    assert!(
        refused
            .to_string()
            .contains(&provider.active_kek().to_string())
    );
    assert!(refused.to_string().contains(&id.to_string()));
    for (id, version) in [(Uuid::from_u128(1), version), (id, version + 1)] {
        let refused = provider
            .unwrap_data_key(tenant, id, version, &wrapped)
            .await;
        assert_eq!(refused.unwrap_err(), ProviderError::Refused, "another key");
    }
    if B::KIND != ProviderKind::Local {
        let other = open(bench, "production").await;
        assert_eq!(unwrap(&other, &key, &wrapped).await.unwrap_err(), wrong);
    }
    // A wrapped key that was given another name is refused by the provider itself.
    let mut renamed = wrapped.as_bytes().to_vec();
    let name = Uuid::from_u128(1);
    renamed[6..22].copy_from_slice(name.as_bytes());
    let renamed = WrappedKey::from_bytes(renamed);
    let refused = provider.unwrap_data_key(tenant, name, version, &renamed);
    assert!(
        matches!(refused.await, Err(ProviderError::WrongKek { data_key, .. }) if data_key == name)
    );
}

async fn changed_bytes_are_refused_for_good<B: Bench>(provider: &KeyProvider) {
    let (key, kek) = (data_key(), provider.active_kek());
    let whole = provider.wrap_data_key(&key).await.unwrap();
    let whole = whole.as_bytes();
    let flipped = async |at: usize| {
        let mut bytes = whole.to_vec();
        bytes[at] ^= 1;
        unwrap(provider, &key, &WrappedKey::from_bytes(bytes))
            .await
            .unwrap_err()
    };
    let data_key = key.id();
    let expected = match B::KIND {
        // The keyring binds the check value, too.
        ProviderKind::Local => ProviderError::WrongKek { kek, data_key },
        _ => ProviderError::CheckValue { kek, data_key },
    };
    assert_eq!(flipped(CHECK_VALUE).await, expected);
    assert!(expected.to_string().contains(&kek.to_string()));
    for at in [BODY, usize::midpoint(BODY, whole.len()), whole.len() - 1] {
        let refused = flipped(at).await;
        assert!(!refused.is_retryable(), "byte {at}: {refused}");
    }
    let unknown = KekRef {
        version: 9_999,
        ..kek
    };
    let mut bytes = whole.to_vec();
    bytes[26..46].copy_from_slice(&unknown.to_bytes());
    let refused = unwrap(provider, &key, &WrappedKey::from_bytes(bytes)).await;
    assert_eq!(refused.unwrap_err(), ProviderError::UnknownKek(unknown));
}

/// Each step of a move has a process of the step before beside it, and each opens what the other wrapped.
async fn a_move_from_a_keyring_and_back_keeps_every_key<B: Bench>(bench: &B) {
    if B::KIND == ProviderKind::Local {
        return;
    }
    let keyring = Arc::new(LocalKeys::from(Keyring::in_memory().unwrap()));
    let keyring = || KeySource::Local(Arc::clone(&keyring));
    let before = KeyProvider::new(keyring(), vec![bench.source("test").await]);
    let during = KeyProvider::new(bench.source("test").await, vec![keyring()]);
    let keys: Vec<_> = (0..20).map(|_| data_key()).collect();
    for (from, to) in [(&before, &during), (&during, &before)] {
        for key in &keys {
            let wrapped = from.wrap_data_key(key).await.unwrap();
            let opened = unwrap(to, key, &wrapped).await.unwrap();
            let rewrapped = to.wrap_data_key(&opened).await.unwrap();
            assert_ne!(rewrapped.kek_ref(), wrapped.kek_ref());
            assert_same(key, &unwrap(from, key, &rewrapped).await.unwrap());
        }
    }
}

async fn versions_move_forward(provider: &KeyProvider) {
    let (key, old) = (data_key(), provider.active_kek());
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    let staged = provider.stage_kek().await.unwrap();
    assert!(old.is_older_than(staged));
    assert_eq!(provider.stage_kek().await.unwrap(), staged, "one is staged");
    assert_eq!(state_of(provider, staged), Some(KekState::Staged));
    let meanwhile = provider.wrap_data_key(&key).await.unwrap();
    assert_eq!(
        meanwhile.kek_ref(),
        Some(old),
        "a staged version wraps nothing"
    );
    assert!(provider.destroy_kek(old).await.is_err(), "it is active");

    provider.promote_kek(staged).await.unwrap();
    assert_eq!(provider.active_kek(), staged);
    assert!(
        provider.promote_kek(old).await.is_err(),
        "a key moves forward only"
    );
    let kept = unwrap(provider, &key, &wrapped).await.unwrap();
    let rewrapped = provider.wrap_data_key(&kept).await.unwrap();
    assert_eq!(rewrapped.kek_ref(), Some(staged));

    provider.destroy_kek(old).await.unwrap();
    assert_ne!(state_of(provider, old), Some(KekState::DecryptOnly));
    let refused = unwrap(provider, &key, &wrapped).await.unwrap_err();
    assert_eq!(refused, ProviderError::UnknownKek(old));
    assert_same(&key, &unwrap(provider, &key, &rewrapped).await.unwrap());
    assert!(
        !provider.refresh(Refresh::Now).await.unwrap(),
        "nothing is new"
    );
}

/// The version that wrapped before a move: nothing promotes another one after it.
async fn a_former_provider_destroys_its_newest_version<B: Bench>(bench: &B) {
    let keyring = LocalKeys::from(Keyring::in_memory().unwrap());
    let moved = KeyProvider::new(keyring.into(), vec![bench.source("test").await]);
    let active = moved.active_kek();
    let former = moved.list_keks().into_iter();
    let former = former.filter(|it| it.kek.id != active.id && it.state == KekState::DecryptOnly);
    let newest = former.map(|it| it.kek).max().unwrap();
    moved.check_destruction(newest).unwrap();
    moved.destroy_kek(newest).await.unwrap();
    assert_ne!(state_of(&moved, newest), Some(KekState::DecryptOnly));
    assert!(moved.destroy_kek(newest).await.is_err(), "it is destroyed");
    assert_eq!(moved.active_kek(), active);
    if B::KIND != ProviderKind::Local {
        let back = open(bench, "test").await;
        assert!(
            newest.is_older_than(back.active_kek()),
            "no later key has the name of the destroyed one"
        );
        let key = data_key();
        let wrapped = back.wrap_data_key(&key).await.unwrap();
        assert_same(&key, &unwrap(&moved, &key, &wrapped).await.unwrap());
    }
}

fn state_of(provider: &KeyProvider, kek: KekRef) -> Option<KekState> {
    let keks = provider.list_keks();
    keks.into_iter().find(|it| it.kek == kek).map(|it| it.state)
}

async fn an_outage_passes<B: Bench>(bench: &B) {
    let (provider, key) = (open(bench, "test").await, data_key());
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    if !bench.set_down(true).await {
        return;
    }
    let refused = unwrap(&provider, &key, &wrapped).await.unwrap_err();
    assert!(refused.is_retryable(), "{refused}");
    let refused = provider.wrap_data_key(&key).await.unwrap_err();
    assert!(refused.is_retryable(), "{refused}");
    assert!(bench.set_down(false).await);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_same(&key, &unwrap(&provider, &key, &wrapped).await.unwrap());
}

async fn another_key_under_the_name_is_refused<B: Bench>(bench: &B) {
    let (provider, key) = (open(bench, "test").await, data_key());
    let (kek, wrapped) = (
        provider.active_kek(),
        provider.wrap_data_key(&key).await.unwrap(),
    );
    if !bench.replace_key().await {
        return;
    }
    let other = open(bench, "test").await;
    assert_eq!(other.active_kek(), kek, "it has the same name");
    let refused = unwrap(&other, &key, &wrapped).await.unwrap_err();
    let data_key = key.id();
    assert_eq!(refused, ProviderError::WrongKek { kek, data_key });
}

async fn a_key_that_is_gone_is_gone_for_good<B: Bench>(bench: &B) {
    let (provider, key) = (open(bench, "test").await, data_key());
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    if !bench.remove_key().await {
        return;
    }
    let refused = unwrap(&provider, &key, &wrapped).await.unwrap_err();
    assert!(!refused.is_retryable(), "{refused}");
}
