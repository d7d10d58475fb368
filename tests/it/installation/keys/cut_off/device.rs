//! A key service that keeps no record of what it destroyed, as a device that speaks PKCS#11.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use regrant_crypto::{
    KekRef, KekState, KekSummary, KeyContext, KeyService, ProviderError, ProviderKind, Refresh,
    ServiceFuture,
};
use regrant_domain::Timestamp;
use uuid::Uuid;
use zeroize::Zeroizing;

const ID: Uuid = Uuid::from_u128(0x5eed);

/// The device; clones are the same one.
#[derive(Clone, Default)]
pub struct Device(Arc<Mutex<State>>);

/// What the device holds, and how it fails.
pub struct State {
    versions: BTreeMap<u32, KekState>,
    /// What it encrypted; the bytes that callers get are the places in this list.
    encrypted: Vec<(KekRef, Vec<u8>, [u8; 32])>,
    pub is_down: bool,
    /// It destroys a version, and the caller does not learn it.
    pub is_cutting_off: bool,
    /// It lists every version as destroyed, as AWS KMS does with a key that it does not find.
    pub is_hiding: bool,
    /// After how many decryptions it is down.
    pub decryptions_left: Option<u32>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            versions: BTreeMap::from([(1, KekState::Active)]),
            encrypted: Vec::new(),
            is_down: false,
            is_cutting_off: false,
            is_hiding: false,
            decryptions_left: None,
        }
    }
}

impl State {
    pub fn lose_version(&mut self, kek: KekRef) {
        self.versions.remove(&kek.version);
    }

    fn require_up(&self) -> Result<(), ProviderError> {
        if self.is_down {
            return Err(unavailable());
        }
        Ok(())
    }

    fn count_decryption(&mut self) -> Result<(), ProviderError> {
        if let Some(left) = &mut self.decryptions_left {
            *left = left.checked_sub(1).ok_or_else(unavailable)?;
        }
        Ok(())
    }

    fn stage(&mut self) -> KekRef {
        let newest = self.versions.keys().next_back().copied();
        let version = newest.unwrap_or_default() + 1;
        self.versions.insert(version, KekState::Staged);
        KekRef { id: ID, version }
    }

    fn promote(&mut self, kek: KekRef) {
        for (version, state) in &mut self.versions {
            if *version == kek.version {
                *state = KekState::Active;
            } else if *state == KekState::Active {
                *state = KekState::DecryptOnly;
            }
        }
    }
}

impl Device {
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn holds(&self, kek: KekRef) -> bool {
        self.change(|it| it.versions.contains_key(&kek.version))
    }

    fn answer<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut State) -> Result<T, ProviderError>,
    ) -> ServiceFuture<'static, T> {
        let answer = self.change(|it| it.require_up().and_then(|()| change(it)));
        Box::pin(std::future::ready(answer))
    }
}

fn unavailable() -> ProviderError {
    ProviderError::Unavailable {
        provider: ProviderKind::Pkcs11,
        reason: "the device did not respond in time".to_owned(),
    }
}

impl KeyService for Device {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Pkcs11
    }

    fn list_keks(&self) -> Vec<KekSummary> {
        let view = |(version, state): (&u32, &KekState)| KekSummary {
            kek: KekRef {
                id: ID,
                version: *version,
            },
            provider: ProviderKind::Pkcs11,
            state: *state,
            created: Timestamp::default(),
        };
        let mut keks: Vec<_> = self.change(|it| it.versions.iter().map(view).collect());
        keks.sort_by_key(|it| it.state != KekState::Active);
        if self.change(|it| it.is_hiding) {
            for it in &mut keks {
                it.state = KekState::Destroyed;
            }
        }
        keks
    }

    fn refresh(&self, _: Refresh) -> ServiceFuture<'_, bool> {
        self.answer(|_| Ok(false))
    }

    fn encrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        data_key: &'a [u8; 32],
    ) -> ServiceFuture<'a, Vec<u8>> {
        self.answer(|it| {
            let place = u64::try_from(it.encrypted.len()).unwrap_or_default();
            it.encrypted.push((kek, context.to_bytes(), *data_key));
            Ok(place.to_be_bytes().to_vec())
        })
    }

    fn decrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        body: &'a [u8],
    ) -> ServiceFuture<'a, Zeroizing<Vec<u8>>> {
        self.answer(|it| {
            it.count_decryption()?;
            let found = it.encrypted.iter().enumerate().find(|(place, _)| {
                let place = u64::try_from(*place).unwrap_or_default();
                place.to_be_bytes().as_slice() == body
            });
            let data_key = context.data_key();
            let wrong = ProviderError::WrongKek { kek, data_key };
            match found {
                _ if !it.versions.contains_key(&kek.version) => Err(ProviderError::UnknownKek(kek)),
                Some((_, (by, bound, secret))) if *by == kek && *bound == context.to_bytes() => {
                    Ok(Zeroizing::new(secret.to_vec()))
                }
                _ => Err(wrong),
            }
        })
    }

    fn stage_kek(&self) -> ServiceFuture<'_, KekRef> {
        self.answer(|it| Ok(it.stage()))
    }

    fn promote_kek(&self, kek: KekRef) -> ServiceFuture<'_, ()> {
        self.answer(|it| {
            it.promote(kek);
            Ok(())
        })
    }

    fn destroy_kek(&self, kek: KekRef) -> ServiceFuture<'_, ()> {
        self.answer(|it| {
            it.lose_version(kek);
            if it.is_cutting_off {
                return Err(unavailable());
            }
            Ok(())
        })
    }

    fn is_gone(&self, kek: KekRef) -> ServiceFuture<'_, bool> {
        self.answer(|it| {
            let has_newer = it.versions.keys().any(|version| *version > kek.version);
            Ok(kek.id == ID && has_newer && !it.versions.contains_key(&kek.version))
        })
    }
}
