//! G3, G4 of the wrapped key, and the refusals of a provider.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use regrant_crypto::{
    Context, DataKey, KekState, KeyProvider, Keyring, ProviderError, Purpose, WrappedKey,
};
use regrant_domain::TenantId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

struct Bench {
    provider: KeyProvider,
    key: DataKey,
    wrapped: WrappedKey,
}

async fn bench() -> Bench {
    let provider = KeyProvider::from(Keyring::in_memory().unwrap());
    let key = DataKey::generate(TenantId::mint(), 4).unwrap();
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    Bench {
        provider,
        key,
        wrapped,
    }
}

impl Bench {
    async fn unwrap(&self, wrapped: Vec<u8>) -> Result<DataKey, ProviderError> {
        let key = &self.key;
        let wrapped = WrappedKey::from_bytes(wrapped);
        self.provider
            .unwrap_data_key(key.tenant(), key.id(), key.version(), &wrapped)
            .await
    }
}

#[tokio::test]
async fn an_unwrapped_key_opens_what_it_sealed_before() {
    let bench = bench().await;
    let context = Context::of_row(bench.key.tenant(), Uuid::from_u128(1), Purpose::AppSecret);
    let sealed = bench.key.seal_record(&context, b"secret").unwrap();
    let unwrapped = bench
        .unwrap(bench.wrapped.as_bytes().to_vec())
        .await
        .unwrap();
    assert_eq!(
        unwrapped.open_record(&context, &sealed).unwrap().as_slice(),
        b"secret"
    );
    assert_eq!((unwrapped.id(), unwrapped.version()), (bench.key.id(), 4));
}

#[tokio::test]
async fn a_wrapped_key_shows_the_reference_of_its_kek() {
    let bench = bench().await;
    assert_eq!(bench.wrapped.kek_ref(), Some(bench.provider.active_kek()));
    assert_eq!(bench.wrapped.as_bytes().len(), 160);
    assert_eq!(bench.provider.name(), "local");
}

#[tokio::test]
async fn no_wrapped_key_with_a_flipped_bit_unwraps() {
    let bench = bench().await;
    let mut bytes = bench.wrapped.as_bytes().to_vec();
    let (mut refused, mut unknown) = (0, 0);
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        match bench.unwrap(bytes.clone()).await.unwrap_err() {
            ProviderError::Refused | ProviderError::WrongKek { .. } => refused += 1,
            ProviderError::UnknownKek(_) => unknown += 1,
            other => panic!("bit {bit}: {other}"),
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    // A flip in the 20 bytes of the KEK reference names an unknown KEK.
    assert_eq!((refused, unknown), (1_280 - 160, 160));
}

#[tokio::test]
async fn no_shortened_or_extended_wrapped_key_unwraps() {
    let bench = bench().await;
    let whole = bench.wrapped.as_bytes();
    for len in (0..whole.len() + 64).filter(|len| *len != whole.len()) {
        let mut bytes = whole.to_vec();
        bytes.resize(len, 0);
        assert_eq!(
            bench.unwrap(bytes).await.err(),
            Some(ProviderError::Refused),
            "{len} bytes"
        );
    }
}

#[tokio::test]
async fn no_random_bytes_after_a_valid_beginning_unwrap() {
    let bench = bench().await;
    let whole = bench.wrapped.as_bytes();
    for round in 0..20_000_u32 {
        let noise = Sha256::digest(round.to_be_bytes()).repeat(5);
        let kept = [6, 46, 78, 80, 112, 144][usize::try_from(round % 6).unwrap()];
        let blob = [&whole[..kept], &noise[kept..]].concat();
        assert!(bench.unwrap(blob).await.is_err(), "round {round}");
    }
}

#[tokio::test]
async fn a_wrapped_key_does_not_unwrap_for_another_tenant_id_or_version() {
    let bench = bench().await;
    let (tenant, id, version) = (bench.key.tenant(), bench.key.id(), bench.key.version());
    let wrong = ProviderError::WrongKek {
        kek: bench.provider.active_kek(),
        data_key: id,
    };
    let others = [
        (TenantId::mint(), id, version, wrong),
        (tenant, Uuid::from_u128(1), version, ProviderError::Refused),
        (tenant, id, version + 1, ProviderError::Refused),
    ];
    for (tenant, id, version, expected) in others {
        let refused = bench
            .provider
            .unwrap_data_key(tenant, id, version, &bench.wrapped)
            .await;
        assert_eq!(refused.err(), Some(expected));
    }
}

#[tokio::test]
async fn another_keyring_does_not_have_the_kek() {
    let bench = bench().await;
    let other = KeyProvider::from(Keyring::in_memory().unwrap());
    let refused = other
        .unwrap_data_key(bench.key.tenant(), bench.key.id(), 4, &bench.wrapped)
        .await;
    assert_eq!(
        refused.err(),
        Some(ProviderError::UnknownKek(bench.provider.active_kek()))
    );
}

#[tokio::test]
async fn after_a_rotation_old_keys_unwrap_until_their_kek_is_destroyed() {
    let Bench {
        provider,
        key,
        wrapped,
    } = bench().await;
    let old = wrapped.kek_ref().unwrap();
    let new = provider.stage_kek().await.unwrap();
    provider.promote_kek(new).await.unwrap();
    assert_eq!(provider.active_kek(), new);
    let unwrapped = provider
        .unwrap_data_key(key.tenant(), key.id(), 4, &wrapped)
        .await
        .unwrap();
    let rewrapped = provider.wrap_data_key(&unwrapped).await.unwrap();
    assert_eq!(rewrapped.kek_ref(), Some(new));
    assert_ne!(rewrapped.sha256_digest(), wrapped.sha256_digest());
    provider.destroy_kek(old).await.unwrap();
    let states = provider.list_keks();
    assert!(
        states
            .iter()
            .any(|key| key.kek == old && key.state == KekState::Destroyed)
    );
    let refused = provider
        .unwrap_data_key(key.tenant(), key.id(), 4, &wrapped)
        .await;
    assert_eq!(refused.err(), Some(ProviderError::UnknownKek(old)));
    assert!(
        provider
            .unwrap_data_key(key.tenant(), key.id(), 4, &rewrapped)
            .await
            .is_ok()
    );
}
