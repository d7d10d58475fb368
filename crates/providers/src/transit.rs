//! The transit engine of Vault or OpenBao: it encrypts data keys with a key that never leaves it.
//!
//! The rule: the version of the key is sent with every encryption and compared with what comes back. A sealed server is an
//! outage, not a refusal. Written from the API's documentation, and tested with a stub of it alone.
//! Start at [`Transit::connect`]; `states.rs` maps versions to states, `rotation.rs` changes them, `client.rs` makes the
//! calls, `token.rs` renews the token.

mod client;
mod rotation;
mod states;
mod token;

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use regrant_crypto::{
    KekRef, KekSummary, KeyContext, KeyService, ProviderError, ProviderKind, Refresh, ServiceFuture,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{TransitSettings, kek_id::derive_kek_id, retry::retry_call};
use client::{CallError, Client, unavailable};
use states::KeyFacts;

/// How often the versions are read where nothing asks for them.
const READ_EVERY: Duration = Duration::from_secs(10);
/// The only type of keys that is used: AES-256-GCM with associated data.
const KEY_TYPE: &str = "aes256-gcm96";

/// A key of the engine.
pub struct Transit {
    client: Arc<Client>,
    mount: String,
    key: String,
    id: Uuid,
    keks: RwLock<Vec<KekSummary>>,
    read_at: Mutex<Option<Instant>>,
}

impl Transit {
    /// Reads the key, and renews the token from now on.
    ///
    /// # Errors
    /// The server does not respond or refuses the token; there is no such key, or it is not an AES-256 key that this
    /// product can use.
    pub async fn connect(settings: TransitSettings) -> Result<Self, ProviderError> {
        let (mount, key) = (settings.mount.clone(), settings.key.clone());
        let namespace = settings.namespace.clone().unwrap_or_default();
        let transit = Self {
            client: Arc::new(Client::new(settings)?),
            id: derive_kek_id(ProviderKind::Transit, &[&namespace, &mount, &key]),
            mount,
            key,
            keks: RwLock::default(),
            read_at: Mutex::default(),
        };
        retry_call(|| transit.read_key()).await?;
        let client = Arc::downgrade(&transit.client);
        drop(tokio::spawn(token::keep_token_alive(client)));
        Ok(transit)
    }

    async fn read_key(&self) -> Result<bool, ProviderError> {
        let facts = self.read_facts().await?;
        Ok(self.keep_facts(&facts))
    }

    async fn read_facts(&self) -> Result<KeyFacts, ProviderError> {
        let read = self.call(Method::GET, "keys", "", None);
        let facts = read.await.map_err(|error| self.of_key(error))?;
        let facts: KeyFacts = serde_json::from_value(facts)
            .map_err(|_| unavailable("its description of the key cannot be read".to_owned()))?;
        self.check_key(&facts)?;
        Ok(facts)
    }

    /// Keeps the states of the versions; returns whether they changed.
    fn keep_facts(&self, facts: &KeyFacts) -> bool {
        let keks = facts.list_keks(self.id);
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let mut current = self.keks.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = *current != keks;
        *current = keks;
        is_new
    }

    fn check_key(&self, facts: &KeyFacts) -> Result<(), ProviderError> {
        let reason = match facts {
            _ if facts.kind != KEY_TYPE => "its type is not aes256-gcm96",
            _ if facts.derived => "it is a derived key",
            _ if facts.exportable => "it can be exported, so it is no protection",
            _ if facts.active_version().is_none() => "it has no version",
            _ => return Ok(()),
        };
        Err(denied(self.kek(0), reason.to_owned()))
    }

    async fn encrypt_once(&self, kek: KekRef, body: &Value) -> Result<Vec<u8>, ProviderError> {
        let called = self.call(Method::POST, "encrypt", "", Some(body));
        let data = called.await.map_err(|error| self.of_key(error))?;
        let ciphertext = data.get("ciphertext").and_then(Value::as_str);
        let ciphertext = ciphertext.unwrap_or_default();
        if !ciphertext.starts_with(&format!("vault:v{}:", kek.version)) {
            let reason = "it encrypted with another version than it was asked to".to_owned();
            return Err(denied(kek, reason));
        }
        Ok(ciphertext.as_bytes().to_vec())
    }

    async fn decrypt_once(
        &self,
        kek: KekRef,
        data_key: Uuid,
        body: &Value,
    ) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let called = self.call(Method::POST, "decrypt", "", Some(body));
        let data = called.await.map_err(|error| match error {
            CallError::Refused(StatusCode::BAD_REQUEST, text) if is_gone(&text) => {
                ProviderError::UnknownKek(kek)
            }
            CallError::Refused(StatusCode::BAD_REQUEST, _) => {
                ProviderError::WrongKek { kek, data_key }
            }
            other => self.of_key(other),
        })?;
        let plaintext = match data {
            Value::Object(mut fields) => match fields.remove("plaintext") {
                Some(Value::String(text)) => Zeroizing::new(text),
                _ => Zeroizing::default(),
            },
            _ => Zeroizing::default(),
        };
        let decoded = BASE64.decode(plaintext.as_bytes());
        decoded
            .map(Zeroizing::new)
            .map_err(|_| unavailable("its response is not base64".to_owned()))
    }

    fn is_due(&self) -> bool {
        let read_at = self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        read_at.is_none_or(|it| it.elapsed() >= READ_EVERY)
    }

    async fn call(
        &self,
        method: Method,
        what: &str,
        step: &str,
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        let path = format!("{}/{what}/{}{step}", self.mount, self.key);
        self.client.call(method, &path, body).await
    }

    const fn kek(&self, version: u32) -> KekRef {
        KekRef {
            id: self.id,
            version,
        }
    }

    fn of_key(&self, error: CallError) -> ProviderError {
        match error {
            CallError::Unavailable(reason) => unavailable(reason),
            CallError::Refused(StatusCode::NOT_FOUND, _) => ProviderError::UnknownKek(self.kek(0)),
            CallError::Refused(status, text) => {
                denied(self.kek(0), format!("status {}{text}", status.as_u16()))
            }
        }
    }
}

const fn denied(kek: KekRef, reason: String) -> ProviderError {
    ProviderError::Denied {
        provider: ProviderKind::Transit,
        kek,
        reason,
    }
}

/// Whether a refusal of a decryption says that the version or the key is not there any more.
fn is_gone(text: &str) -> bool {
    text.contains("disallowed by policy") || text.contains("not found")
}

impl KeyService for Transit {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Transit
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
            self.read_key().await
        })
    }

    fn encrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        data_key: &'a [u8; 32],
    ) -> ServiceFuture<'a, Vec<u8>> {
        Box::pin(async move {
            let body = json!({
                "plaintext": BASE64.encode(data_key),
                "associated_data": BASE64.encode(context.to_bytes()),
                "key_version": kek.version,
            });
            let encrypted = retry_call(|| self.encrypt_once(kek, &body)).await;
            wipe_text(body, "plaintext");
            encrypted
        })
    }

    fn decrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        body: &'a [u8],
    ) -> ServiceFuture<'a, Zeroizing<Vec<u8>>> {
        Box::pin(async move {
            let wrong = ProviderError::WrongKek {
                kek,
                data_key: context.data_key(),
            };
            let text = std::str::from_utf8(body).map_err(|_| wrong.clone())?;
            if !text.starts_with(&format!("vault:v{}:", kek.version)) {
                return Err(wrong);
            }
            let body = json!({
                "ciphertext": text,
                "associated_data": BASE64.encode(context.to_bytes()),
            });
            retry_call(|| self.decrypt_once(kek, context.data_key(), &body)).await
        })
    }

    fn stage_kek(&self) -> ServiceFuture<'_, KekRef> {
        Box::pin(self.stage())
    }

    fn promote_kek(&self, kek: KekRef) -> ServiceFuture<'_, ()> {
        Box::pin(self.promote(kek))
    }

    fn destroy_kek(&self, kek: KekRef) -> ServiceFuture<'_, ()> {
        Box::pin(self.destroy(kek))
    }

    fn check_destruction(&self, kek: KekRef) -> Result<(), ProviderError> {
        self.check_order(kek)
    }
}

/// Overwrites a text of a request.
fn wipe_text(body: Value, field: &str) {
    if let Value::Object(mut fields) = body
        && let Some(Value::String(text)) = fields.remove(field)
    {
        drop(Zeroizing::new(text));
    }
}
