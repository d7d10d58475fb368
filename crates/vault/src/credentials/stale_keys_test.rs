//! What is served while the provider of the keys is down, and what stops a start.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use regrant_crypto::{
    DataKey, KekRef, KekState, KekSummary, KeyContext, KeyProvider, KeyService, KeySource, Keyring,
    ProviderError, ProviderKind, Refresh, ServiceFuture,
};
use regrant_domain::{Clock, TenantId, Timestamp};
use regrant_storage::{DestroyedKek, NewDataKey, Store, WrappedDataKey};
use regrant_testdb::TestDatabase;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{data_keys::DataKeys, stale_keys::StaleKeys};
use crate::Error;

/// What the service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Down,
    Denying,
    /// It returns other bytes than it was given.
    Confused,
}

/// The context and the bytes of a data key.
type StoredKey = (Vec<u8>, [u8; 32]);

/// A service in memory: what it returns is the number of a stored key.
struct Memory {
    keys: Mutex<HashMap<Vec<u8>, StoredKey>>,
    mood: Mutex<Mood>,
    calls: AtomicU32,
}

const KEK: KekRef = KekRef {
    id: Uuid::from_u128(7),
    version: 1,
};

impl Memory {
    fn new() -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self {
            keys: Mutex::default(),
            mood: Mutex::new(Mood::Well),
            calls: AtomicU32::new(0),
        })
    }

    fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    fn ask(&self) -> Result<Mood, ProviderError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let provider = ProviderKind::Transit;
        let reason = "so the test wants".to_owned();
        match *self.mood.lock().unwrap() {
            Mood::Down => Err(ProviderError::Unavailable { provider, reason }),
            Mood::Denying => Err(ProviderError::Denied {
                provider,
                kek: KEK,
                reason,
            }),
            mood => Ok(mood),
        }
    }
}

impl KeyService for Memory {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Transit
    }

    fn list_keks(&self) -> Vec<KekSummary> {
        vec![KekSummary {
            kek: KEK,
            provider: ProviderKind::Transit,
            state: KekState::Active,
            created: Timestamp::default(),
        }]
    }

    fn refresh(&self, _: Refresh) -> ServiceFuture<'_, bool> {
        Box::pin(async { Ok(false) })
    }

    fn encrypt<'a>(
        &'a self,
        _: KekRef,
        context: &'a KeyContext,
        data_key: &'a [u8; 32],
    ) -> ServiceFuture<'a, Vec<u8>> {
        Box::pin(async move {
            self.ask()?;
            let mut keys = self.keys.lock().unwrap();
            let name = u64::try_from(keys.len()).unwrap().to_be_bytes().to_vec();
            keys.insert(name.clone(), (context.to_bytes(), *data_key));
            Ok(name)
        })
    }

    fn decrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        body: &'a [u8],
    ) -> ServiceFuture<'a, Zeroizing<Vec<u8>>> {
        Box::pin(async move {
            let mood = self.ask()?;
            let keys = self.keys.lock().unwrap();
            let found = keys.get(body).filter(|it| it.0 == context.to_bytes());
            let data_key = context.data_key();
            let mut secret = found.ok_or(ProviderError::WrongKek { kek, data_key })?.1;
            if mood == Mood::Confused {
                secret[0] ^= 1;
            }
            Ok(Zeroizing::new(secret.to_vec()))
        })
    }

    fn stage_kek(&self) -> ServiceFuture<'_, KekRef> {
        Box::pin(async { Err(ProviderError::Unsupported("not here")) })
    }

    fn promote_kek(&self, _: KekRef) -> ServiceFuture<'_, ()> {
        Box::pin(async { Err(ProviderError::Unsupported("not here")) })
    }

    fn destroy_kek(&self, _: KekRef) -> ServiceFuture<'_, ()> {
        Box::pin(async { Err(ProviderError::Unsupported("not here")) })
    }
}

const CACHED: Duration = Duration::from_millis(50);

struct Bench {
    database: TestDatabase,
    service: std::sync::Arc<Memory>,
    keys: DataKeys,
}

impl Bench {
    /// The installation's key is made, and in the cache.
    async fn with_stale(stale: Duration) -> Self {
        let database = TestDatabase::create_sqlite().await;
        let service = Memory::new();
        let keys = open(&database, &service, stale).await;
        keys.ensure_system_key(Clock::system_time()).await.unwrap();
        Self {
            database,
            service,
            keys,
        }
    }

    async fn read(&self) -> Result<(), Error> {
        let system = self.keys.store().system_scope();
        self.keys.active(&system).await.map(drop)
    }

    /// Waits until nothing is in the cache any more.
    async fn forget(&self) {
        tokio::time::sleep(CACHED * 2).await;
    }
}

async fn open(
    database: &TestDatabase,
    service: &std::sync::Arc<Memory>,
    stale: Duration,
) -> DataKeys {
    let settings = regrant_storage::Settings {
        url: database.url().to_owned(),
        max_connections: 2,
        acquire_timeout: Duration::from_secs(10),
        busy_timeout: Duration::from_secs(10),
    };
    let store = Store::connect(&settings).await.unwrap();
    let source = source_of(service, "test");
    let provider = KeyProvider::new(source, Vec::new());
    DataKeys::with_lifetimes(store, provider, CACHED, stale)
}

fn source_of(service: &std::sync::Arc<Memory>, environment: &str) -> KeySource {
    KeySource::of_service(
        std::sync::Arc::<Memory>::clone(service),
        environment.to_owned(),
    )
}

fn is_unavailable(read: &Result<(), Error>) -> bool {
    matches!(read, Err(Error::KeysUnavailable(cause)) if cause.is_retryable())
}

#[tokio::test]
async fn a_key_is_served_while_its_provider_is_down_until_its_time_is_over() {
    let bench = Bench::with_stale(Duration::from_secs(2)).await;
    bench.service.set(Mood::Down);
    bench.forget().await;
    for _ in 0..20 {
        bench.read().await.unwrap();
    }
    let calls = bench.service.calls.load(Ordering::SeqCst);
    assert!(calls < 5, "the provider rests: {calls} calls");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let read = bench.read().await;
    assert!(is_unavailable(&read), "{read:?}");
    bench.service.set(Mood::Well);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    bench.read().await.unwrap();
}

#[tokio::test]
async fn a_key_whose_row_was_deleted_or_changed_is_not_served_while_its_provider_is_down() {
    for sql in [
        "DELETE FROM tenant_keys",
        "UPDATE tenant_keys SET wrapped = CAST(wrapped || x'00' AS BLOB)",
    ] {
        let bench = Bench::with_stale(Duration::from_mins(1)).await;
        bench.service.set(Mood::Down);
        bench.forget().await;
        bench.read().await.unwrap();
        bench.database.run_as_superuser(sql).await;
        bench.forget().await;
        assert!(bench.read().await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn a_provider_that_refuses_is_not_down() {
    let bench = Bench::with_stale(Duration::from_mins(1)).await;
    bench.service.set(Mood::Denying);
    bench.forget().await;
    let read = bench.read().await;
    assert!(matches!(
        read,
        Err(Error::KeysUnavailable(ProviderError::Denied { .. }))
    ));
}

#[tokio::test]
async fn a_process_that_never_unwrapped_a_key_has_none_to_serve() {
    let bench = Bench::with_stale(Duration::from_mins(1)).await;
    let keys = open(&bench.database, &bench.service, Duration::from_mins(1)).await;
    bench.service.set(Mood::Down);
    let system = keys.store().system_scope();
    let read = keys.active(&system).await.map(drop);
    assert!(is_unavailable(&read), "{read:?}");
}

#[tokio::test]
async fn an_evicted_tenant_has_no_key_to_serve() {
    let bench = Bench::with_stale(Duration::from_mins(1)).await;
    bench.service.set(Mood::Down);
    bench.keys.evict_tenant(TenantId::SYSTEM).await;
    let read = bench.read().await;
    assert!(is_unavailable(&read), "{read:?}");
}

/// The keyring, in memory.
fn local_provider() -> KeyProvider {
    KeyProvider::from(Keyring::in_memory().unwrap())
}

#[tokio::test]
async fn a_key_that_the_keyring_wraps_is_not_kept() {
    let key = std::sync::Arc::new(DataKey::generate(TenantId::SYSTEM, 1).unwrap());
    let service = KeyProvider::new(source_of(&Memory::new(), "test"), Vec::new());
    for (provider, is_kept) in [(local_provider(), false), (service, true)] {
        let wrapped = provider.wrap_data_key(&key).await.unwrap();
        let stored = WrappedDataKey {
            tenant: TenantId::SYSTEM,
            id: key.id(),
            version: key.version(),
            wrapped: wrapped.as_bytes().to_vec(),
        };
        let stale = StaleKeys::new(moka::future::Cache::new(10));
        stale.keep(&stored, &key).await;
        let found = stale.find(&stored).await;
        assert_eq!(found.is_some(), is_kept, "{}", provider.name());
    }
}

#[tokio::test]
async fn a_process_holds_a_deleted_key_for_an_hour_where_a_service_wraps_and_else_for_minutes() {
    let bench = Bench::with_stale(Duration::from_mins(1)).await;
    assert_eq!(bench.keys.memory_lifetime(), Duration::from_hours(1));
    let local = DataKeys::new(bench.keys.store().clone(), local_provider());
    assert_eq!(local.memory_lifetime(), Duration::from_mins(5));
}

#[tokio::test]
async fn a_provider_that_returns_another_key_stops_the_start_and_both_ids_are_named() {
    let bench = Bench::with_stale(Duration::from_mins(1)).await;
    bench.keys.check_keks().await.unwrap();
    bench.service.set(Mood::Confused);
    let refused = bench.keys.check_keks().await.unwrap_err();
    let text = regrant_domain::error_chain(&refused);
    let system = bench.keys.store().system_scope();
    let tx = bench.keys.store().begin_nested_read(&system).await.unwrap();
    let id = tx.list_data_keys().await.unwrap()[0].id;
    assert!(text.contains(&KEK.id.to_string()), "{text}");
    assert!(text.contains(&id.to_string()), "{text}");
    assert!(text.contains("the check value differs"), "{text}");
}

#[tokio::test]
async fn a_key_of_another_environment_stops_the_start() {
    let bench = Bench::with_stale(Duration::from_mins(1)).await;
    let source = source_of(&bench.service, "other");
    let provider = KeyProvider::new(source, Vec::new());
    let other = DataKeys::new(bench.keys.store().clone(), provider);
    let refused = other.check_keks().await.unwrap_err();
    let text = regrant_domain::error_chain(&refused);
    assert!(text.contains(&KEK.to_string()), "{text}");
}

#[tokio::test]
async fn a_key_that_counts_as_destroyed_stops_the_start() {
    let bench = Bench::with_stale(Duration::from_mins(1)).await;
    let store = bench.keys.store();
    let tx = store.begin(&store.system_scope()).await.unwrap();
    let destroyed = DestroyedKek {
        kek: KEK,
        destroyed_at: Clock::system_time(),
    };
    assert!(tx.record_destroyed_kek(destroyed).await.unwrap());
    tx.commit().await.unwrap();
    let refused = bench.keys.check_keks().await.unwrap_err();
    let text = regrant_domain::error_chain(&refused);
    assert!(text.contains("counts as destroyed"), "{text}");
}

#[tokio::test]
async fn a_key_that_is_older_than_what_may_wrap_stops_the_start() {
    let bench = Bench::with_stale(Duration::from_mins(1)).await;
    let store = bench.keys.store();
    let tx = store.begin(&store.system_scope()).await.unwrap();
    let floor = KekRef { version: 2, ..KEK };
    assert!(tx.raise_kek_floor(floor).await.unwrap());
    tx.commit().await.unwrap();
    let refused = bench.keys.check_keks().await.unwrap_err();
    let text = regrant_domain::error_chain(&refused);
    assert!(text.contains("nothing older than version 2 may"), "{text}");
}

#[tokio::test]
async fn a_process_that_lacks_the_provider_keeps_another_from_wrapping_with_it() {
    let bench = Bench::with_stale(Duration::from_mins(1)).await;
    let now = Clock::system_time();
    let node = regrant_storage::Node {
        id: Uuid::now_v7(),
        name: "machine/7".to_owned(),
        opens: vec![KekRef {
            id: Uuid::from_u128(8),
            version: 1,
        }],
        wraps_with: KEK,
        seen_at: now,
    };
    let generate = async || {
        let made = bench.keys.generate_key(TenantId::mint(), now).await;
        made.map(|(_, row): (_, NewDataKey)| drop(row))
    };
    generate().await.unwrap();
    bench
        .keys
        .store()
        .announce_node(&node, Timestamp::default())
        .await
        .unwrap();
    assert!(matches!(generate().await, Err(Error::Conflict(_))));
}
