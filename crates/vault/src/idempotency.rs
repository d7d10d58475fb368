//! Idempotency keys: the same call twice is one act.
//!
//! The rule: the key is written in the transaction of the act, so the act happens once however often and however
//! simultaneously it is asked for. The body is compared by a hash keyed with the tenant's data key, because it may
//! hold a token; what is kept of the answer never holds a secret, so a repeated call cannot show one again.

use regrant_domain::{ReconnectId, Timestamp};
use regrant_storage::{IdempotentCall, TenantScope, TenantTx};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Conflict, Error, Vault};

const LONGEST: usize = 255;

/// The value of an `Idempotency-Key` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// A call that may be repeated: its key, and what must be the same.
#[derive(Debug)]
pub struct Repeatable {
    /// The caller's key.
    pub key: IdempotencyKey,
    /// The route's pattern with its method.
    pub route: &'static str,
    /// The path with its ids, then the canonical body. May hold a token.
    pub said: Zeroizing<Vec<u8>>,
}

/// What an act did, and whether a call before this one did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done<T> {
    /// What was done.
    pub value: T,
    /// Whether this call only repeats another: it shows no secret.
    pub repeated: bool,
}

/// One call on its way into a transaction.
pub(crate) struct Once {
    key: regrant_storage::IdempotencyKey,
    fingerprint: Vec<u8>,
    key_version: u32,
    said: Zeroizing<Vec<u8>>,
}

impl IdempotencyKey {
    /// Reads the header's value.
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
    /// Acts once for a call that may be repeated. `act` is given the call to [`Once::remember`] in its transaction;
    /// where another call with the key was first, what that one did is told.
    ///
    /// # Errors
    /// `Conflict(OtherBody)`: the key was used for something else; else what `act` fails with.
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
        let once = self.prepare(scope, caller, repeatable).await?;
        if let Some(value) = self.done_before(scope, &once).await? {
            return Ok(Done {
                value,
                repeated: true,
            });
        }
        match act(Some(&once)).await {
            Ok(value) => Ok(Done {
                value,
                repeated: false,
            }),
            // What stood in the way may be what the first call with this key made.
            Err(error) => match self.done_before(scope, &once).await? {
                Some(value) => Ok(Done {
                    value,
                    repeated: true,
                }),
                None => Err(error),
            },
        }
    }

    /// Holds a call that only reads to its key: the same key may read the same again, and nothing else.
    ///
    /// # Errors
    /// `Conflict(OtherBody)`: the key was used for something else.
    pub(crate) async fn read_once(
        &self,
        scope: &TenantScope,
        caller: Uuid,
        repeatable: Option<Repeatable>,
    ) -> Result<(), Error> {
        let claim = async |once: Option<&Once>| {
            let Some(once) = once else { return Ok(()) };
            let tx = self.store.begin(scope).await?;
            once.remember(&tx, &(), None, self.clock.now()).await?;
            Ok(tx.commit().await?)
        };
        self.once(scope, caller, repeatable, claim)
            .await
            .map(|done| done.value)
    }

    /// Makes an act of an operator last: its key is remembered under the installation's scope, whichever the act's is.
    pub(crate) async fn conclude<T: Serialize>(
        &self,
        tx: TenantTx,
        once: Option<&Once>,
        done: &T,
        at: Timestamp,
    ) -> Result<(), Error> {
        let Some(once) = once else {
            return Ok(tx.commit().await?);
        };
        let tx = tx.go_on_as(&self.store.system_scope()).await?;
        once.remember(&tx, done, None, at).await?;
        Ok(tx.commit().await?)
    }

    /// The call with its fingerprint; outside of any transaction, because keys may have to be read.
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

    /// What an earlier call with this key did, if there was one.
    pub(crate) async fn done_before<T: DeserializeOwned>(
        &self,
        scope: &TenantScope,
        once: &Once,
    ) -> Result<Option<T>, Error> {
        let tx = self.store.begin_read(scope).await?;
        let earlier = tx.find_idempotent(&once.key).await?;
        tx.commit().await?;
        let Some(earlier) = earlier else {
            return Ok(None);
        };
        let print = self
            .keys
            .fingerprint(scope, earlier.key_version, &once.said)
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
    /// Remembers in the act's transaction what it did, and the reconnect that it began.
    ///
    /// # Errors
    /// `Raced`: another call with this key was first. Drop the transaction; [`Vault::once`] goes on from there.
    pub(crate) async fn remember<T: Serialize>(
        &self,
        tx: &TenantTx,
        done: &T,
        reconnect: Option<ReconnectId>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let call = IdempotentCall {
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
