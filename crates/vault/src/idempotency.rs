//! Idempotency keys: a request that is sent twice is carried out once.
//!
//! The rule: the key is written in the transaction of the use case, so that concurrent requests with one key are
//! carried out once. The body is compared by a hash that is keyed with the tenant's data key, because the body may hold
//! a token. The stored result never holds a secret, so a replay cannot return one.
//! Start at [`Vault::run_idempotent`].

use regrant_domain::{ReconnectId, Timestamp};
use regrant_storage::{TenantScope, TenantTx};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Conflict, Error, Vault};

/// The longest key, in bytes.
const LONGEST: usize = 255;

/// The value of an `Idempotency-Key` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// A request that may be repeated: its key, and what must be equal in a repetition.
#[derive(Debug)]
pub struct Repeatable {
    /// The caller's key.
    pub key: IdempotencyKey,
    /// The method and the pattern of the route.
    pub route: &'static str,
    /// The path with its ids, then the canonical body. May hold a token.
    pub said: Zeroizing<Vec<u8>>,
}

/// The result of a request, and whether an earlier request with the same key produced it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done<T> {
    /// The result.
    pub value: T,
    /// Whether an earlier request produced the result; it then holds no secret.
    pub repeated: bool,
}

/// A request with its key and the fingerprint of its body.
pub(crate) struct Once {
    key: regrant_storage::IdempotencyKey,
    fingerprint: Vec<u8>,
    key_version: u32,
    said: Zeroizing<Vec<u8>>,
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
    /// `Conflict(OtherBody)`: the key was used for another request; else the error of `act`.
    pub(crate) async fn once<T: DeserializeOwned>(
        &self,
        scope: &TenantScope,
        caller: Uuid,
        repeatable: Option<Repeatable>,
        act: impl AsyncFnOnce(Option<&Once>) -> Result<T, Error>,
    ) -> Result<Done<T>, Error> {
        let Some(repeatable) = repeatable else {
            return Ok(Done {
                value: act(None).await?,
                repeated: false,
            });
        };
        let call = self.prepare(scope, caller, repeatable).await?;
        if let Some(value) = self.done_before(scope, &call).await? {
            return Ok(Done {
                value,
                repeated: true,
            });
        }
        match act(Some(&call)).await {
            Ok(value) => Ok(Done {
                value,
                repeated: false,
            }),
            // The error may come from the result of the first request with this key; replay that result if so.
            Err(error) => match self.done_before(scope, &call).await? {
                Some(value) => Ok(Done {
                    value,
                    repeated: true,
                }),
                None => Err(error),
            },
        }
    }

    /// Checks the key of a request that only reads: a repetition reads again, and the key serves no other request.
    ///
    /// # Errors
    /// `Conflict(OtherBody)`: the key was used for another request.
    pub(crate) async fn read_once(
        &self,
        scope: &TenantScope,
        caller: Uuid,
        repeatable: Option<Repeatable>,
    ) -> Result<(), Error> {
        let claim = async |call: Option<&Once>| {
            let Some(call) = call else { return Ok(()) };
            let tx = self.store.begin(scope).await?;
            call.remember(&tx, &(), None, self.clock.now()).await?;
            Ok(tx.commit().await?)
        };
        self.once(scope, caller, repeatable, claim)
            .await
            .map(|done| done.value)
    }

    /// Commits an operator's act, after storing its key in the scope of the installation, whatever the scope of the act.
    pub(crate) async fn conclude<T: Serialize>(
        &self,
        tx: TenantTx,
        call: Option<&Once>,
        done: &T,
        at: Timestamp,
    ) -> Result<(), Error> {
        let Some(call) = call else {
            return Ok(tx.commit().await?);
        };
        let tx = tx.go_on_as(&self.store.system_scope()).await?;
        call.remember(&tx, done, None, at).await?;
        Ok(tx.commit().await?)
    }

    /// Fingerprints the request. Call it outside of a transaction, because it may read data keys.
    pub(crate) async fn prepare(
        &self,
        scope: &TenantScope,
        caller: Uuid,
        repeatable: Repeatable,
    ) -> Result<Once, Error> {
        let Repeatable { key, route, said } = repeatable;
        let data_key = self.keys.active(scope).await?;
        let fingerprint = data_key.fingerprint(&said).as_bytes().to_vec();
        let key = regrant_storage::IdempotencyKey {
            caller,
            route,
            key: key.0,
        };
        Ok(Once {
            key,
            fingerprint,
            key_version: data_key.version(),
            said,
        })
    }

    /// The result of an earlier request with this key, if there was one.
    ///
    /// # Errors
    /// `Conflict(OtherBody)`: the key was used for another request.
    pub(crate) async fn done_before<T: DeserializeOwned>(
        &self,
        scope: &TenantScope,
        call: &Once,
    ) -> Result<Option<T>, Error> {
        let tx = self.store.begin_read(scope).await?;
        let earlier = tx.find_idempotent(&call.key).await?;
        tx.commit().await?;
        let Some(earlier) = earlier else {
            return Ok(None);
        };
        let print = self
            .keys
            .fingerprint(scope, earlier.key_version, &call.said)
            .await?;
        if !print.is_some_and(|it| it.matches(&earlier.fingerprint)) {
            return Err(Error::Conflict(Conflict::OtherBody));
        }
        serde_json::from_str(&earlier.answer)
            .map(Some)
            .map_err(Error::internal)
    }
}

impl Once {
    /// Stores the result in the transaction of the use case, and the reconnect that it started.
    ///
    /// # Errors
    /// `Raced`: another request with this key was first. Drop the transaction; [`Vault::run_idempotent`] replays then.
    pub(crate) async fn remember<T: Serialize>(
        &self,
        tx: &TenantTx,
        done: &T,
        reconnect: Option<ReconnectId>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let call = regrant_storage::IdempotentCall {
            fingerprint: self.fingerprint.clone(),
            key_version: self.key_version,
            answer: serde_json::to_string(done).map_err(Error::internal)?,
            reconnect,
        };
        tx.insert_idempotent(&self.key, &call, at)
            .await
            .map_err(|error| match error {
                regrant_storage::Error::Taken(_) => Error::Raced,
                other => other.into(),
            })
    }
}
