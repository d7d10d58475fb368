//! The key providers of a process: the active one wraps data keys, and others may still open them.
//!
//! The rule: a wrapped key is opened by the source that holds the KEK it names, never by trial. While an installation
//! moves from one provider to another, the former one only opens.
//! Start at [`KeyProvider::unwrap_data_key`].

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use regrant_domain::{KekRef, TenantId};
use uuid::Uuid;

use super::{
    KekState, KekSummary, KeySource, Keyring, KeyringError, LocalKeys, ProviderError, ProviderKind,
    Refresh,
};
use crate::{
    data_key::{DataKey, wrapped_key::WrappedKey},
    record::KeyRef,
};

/// Wraps and unwraps data keys.
#[derive(Debug)]
pub struct KeyProvider {
    active: KeySource,
    others: Vec<KeySource>,
}

impl KeyProvider {
    /// Wraps with the keys of `active`; opens with those of the others, too.
    #[must_use]
    pub const fn new(active: KeySource, others: Vec<KeySource>) -> Self {
        Self { active, others }
    }

    /// Wraps a data key with the active key.
    ///
    /// # Errors
    /// [`ProviderError::Random`]: the system returned no random bytes; otherwise what the key service said.
    pub async fn wrap_data_key(&self, data_key: &DataKey) -> Result<WrappedKey, ProviderError> {
        self.active.wrap(data_key).await
    }

    /// Unwraps the data key of this tenant, id and version.
    ///
    /// # Errors
    /// The wrapping key is unknown or cannot be used, or the bytes are not this tenant's key.
    pub async fn unwrap_data_key(
        &self,
        tenant: TenantId,
        id: Uuid,
        version: u32,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, ProviderError> {
        let kek = wrapped.kek_ref().ok_or(ProviderError::Refused)?;
        let source = self.find_source(kek);
        let source = source.ok_or(ProviderError::UnknownKek(kek))?;
        source.unwrap(tenant, KeyRef { id, version }, wrapped).await
    }

    /// Wraps a new data key with the active key, unwraps it, and returns how long both took.
    ///
    /// # Errors
    /// As the two calls: the provider does not respond, refuses, or returns other bytes than were wrapped.
    pub async fn measure_round_trip(&self) -> Result<Duration, ProviderError> {
        let data_key = DataKey::generate(TenantId::SYSTEM, 1).map_err(|_| ProviderError::Random)?;
        let began = Instant::now();
        let wrapped = self.wrap_data_key(&data_key).await?;
        self.unwrap_data_key(
            data_key.tenant(),
            data_key.id(),
            data_key.version(),
            &wrapped,
        )
        .await?;
        Ok(began.elapsed())
    }

    /// The active key, with which a rotation rewraps every data key.
    #[must_use]
    pub fn active_kek(&self) -> KekRef {
        let active = self.active.list_keks().into_iter().next();
        active.map_or(KekRef::NONE, |it| it.kek)
    }

    /// Every key-encryption key with its state, the active one first. Keys of a provider that is not the active one only
    /// open. The active key stays active where its service does not find it: AWS KMS may say so of a key that was made
    /// minutes ago.
    #[must_use]
    pub fn list_keks(&self) -> Vec<KekSummary> {
        let mut keks = self.active.list_keks();
        if let Some(active) = keks.first_mut()
            && active.state == KekState::Destroyed
        {
            active.state = KekState::Active;
        }
        let others = self.others.iter().flat_map(KeySource::list_keks);
        keks.extend(others.map(|it| KekSummary {
            state: match it.state {
                KekState::Destroyed => KekState::Destroyed,
                _ => KekState::DecryptOnly,
            },
            ..it
        }));
        keks
    }

    /// Reads the keys again if their source changed; returns whether it did.
    ///
    /// # Errors
    /// The first error of a source, after all had their turn; the keys in memory stay. The service of the active key says
    /// that this key is destroyed.
    pub async fn refresh(&self, when: Refresh) -> Result<bool, KeyringError> {
        let (mut is_new, mut failed) = (false, None);
        for source in self.sources() {
            match source.refresh(when).await {
                Ok(changed) => is_new |= changed,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        // Not each time that nothing was read.
        if is_new || when == Refresh::Now {
            self.active.check_wrapping_kek()?;
        }
        Ok(is_new)
    }

    /// Adds the next version of the active key as staged; returns it.
    ///
    /// # Errors
    /// The keyring cannot be changed, or what the key service said.
    pub async fn stage_kek(&self) -> Result<KekRef, KeyringError> {
        self.active.stage_kek().await
    }

    /// Makes a staged version the active one.
    ///
    /// # Errors
    /// As [`KeyProvider::stage_kek`]; [`KeyringError::Transition`]: it is not staged.
    pub async fn promote_kek(&self, kek: KekRef) -> Result<(), KeyringError> {
        self.active.promote_kek(kek).await
    }

    /// Destroys a decrypt-only version. Of a provider that is not the active one, that is any.
    ///
    /// # Errors
    /// As [`KeyProvider::stage_kek`]; [`KeyringError::Transition`]: it is not decrypt-only.
    pub async fn destroy_kek(&self, kek: KekRef) -> Result<(), KeyringError> {
        if self.active.holds(kek) {
            return self.active.destroy_kek(kek).await;
        }
        let former = self.others.iter().find(|it| it.holds(kek));
        let former = former.ok_or(KeyringError::Transition)?;
        former.destroy_former_kek(kek).await
    }

    /// Whether the provider of this version can destroy it at all.
    ///
    /// # Errors
    /// [`ProviderError::Unsupported`], which names the other way; [`KeyringError::Transition`]: no provider holds it.
    pub fn check_destruction(&self, kek: KekRef) -> Result<(), KeyringError> {
        let source = self.find_source(kek);
        source
            .ok_or(KeyringError::Transition)?
            .check_destruction(kek)
    }

    /// Looks now whether a provider once held this version and holds it no more. That it is not known here is not enough:
    /// its provider must respond.
    ///
    /// # Errors
    /// No provider says so, and one does not respond.
    pub async fn is_gone(&self, kek: KekRef) -> Result<bool, KeyringError> {
        let mut failed = None;
        for source in self.sources() {
            match source.is_gone(kek).await {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(false), Err)
    }

    /// The provider that wraps.
    #[must_use]
    pub fn kind(&self) -> ProviderKind {
        self.active.kind()
    }

    /// Its name in settings, logs and health checks.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// The source that holds this version. The active one is looked for in its service, whatever that said last.
    fn find_source(&self, kek: KekRef) -> Option<&KeySource> {
        if kek == self.active_kek() {
            return Some(&self.active);
        }
        self.sources().find(|it| it.holds(kek))
    }

    fn sources(&self) -> impl Iterator<Item = &KeySource> {
        std::iter::once(&self.active).chain(&self.others)
    }
}

impl From<LocalKeys> for KeySource {
    fn from(keys: LocalKeys) -> Self {
        Self::Local(Arc::new(keys))
    }
}

impl From<LocalKeys> for KeyProvider {
    /// The keyring alone.
    fn from(keys: LocalKeys) -> Self {
        Self::new(keys.into(), Vec::new())
    }
}

impl From<Keyring> for KeyProvider {
    /// Keys without a file.
    fn from(keyring: Keyring) -> Self {
        LocalKeys::from(keyring).into()
    }
}
