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

use regrant_crypto::{Checkpoint, Claims, Confirmation, JwtRefusal, Receipt, Verifier};
use regrant_domain::{Timestamp, error_chain};
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::{
    Error, Settings,
    access::{
        claims::{Audience, NewToken},
        signing_keys::{KeySet, ensure_signing_key},
        verified_tokens::VerifiedTokens,
    },
    credentials::data_keys::DataKeys,
};

/// The maximum age of the cached keys.
const MAX_AGE: Duration = Duration::from_mins(1);
/// The maximum age of the cached keys if a token names an unknown key.
const MAX_AGE_FOR_UNKNOWN_KEY: Duration = Duration::from_secs(10);

/// Signs and verifies with the keys of the installation.
pub(crate) struct Issuer {
    keys: DataKeys,
    names: IssuerNames,
    key_cache: RwLock<CachedKeys>,
    /// Held while the keys are read: one task reads, the others wait for its result.
    read_lock: tokio::sync::Mutex<()>,
    read_count: AtomicU64,
    verified: VerifiedTokens,
}

/// What signed tokens and statements name as their issuer and audience.
pub(super) struct IssuerNames {
    issuer: String,
    audience: String,
    /// The issuer of statements, which outlive an address.
    statements: String,
}

impl IssuerNames {
    /// A verifier without keys for the tokens of this listener.
    pub(super) fn token_verifier(&self, of: Audience) -> Verifier {
        Verifier::new(&self.issuer, &of.to_claim(&self.audience))
    }

    /// A verifier without keys for checkpoints and receipts.
    pub(super) fn statement_verifier(&self) -> Verifier {
        Verifier::new(&self.statements, "")
    }
}

/// The keys and when they were last read.
#[derive(Clone)]
struct CachedKeys {
    keys: Arc<KeySet>,
    read_at: Instant,
}

impl Issuer {
    /// Reads the keys. Creates the first key if there is none.
    pub(crate) async fn load_or_create(
        keys: &DataKeys,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, Error> {
        ensure_signing_key(keys, now).await?;
        let names = IssuerNames {
            issuer: settings.access.issuer.clone(),
            audience: settings.access.audience.clone(),
            statements: settings.audit.issuer.clone(),
        };
        let set = KeySet::read_keys(keys, None, &names).await?;
        let known = RwLock::new(CachedKeys {
            keys: Arc::new(set),
            read_at: Instant::now(),
        });
        let turn = tokio::sync::Mutex::default();
        Ok(Self {
            keys: keys.clone(),
            names,
            key_cache: known,
            read_lock: turn,
            read_count: AtomicU64::new(1),
            verified: VerifiedTokens::new(),
        })
    }

    /// Signs a token with the active key.
    pub(crate) async fn sign_token(
        &self,
        token: NewToken,
        now: Timestamp,
    ) -> Result<String, Error> {
        let (iat, lifetime) = (now.timestamp(), i64::try_from(token.lifetime.as_secs()));
        let claims = Claims {
            iss: self.names.issuer.clone(),
            aud: token.audience.to_claim(&self.names.audience),
            sub: token.sub,
            client_id: token.client_id,
            tenant: token.tenant,
            ver: token.ver,
            scope: token.scope,
            jti: token.jti,
            iat,
            nbf: iat,
            exp: iat.saturating_add(lifetime.map_err(Error::from_cause)?),
            cnf: token.key.map(|jkt| Confirmation { jkt }),
        };
        Ok(self
            .current_keys()
            .await
            .signing_key(now)?
            .sign_claims(&claims)?)
    }

    /// The claims of a token, if it is valid now for this listener and signed with a key of this
    /// installation that is not retired.
    pub(crate) async fn verify_token(
        &self,
        audience: Audience,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<Claims>, Error> {
        let known = self.verified.find_token(audience, token);
        if let Some(known) = known
            && self.current_keys().await.is_trusted_at(&known.kid, now)
        {
            let claims = &known.claims;
            let fits = claims.check_times(now.timestamp());
            return fits
                .map(|()| Arc::clone(claims))
                .map_err(|_| Error::Unauthenticated);
        }
        // On the heap: every call holds this future, and few need it.
        Box::pin(self.verify_signature(audience, token, now)).await
    }

    /// Verifies a token that is not among those verified before.
    async fn verify_signature(
        &self,
        audience: Audience,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<Claims>, Error> {
        let kid = Verifier::read_key_id(token).map_err(|_| Error::Unauthenticated)?;
        let mut set = self.current_keys().await;
        if !set.has_key(&kid) {
            set = self.keys_read_within(MAX_AGE_FOR_UNKNOWN_KEY).await;
        }
        if !set.is_trusted_at(&kid, now) {
            return Err(Error::Unauthenticated);
        }
        let claims = set
            .verifier_for(audience)
            .verify_claims(token, now.timestamp())
            .map_err(|_| Error::Unauthenticated)?;
        let claims = Arc::new(claims);
        self.verified.add_token(audience, token, &kid, &claims);
        Ok(claims)
    }

    /// Whether a key of this installation that is not retired signed the token, even if the token has ended.
    pub(crate) async fn is_own_token(
        &self,
        audience: Audience,
        token: &str,
        now: Timestamp,
    ) -> bool {
        let set = self.current_keys().await;
        let is_trusted = Verifier::read_key_id(token).is_ok_and(|kid| set.is_trusted_at(&kid, now));
        is_trusted
            && matches!(
                set.verifier_for(audience)
                    .verify_claims(token, now.timestamp()),
                Ok(_) | Err(JwtRefusal::Expired)
            )
    }

    /// Signs a checkpoint of the audit with the active key.
    pub(crate) async fn sign_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        now: Timestamp,
    ) -> Result<String, Error> {
        Ok(self
            .current_keys()
            .await
            .signing_key(now)?
            .sign_checkpoint(checkpoint)?)
    }

    /// Signs a receipt with the active key.
    pub(crate) async fn sign_receipt(
        &self,
        receipt: &Receipt,
        now: Timestamp,
    ) -> Result<String, Error> {
        Ok(self
            .current_keys()
            .await
            .signing_key(now)?
            .sign_receipt(receipt)?)
    }

    /// The keys, at most one minute old. Do not call this while a transaction is open: it may read
    /// the database on another connection.
    pub(crate) async fn current_keys(&self) -> Arc<KeySet> {
        self.keys_read_within(MAX_AGE).await
    }

    /// Reads the keys again, whatever the age of the cached ones.
    pub(super) async fn reload_keys(&self) -> Arc<KeySet> {
        self.keys_read_within(Duration::ZERO).await
    }

    /// The number of reads from the database.
    #[cfg(test)]
    pub(super) fn count_reads(&self) -> u64 {
        self.read_count.load(Ordering::SeqCst)
    }

    async fn keys_read_within(&self, longest: Duration) -> Arc<KeySet> {
        let known = self.cached_keys();
        if known.read_at.elapsed() < longest {
            return known.keys;
        }
        // On the heap: every call holds this future, and few need it.
        Box::pin(self.read_keys_in_turn(longest)).await
    }

    async fn read_keys_in_turn(&self, longest: Duration) -> Arc<KeySet> {
        let _turn = self.read_lock.lock().await;
        // Another task may have read the keys while this one waited for the lock.
        let known = self.cached_keys();
        if known.read_at.elapsed() < longest {
            return known.keys;
        }
        let set = self.read_keys_or(known.keys).await;
        debug!(
            reads = self.read_count.fetch_add(1, Ordering::SeqCst),
            "read the signing keys"
        );
        // Set the time after a failed read too, so that it is not repeated at once.
        let known = CachedKeys {
            keys: Arc::clone(&set),
            read_at: Instant::now(),
        };
        *self
            .key_cache
            .write()
            .unwrap_or_else(PoisonError::into_inner) = known;
        set
    }

    /// Reads the keys; after an error, logs it and returns the `known` keys.
    async fn read_keys_or(&self, known: Arc<KeySet>) -> Arc<KeySet> {
        let read = KeySet::read_keys(&self.keys, Some(&*known), &self.names);
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

    fn cached_keys(&self) -> CachedKeys {
        self.key_cache
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
