//! Signs and verifies access tokens for all listeners.
//!
//! The rule: the newest active key signs, every key that is not retired verifies, and every process
//! knows a key long before the key signs. Requests reload the keys: at most once a minute, or once
//! in ten seconds if a token names an unknown key. Thus a flood of forged tokens does not reach the
//! database.
//! Continue at `signing_keys.rs` for the keys and their rotation.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use regrant_crypto::{Checkpoint, Claims, Verifier};
use regrant_domain::{Timestamp, error_chain};
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::{
    Error, Settings,
    access::{
        claims::{Audience, NewToken},
        signing_keys::{KeySet, ensure_key},
    },
    credentials::data_keys::Keys,
};

/// The maximum age of the cached keys.
const READ_AGAIN: Duration = Duration::from_mins(1);
/// The maximum age of the cached keys if a token names an unknown key.
const LOOK_FOR_UNKNOWN: Duration = Duration::from_secs(10);

/// Signs and verifies with the keys of the installation.
pub(crate) struct Issuer {
    keys: Keys,
    name: String,
    audience: String,
    known: RwLock<Known>,
    /// Held while the keys are read: one task reads, the others wait for its result.
    turn: tokio::sync::Mutex<()>,
    reads: AtomicU64,
}

/// The keys and when they were last read.
#[derive(Clone)]
struct Known {
    set: Arc<KeySet>,
    asked_at: Instant,
}

impl Issuer {
    /// Reads the keys. Creates the first key if there is none.
    pub(crate) async fn load(
        keys: &Keys,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, Error> {
        ensure_key(keys, now).await?;
        let (name, audience) = (
            settings.access.issuer.clone(),
            settings.access.audience.clone(),
        );
        let set = KeySet::read(keys, None, |it| verifier(&name, &audience, it)).await?;
        let known = RwLock::new(Known {
            set: Arc::new(set),
            asked_at: Instant::now(),
        });
        let turn = tokio::sync::Mutex::default();
        Ok(Self {
            keys: keys.clone(),
            name,
            audience,
            known,
            turn,
            reads: AtomicU64::new(1),
        })
    }

    /// Signs a token with the active key.
    pub(crate) async fn sign(&self, token: NewToken, now: Timestamp) -> Result<String, Error> {
        let (iat, lifetime) = (now.timestamp(), i64::try_from(token.lifetime.as_secs()));
        let claims = Claims {
            iss: self.name.clone(),
            aud: token.audience.name(&self.audience),
            sub: token.sub,
            tenant: token.tenant,
            ver: token.ver,
            scope: token.scope,
            jti: token.jti,
            iat,
            nbf: iat,
            exp: iat.saturating_add(lifetime.map_err(Error::internal)?),
        };
        Ok(self.current().await.signing(now)?.sign(&claims)?)
    }

    /// The claims of a token, if it is valid now for this listener and signed with a key of this
    /// installation that is not retired.
    pub(crate) async fn verify(
        &self,
        audience: Audience,
        token: &str,
        now: Timestamp,
    ) -> Result<Claims, Error> {
        let kid = Verifier::key_id(token).map_err(|_| Error::Unauthenticated)?;
        let mut set = self.current().await;
        if !set.knows(&kid) {
            set = self.asked_within(LOOK_FOR_UNKNOWN).await;
        }
        if !set.believes(&kid, now) {
            return Err(Error::Unauthenticated);
        }
        set.verifier(audience)
            .verify(token, now.timestamp())
            .map_err(|_| Error::Unauthenticated)
    }

    /// Signs a checkpoint of the audit with the active key.
    pub(crate) async fn sign_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        now: Timestamp,
    ) -> Result<String, Error> {
        Ok(self
            .current()
            .await
            .signing(now)?
            .sign_checkpoint(checkpoint)?)
    }

    /// The keys, at most one minute old. Do not call this while a transaction is open: it may read
    /// the database on another connection.
    pub(crate) async fn current(&self) -> Arc<KeySet> {
        self.asked_within(READ_AGAIN).await
    }

    /// Reads the keys again, whatever the age of the cached ones.
    pub(super) async fn renew(&self) -> Arc<KeySet> {
        self.asked_within(Duration::ZERO).await
    }

    /// The number of reads from the database.
    #[cfg(test)]
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    async fn asked_within(&self, longest: Duration) -> Arc<KeySet> {
        let known = self.known();
        if known.asked_at.elapsed() < longest {
            return known.set;
        }
        let _turn = self.turn.lock().await;
        // Another task may have read the keys while this one waited for the lock.
        let known = self.known();
        if known.asked_at.elapsed() < longest {
            return known.set;
        }
        let set = self.read_keys_or(known.set).await;
        debug!(
            reads = self.reads.fetch_add(1, Ordering::SeqCst),
            "read the signing keys"
        );
        // Set the time after a failed read too, so that it is not repeated at once.
        let known = Known {
            set: Arc::clone(&set),
            asked_at: Instant::now(),
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        set
    }

    /// Reads the keys; after an error, logs it and returns the `known` keys.
    async fn read_keys_or(&self, known: Arc<KeySet>) -> Arc<KeySet> {
        let read = KeySet::read(&self.keys, Some(&*known), |it| {
            verifier(&self.name, &self.audience, it)
        });
        match read.await {
            Ok(set) => Arc::new(set),
            Err(error) => {
                warn!(
                    error = error_chain(&error),
                    "cannot reload the signing keys"
                );
                known
            }
        }
    }

    fn known(&self) -> Known {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn verifier(issuer: &str, audience: &str, of: Audience) -> Verifier {
    Verifier::new(issuer, &of.name(audience))
}
