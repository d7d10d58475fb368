//! A source of key-encryption keys (KEKs): the keyring, or a key service.
//!
//! The rule: what blocks runs on a blocking thread. A service that does not respond is left alone for a second, so that
//! callers fail at once instead of waiting one after the other.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use regrant_domain::{KekRef, TenantId};
use zeroize::Zeroizing;

use super::{
    KekState, KekSummary, KeyContext, KeyService, KeyringError, LocalKeys, ProviderError,
    ProviderKind, Refresh,
};
use crate::{
    data_key::{
        DataKey,
        wrapped_key::{self, WrappedKey, WrappedKeyParts},
    },
    primitives::random_bytes,
    record::KeyRef,
};

/// How long a service that did not respond is not asked again.
const REST: Duration = Duration::from_secs(1);

/// Where keys come from.
pub enum KeySource {
    /// Keys from a sealed file, held in memory.
    Local(Arc<LocalKeys>),
    /// Keys that never leave a service.
    Service(ServiceKeys),
}

/// The keys of a service, and the name of the environment that data keys are bound to.
pub struct ServiceKeys {
    service: Arc<dyn KeyService>,
    environment: String,
    /// When the service did not respond, and the error.
    failed: Mutex<Option<(Instant, ProviderError)>>,
}

impl KeySource {
    /// A service. The environment must stay the same as long as data keys are wrapped.
    #[must_use]
    pub fn of_service(service: Arc<dyn KeyService>, environment: String) -> Self {
        Self::Service(ServiceKeys {
            service,
            environment,
            failed: Mutex::new(None),
        })
    }

    /// Whether the key that wraps, if this source is the one that does, is there by what was read last.
    ///
    /// # Errors
    /// [`ProviderError::UnknownKek`]: its service says that it is destroyed.
    pub fn check_wrapping_kek(&self) -> Result<(), ProviderError> {
        match self.list_keks().first() {
            Some(it) if it.state == KekState::Destroyed => Err(ProviderError::UnknownKek(it.kek)),
            _ => Ok(()),
        }
    }

    pub(super) fn kind(&self) -> ProviderKind {
        match self {
            Self::Local(_) => ProviderKind::Local,
            Self::Service(keys) => keys.service.kind(),
        }
    }

    pub(super) fn list_keks(&self) -> Vec<KekSummary> {
        match self {
            Self::Local(keys) => keys.list_keks(),
            Self::Service(keys) => keys.service.list_keks(),
        }
    }

    pub(super) fn holds(&self, kek: KekRef) -> bool {
        let keks = self.list_keks();
        keks.iter()
            .any(|it| it.kek == kek && it.state != KekState::Destroyed)
    }

    pub(super) async fn wrap(&self, data_key: &DataKey) -> Result<WrappedKey, ProviderError> {
        match self {
            Self::Local(keys) => {
                let salt = random_bytes().map_err(|_| ProviderError::Random)?;
                wrapped_key::wrap_data_key(keys.keyring().active(), data_key, &salt)
                    .ok_or(ProviderError::Refused)
            }
            Self::Service(keys) => keys.wrap(data_key).await,
        }
    }

    pub(super) async fn unwrap(
        &self,
        tenant: TenantId,
        key: KeyRef,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, ProviderError> {
        let parsed = WrappedKeyParts::parse(wrapped.as_bytes());
        let parsed = parsed.ok_or(ProviderError::Refused)?;
        if parsed.provider != self.kind() || parsed.key != key {
            return Err(ProviderError::Refused);
        }
        let (kek, data_key) = (parsed.kek, key.id);
        match self {
            Self::Local(keys) => {
                let keyring = keys.keyring();
                let found = keyring.find_kek(kek);
                let found = found.ok_or(ProviderError::UnknownKek(kek))?;
                wrapped_key::unwrap_data_key(found, tenant, key, wrapped)
                    .ok_or(ProviderError::WrongKek { kek, data_key })
            }
            Self::Service(keys) => {
                let secret = keys.unwrap(tenant, &parsed).await?;
                wrapped_key::check_service_key(wrapped, tenant, &secret)
                    .ok_or(ProviderError::CheckValue { kek, data_key })
            }
        }
    }

    pub(super) async fn refresh(&self, when: Refresh) -> Result<bool, KeyringError> {
        match self {
            Self::Local(keys) => block_on_keyring(keys, LocalKeys::reload).await,
            Self::Service(keys) => Ok(keys.service.refresh(when).await?),
        }
    }

    pub(super) async fn stage_kek(&self) -> Result<KekRef, KeyringError> {
        match self {
            Self::Local(keys) => block_on_keyring(keys, LocalKeys::stage_kek).await,
            Self::Service(keys) => Ok(keys.service.stage_kek().await?),
        }
    }

    pub(super) async fn promote_kek(&self, kek: KekRef) -> Result<(), KeyringError> {
        match self {
            Self::Local(keys) => block_on_keyring(keys, move |it| it.promote_kek(kek)).await,
            Self::Service(keys) => Ok(keys.service.promote_kek(kek).await?),
        }
    }

    pub(super) async fn destroy_kek(&self, kek: KekRef) -> Result<(), KeyringError> {
        match self {
            Self::Local(keys) => block_on_keyring(keys, move |it| it.destroy_kek(kek)).await,
            Self::Service(keys) => Ok(keys.service.destroy_kek(kek).await?),
        }
    }
}

/// The way of a version to its destruction.
impl KeySource {
    pub(super) fn check_destruction(&self, kek: KekRef) -> Result<(), KeyringError> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Service(keys) => Ok(keys.service.check_destruction(kek)?),
        }
    }

    /// Destroys a version of a source that does not wrap any more. Its newest one is destroyed, too: another one takes its
    /// place, so that the source still opens, and so that no later key gets the name of a destroyed one.
    pub(super) async fn destroy_former_kek(&self, kek: KekRef) -> Result<(), KeyringError> {
        self.check_destruction(kek)?;
        if self.find_state(kek) == Some(KekState::Staged) {
            self.promote_kek(kek).await?;
        }
        if self.find_state(kek) == Some(KekState::Active) {
            let next = self.stage_kek().await?;
            self.promote_kek(next).await?;
        }
        self.destroy_kek(kek).await
    }

    /// Looks now whether the source once held this version and holds it no more.
    pub(super) async fn is_gone(&self, kek: KekRef) -> Result<bool, KeyringError> {
        match self {
            // A keyring lists what it destroyed; one that does not is another copy.
            Self::Local(_) => Ok(false),
            Self::Service(keys) => Ok(keys.service.is_gone(kek).await?),
        }
    }

    fn find_state(&self, kek: KekRef) -> Option<KekState> {
        let keks = self.list_keks();
        keks.iter().find(|it| it.kek == kek).map(|it| it.state)
    }
}

impl ServiceKeys {
    async fn wrap(&self, data_key: &DataKey) -> Result<WrappedKey, ProviderError> {
        let active = self.service.list_keks().first().map(|it| it.kek);
        let kek = active.ok_or_else(|| ProviderError::Unavailable {
            provider: self.service.kind(),
            reason: "its keys are not known yet".to_owned(),
        })?;
        let context = KeyContext::new(&self.environment, data_key.tenant(), data_key.key());
        self.check_rest()?;
        let encrypted = self.service.encrypt(kek, &context, data_key.secret()).await;
        let body = self.note_outcome(encrypted)?;
        wrapped_key::build_service_key(self.service.kind(), kek, data_key, &body)
            .ok_or(ProviderError::Refused)
    }

    async fn unwrap(
        &self,
        tenant: TenantId,
        parsed: &WrappedKeyParts<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let context = KeyContext::new(&self.environment, tenant, parsed.key);
        self.check_rest()?;
        let decrypted = self.service.decrypt(parsed.kek, &context, parsed.body);
        self.note_outcome(decrypted.await)
    }

    /// Fails at once while the service rests.
    fn check_rest(&self) -> Result<(), ProviderError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match &*failed {
            Some((at, error)) if at.elapsed() < REST => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn note_outcome<T>(&self, outcome: Result<T, ProviderError>) -> Result<T, ProviderError> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed = match &outcome {
            Err(error) if error.is_retryable() => Some((Instant::now(), error.clone())),
            _ => None,
        };
        outcome
    }
}

/// Works on the keyring on a blocking thread: that takes seconds.
async fn block_on_keyring<T: Send + 'static>(
    keys: &Arc<LocalKeys>,
    work: impl FnOnce(&LocalKeys) -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let keys = Arc::clone(keys);
    let done = tokio::task::spawn_blocking(move || work(&keys)).await;
    done.map_err(|error| KeyringError::Io(std::io::Error::other(error)))?
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let active = self.list_keks().into_iter().next();
        let active = active.map_or(KekRef::NONE, |it| it.kek);
        write!(f, "KeySource({}, {active})", self.kind())
    }
}
