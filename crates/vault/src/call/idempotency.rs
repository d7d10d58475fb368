//! Idempotency keys: a request that is sent twice is carried out once.
//!
//! The rule: the key is written in the transaction of the use case, so that concurrent requests with one key are
//! carried out once. The body is compared by a hash that is keyed with the tenant's data key, because the body may hold
//! a token. The stored result never holds a secret, so a replay cannot return one.
//! Start at [`Vault::run_idempotent`].

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use regrant_domain::{ReconnectId, Timestamp};
use regrant_storage::{TenantScope, TenantTx};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Conflict, Error, Vault, call::record_quota::RecordBytes};

/// The longest key, in bytes.
const LONGEST: usize = 255;

/// The value of an `Idempotency-Key` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// A request that may be repeated: its key, and what must be equal in a repetition.
#[derive(Debug)]
pub struct RepeatableRequest {
    /// The caller's key.
    pub key: IdempotencyKey,
    /// The method and the pattern of the route.
    pub route: &'static str,
    /// The path with its ids, then the canonical body. May hold a token.
    pub canonical_request: Zeroizing<Vec<u8>>,
    /// Set where an earlier request produced the result.
    pub replay: ReplayNote,
}

/// Notes that an earlier request produced the result of this one. Clones share the note.
#[derive(Debug, Clone, Default)]
pub struct ReplayNote(Arc<AtomicBool>);

impl ReplayNote {
    /// Whether an earlier request produced the result.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl RepeatableRequest {
    /// The same request where a repetition runs again: its result is no replay.
    pub(crate) fn run_again(self) -> Self {
        Self {
            replay: ReplayNote::default(),
            ..self
        }
    }
}

/// The result of a request, and whether an earlier request with the same key produced it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed<T> {
    /// The result.
    pub value: T,
    /// Whether an earlier request produced the result; it then holds no secret.
    pub is_replay: bool,
}

/// A request with its key and the fingerprint of its body.
pub(crate) struct IdempotentCall {
    key: regrant_storage::IdempotencyKey,
    fingerprint: Vec<u8>,
    key_version: u32,
    canonical_request: Zeroizing<Vec<u8>>,
    replay: ReplayNote,
    /// What the records of the tenant hold; unknown until the call turned out to be no repetition.
    records: OnceLock<RecordBytes>,
}

impl<T> Replayed<T> {
    const fn first(value: T) -> Self {
        Self {
            value,
            is_replay: false,
        }
    }

    const fn replay(value: T) -> Self {
        Self {
            value,
            is_replay: true,
        }
    }
}

impl IdempotencyKey {
    /// Parses the header's value.
    ///
    /// # Errors
    /// `Invalid` unless it is 1 to 255 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let fits = (1..=LONGEST).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            let reason = format!("expected 1 to {LONGEST} visible ASCII characters");
            Err(Error::Invalid {
                field: "Idempotency-Key".to_owned(),
                reason,
            })
        }
    }
}

impl Vault {
    /// Runs `act` once for a request that may be repeated, or returns the result of the first request with the key.
    /// `act` must call [`IdempotentCall::store_result`] in its transaction.
    ///
    /// # Errors
    /// `Conflict(OtherBody)`: the key was used for another request; `RecordsFull`; else the error of `act`.
    pub(crate) async fn run_idempotent<T: DeserializeOwned>(
        &self,
        scope: &TenantScope,
        caller: Uuid,
        repeatable: Option<RepeatableRequest>,
        act: impl AsyncFnOnce(Option<&IdempotentCall>) -> Result<T, Error>,
    ) -> Result<Replayed<T>, Error> {
        let Some(repeatable) = repeatable else {
            return act(None).await.map(Replayed::first);
        };
        let call = self.fingerprint_request(scope, caller, repeatable).await?;
        if let Some(value) = self.find_replay(scope, &call).await? {
            return Ok(Replayed::replay(value));
        }
        let first = match self.admit_first_call(scope, &call).await {
            Ok(()) => act(Some(&call)).await,
            Err(error) => Err(error),
        };
        match first {
            Ok(value) => Ok(Replayed::first(value)),
            // The error may come from the result of the first request with this key; replay that result if so.
            Err(error) => self
                .find_replay(scope, &call)
                .await?
                .map(Replayed::replay)
                .ok_or(error),
        }
    }

    /// Checks the key of a request that only reads: a repetition reads again, and the key serves no other request.
    ///
    /// # Errors
    /// `Conflict(OtherBody)`: the key was used for another request.
    pub(crate) async fn check_key(
        &self,
        scope: &TenantScope,
        caller: Uuid,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<(), Error> {
        let Some(repeatable) = repeatable.map(RepeatableRequest::run_again) else {
            return Ok(());
        };
        let repeatable = Some(repeatable);
        let claim = async |call: Option<&IdempotentCall>| {
            let Some(call) = call else { return Ok(()) };
            let tx = self.store.begin(scope).await?;
            call.store_result(&tx, &(), None, self.clock.now()).await?;
            Ok(tx.commit().await?)
        };
        // On the heap: every read of a token holds this future, and few have a key.
        Box::pin(self.run_idempotent(scope, caller, repeatable, claim))
            .await
            .map(|done| done.value)
    }

    /// Commits an operator's act, after storing its key in the scope of the installation, whatever the scope of the act.
    pub(crate) async fn commit_with_key<T: Serialize>(
        &self,
        tx: TenantTx,
        call: Option<&IdempotentCall>,
        done: &T,
        at: Timestamp,
    ) -> Result<(), Error> {
        let Some(call) = call else {
            return Ok(tx.commit().await?);
        };
        let tx = tx.switch_tenant(&self.store.system_scope()).await?;
        call.store_result(&tx, done, None, at).await?;
        Ok(tx.commit().await?)
    }

    /// Fingerprints the request. Call it outside of a transaction, because it may read data keys.
    pub(crate) async fn fingerprint_request(
        &self,
        scope: &TenantScope,
        caller: Uuid,
        repeatable: RepeatableRequest,
    ) -> Result<IdempotentCall, Error> {
        let RepeatableRequest {
            key,
            route,
            canonical_request: said,
            replay,
        } = repeatable;
        let data_key = self.data_keys.active(scope).await?;
        let fingerprint = data_key.compute_fingerprint(&said).as_bytes().to_vec();
        let key = regrant_storage::IdempotencyKey {
            caller,
            route,
            key: key.0,
        };
        Ok(IdempotentCall {
            key,
            fingerprint,
            key_version: data_key.version(),
            canonical_request: said,
            replay,
            records: OnceLock::new(),
        })
    }

    /// Lets a call that is no repetition store its result.
    ///
    /// # Errors
    /// `RecordsFull`.
    async fn admit_first_call(
        &self,
        scope: &TenantScope,
        call: &IdempotentCall,
    ) -> Result<(), Error> {
        let records = self.check_record_quota(scope).await?;
        call.records.get_or_init(|| records);
        Ok(())
    }

    /// The result of an earlier request with this key, if there was one.
    ///
    /// # Errors
    /// `Conflict(OtherBody)`: the key was used for another request.
    pub(crate) async fn find_replay<T: DeserializeOwned>(
        &self,
        scope: &TenantScope,
        call: &IdempotentCall,
    ) -> Result<Option<T>, Error> {
        let tx = self.store.begin_read(scope).await?;
        let earlier = tx.find_idempotent_call(&call.key).await?;
        tx.commit().await?;
        let Some(earlier) = earlier else {
            return Ok(None);
        };
        let print = self
            .data_keys
            .fingerprint_with_version(scope, earlier.key_version, &call.canonical_request)
            .await?;
        if !print.is_some_and(|it| it.matches_stored(&earlier.fingerprint)) {
            return Err(Error::Conflict(Conflict::OtherBody));
        }
        let value = serde_json::from_str(&earlier.response).map_err(Error::from_cause)?;
        call.replay.set();
        Ok(Some(value))
    }
}

impl IdempotentCall {
    /// The caller's key.
    pub(crate) fn key_text(&self) -> &str {
        &self.key.key
    }

    /// Checks that no other request with this key was carried out before. Call it once the transaction holds the lock
    /// that equal requests wait for, so that they end here instead of doing the work in vain.
    ///
    /// # Errors
    /// `Raced`: as [`Self::store_result`].
    pub(crate) async fn check_unused(&self, tx: &TenantTx) -> Result<(), Error> {
        match tx.find_idempotent_call(&self.key).await? {
            Some(_) => Err(Error::Raced),
            None => Ok(()),
        }
    }

    /// Stores the result in the transaction of the use case, and the reconnect that it started.
    ///
    /// # Errors
    /// `Raced`: another request with this key was first. Drop the transaction; [`Vault::run_idempotent`] replays then.
    pub(crate) async fn store_result<T: Serialize>(
        &self,
        tx: &TenantTx,
        done: &T,
        reconnect: Option<ReconnectId>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let call = regrant_storage::IdempotentCall {
            fingerprint: self.fingerprint.clone(),
            key_version: self.key_version,
            response: serde_json::to_string(done).map_err(Error::from_cause)?,
            reconnect,
        };
        if let Some(records) = self.records.get() {
            records.add(1, call.response.len());
        }
        tx.insert_idempotent_call(&self.key, &call, at)
            .await
            .map_err(|error| match error {
                regrant_storage::Error::Taken(_) => Error::Raced,
                other => other.into(),
            })
    }
}
