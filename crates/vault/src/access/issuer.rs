//! Issues and verifies access tokens, for the API and the other listeners.
//!
//! The rule: the newest key whose time has come signs, every key that is not retired verifies, and a key is known to
//! every process long before it signs. The keys are read again as calls come in: once a minute, and for a key that
//! is not known at most once in ten seconds, so that forged tokens do not reach the database.
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

/// How old what is known of the keys may be.
const READ_AGAIN: Duration = Duration::from_mins(1);
/// How old it may be when a token names a key that is not known.
const LOOK_FOR_UNKNOWN: Duration = Duration::from_secs(10);

/// Signs and verifies with the keys of the installation.
pub(crate) struct Issuer {
    keys: Keys,
    name: String,
    audience: String,
    known: RwLock<Known>,
    /// One asks at a time; the others wait for what it hears.
    turn: tokio::sync::Mutex<()>,
    reads: AtomicU64,
}

/// The keys as they were when they were last asked for.
#[derive(Clone)]
struct Known {
    set: Arc<KeySet>,
    asked_at: Instant,
}

impl Issuer {
    /// Reads the keys; makes the first one where there is none.
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

    /// A token, signed.
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

    /// What a token for this listener says, if a key of ours that is not retired signed it and it holds now.
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

    /// The keys, heard of not longer ago than a minute. Not to be asked for while a transaction is open.
    pub(crate) async fn current(&self) -> Arc<KeySet> {
        self.asked_within(READ_AGAIN).await
    }

    /// The keys as they are now.
    pub(super) async fn renew(&self) -> Arc<KeySet> {
        self.asked_within(Duration::ZERO).await
    }

    /// How often the keys were read.
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
        let known = self.known();
        if known.asked_at.elapsed() < longest {
            return known.set;
        }
        let read = KeySet::read(&self.keys, Some(&*known.set), |it| {
            verifier(&self.name, &self.audience, it)
        });
        let set = match read.await {
            Ok(set) => Arc::new(set),
            Err(error) => {
                warn!(
                    error = error_chain(&error),
                    "the signing keys were not read again"
                );
                known.set
            }
        };
        debug!(
            reads = self.reads.fetch_add(1, Ordering::SeqCst),
            "the signing keys were asked for"
        );
        // What failed is not tried again at once either.
        let known = Known {
            set: Arc::clone(&set),
            asked_at: Instant::now(),
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        set
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
