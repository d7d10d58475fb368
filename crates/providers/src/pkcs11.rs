//! Keys in a device or library that speaks PKCS#11: AES-256-GCM with a key that cannot be extracted.
//!
//! The rule: keys are found by label and `CKA_ID` for every call, because handles and slots change. Every call of the
//! library blocks, so it runs on a blocking thread, a few at a time. Tested with `SoftHSM2` alone.
//! Start at [`Pkcs11::open`]; `device.rs` has sessions and log-in, `keys.rs` the keys of the token.

mod device;
mod keys;

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use cryptoki::{mechanism::Mechanism, mechanism::aead::GcmParams, session::Session};
use regrant_crypto::{
    KekRef, KekState, KekSummary, KeyContext, KeyService, ProviderError, ProviderKind, Refresh,
    ServiceFuture,
};
use tokio::sync::Semaphore;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Pkcs11Settings, kek_id::derive_kek_id, retry::retry_call};
use device::{Device, DeviceError};

/// How many calls of the library run at the same time.
const AT_ONCE: usize = 4;
/// A call that takes longer counts as an outage. Its thread stays busy until the library returns.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often the keys are listed where nothing asks for them.
const READ_EVERY: Duration = Duration::from_secs(30);
const NONCE_BYTES: usize = 12;
const TAG_BITS: u64 = 128;

/// A key of a token.
pub struct Pkcs11 {
    device: Arc<Device>,
    permits: Arc<Semaphore>,
    id: Uuid,
    keks: RwLock<Vec<KekSummary>>,
    read_at: Mutex<Option<Instant>>,
}

impl Pkcs11 {
    /// Loads the library, logs in and lists the versions of the key.
    ///
    /// # Errors
    /// The library cannot be loaded, the token is not there or refuses the PIN, or it has no key that this product can
    /// use.
    pub async fn open(settings: Pkcs11Settings) -> Result<Self, ProviderError> {
        let names = [settings.token_label.as_str(), settings.key_label.as_str()];
        let id = derive_kek_id(ProviderKind::Pkcs11, &names);
        let loaded = tokio::task::spawn_blocking(move || Device::load(settings)).await;
        let device = loaded.map_err(|error| unavailable(error.to_string()))?;
        let pkcs11 = Self {
            device: Arc::new(device.map_err(|error| error.for_kek(KekRef { id, version: 0 }))?),
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            id,
            keks: RwLock::default(),
            read_at: Mutex::default(),
        };
        pkcs11.read_keys().await?;
        if pkcs11.list_keks().is_empty() {
            return Err(ProviderError::UnknownKek(KekRef { id, version: 0 }));
        }
        Ok(pkcs11)
    }

    async fn read_keys(&self) -> Result<bool, ProviderError> {
        let id = self.id;
        let none = KekRef { id, version: 0 };
        let listed = self.run(none, move |it, session| keys::list_keks(it, session, id));
        let keks = listed.await?;
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let mut current = self.keks.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = *current != keks;
        *current = keks;
        Ok(is_new)
    }

    /// Works with a session on a blocking thread. A session that was lost is opened again once.
    async fn run<T: Send + 'static>(
        &self,
        kek: KekRef,
        work: impl Fn(&Device, &Session) -> Result<T, DeviceError> + Send + 'static,
    ) -> Result<T, ProviderError> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(TIMEOUT, permit).await;
        let Ok(Ok(permit)) = permit else {
            return Err(unavailable("too many calls wait for the device".to_owned()));
        };
        let device = Arc::clone(&self.device);
        let done = tokio::task::spawn_blocking(move || {
            let _held = permit;
            device.with_session(work)
        });
        match tokio::time::timeout(TIMEOUT, done).await {
            Ok(Ok(done)) => done.map_err(|error| error.for_kek(kek)),
            Ok(Err(error)) => Err(unavailable(error.to_string())),
            Err(_) => Err(unavailable("the device did not respond in time".to_owned())),
        }
    }

    async fn change(
        &self,
        kek: KekRef,
        state: KekState,
        change: impl Fn(&Device, &Session) -> Result<(), DeviceError> + Send + 'static,
    ) -> Result<(), ProviderError> {
        self.read_keys().await?;
        let keks = self.list_keks();
        if !keks.iter().any(|it| it.kek == kek && it.state == state) {
            return Err(ProviderError::Transition);
        }
        self.run(kek, change).await?;
        self.read_keys().await.map(drop)
    }

    async fn stage(&self) -> Result<KekRef, ProviderError> {
        self.read_keys().await?;
        let keks = self.list_keks();
        if let Some(staged) = keks.iter().find(|it| it.state == KekState::Staged) {
            return Ok(staged.kek);
        }
        let newest = keks.iter().map(|it| it.kek.version).max();
        let version = newest.and_then(|it| it.checked_add(1));
        let kek = KekRef {
            id: self.id,
            version: version.ok_or(ProviderError::Transition)?,
        };
        let make =
            move |it: &Device, session: &Session| keys::make_staged(it, session, kek.version);
        self.run(kek, make).await?;
        self.read_keys().await?;
        Ok(kek)
    }

    fn is_due(&self) -> bool {
        let read_at = self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        read_at.is_none_or(|it| it.elapsed() >= READ_EVERY)
    }
}

impl KeyService for Pkcs11 {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Pkcs11
    }

    fn list_keks(&self) -> Vec<KekSummary> {
        self.keks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn refresh(&self, when: Refresh) -> ServiceFuture<'_, bool> {
        Box::pin(async move {
            if when == Refresh::IfDue && !self.is_due() {
                return Ok(false);
            }
            self.read_keys().await
        })
    }

    fn encrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        data_key: &'a [u8; 32],
    ) -> ServiceFuture<'a, Vec<u8>> {
        let (aad, secret) = (context.to_bytes(), Zeroizing::new(*data_key));
        Box::pin(async move {
            let call = || {
                let (aad, secret) = (aad.clone(), secret.clone());
                self.run(kek, move |device, session| {
                    encrypt(device, session, kek, &aad, secret.as_slice())
                })
            };
            retry_call(call).await
        })
    }

    fn decrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        body: &'a [u8],
    ) -> ServiceFuture<'a, Zeroizing<Vec<u8>>> {
        let (aad, body, data_key) = (context.to_bytes(), body.to_vec(), context.data_key());
        Box::pin(async move {
            let call = || {
                let (aad, body) = (aad.clone(), body.clone());
                self.run(kek, move |device, session| {
                    decrypt(device, session, kek, &aad, &body)
                })
            };
            let decrypted = retry_call(call).await?;
            decrypted.ok_or(ProviderError::WrongKek { kek, data_key })
        })
    }

    fn stage_kek(&self) -> ServiceFuture<'_, KekRef> {
        Box::pin(self.stage())
    }

    fn promote_kek(&self, kek: KekRef) -> ServiceFuture<'_, ()> {
        let promote = move |it: &Device, session: &Session| keys::promote(it, session, kek.version);
        Box::pin(self.change(kek, KekState::Staged, promote))
    }

    fn destroy_kek(&self, kek: KekRef) -> ServiceFuture<'_, ()> {
        let destroy = move |it: &Device, session: &Session| keys::destroy(it, session, kek.version);
        Box::pin(self.change(kek, KekState::DecryptOnly, destroy))
    }

    fn is_gone(&self, kek: KekRef) -> ServiceFuture<'_, bool> {
        Box::pin(async move {
            if kek.id != self.id {
                return Ok(false);
            }
            let look =
                move |it: &Device, session: &Session| keys::is_gone(it, session, kek.version);
            self.run(kek, look).await
        })
    }
}

/// Encrypts to `nonce12 ciphertext tag16`.
fn encrypt(
    device: &Device,
    session: &Session,
    kek: KekRef,
    aad: &[u8],
    secret: &[u8],
) -> Result<Vec<u8>, DeviceError> {
    let key = keys::find_key(device, session, kek.version)?;
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|_| DeviceError::Random)?;
    let mut body = nonce.to_vec();
    let mechanism = Mechanism::AesGcm(GcmParams::new(&mut nonce, aad, TAG_BITS.into())?);
    body.extend(session.encrypt(&mechanism, key, secret)?);
    Ok(body)
}

/// `None`: the device works, and the key does not open these bytes.
fn decrypt(
    device: &Device,
    session: &Session,
    kek: KekRef,
    aad: &[u8],
    body: &[u8],
) -> Result<Option<Zeroizing<Vec<u8>>>, DeviceError> {
    let key = keys::find_key(device, session, kek.version)?;
    let Some((nonce, ciphertext)) = body.split_first_chunk::<NONCE_BYTES>() else {
        return Ok(None);
    };
    let mut nonce = *nonce;
    let mechanism = Mechanism::AesGcm(GcmParams::new(&mut nonce, aad, TAG_BITS.into())?);
    match session.decrypt(&mechanism, key, ciphertext) {
        Ok(secret) => Ok(Some(Zeroizing::new(secret))),
        // Libraries report a wrong tag in different ways. If the key still encrypts, the bytes are at fault.
        Err(error) if device::may_be_wrong_tag(&error) => {
            encrypt(device, session, kek, aad, &[0; 32]).map(|_| None)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) const fn unavailable(reason: String) -> ProviderError {
    ProviderError::Unavailable {
        provider: ProviderKind::Pkcs11,
        reason,
    }
}
