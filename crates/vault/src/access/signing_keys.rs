//! The keys that sign access tokens: reads, publishes and rotates them.
//!
//! The rule: a new key is published ten minutes before it signs, so that every process knows it in
//! time, and the previous key verifies until its last token has expired. Only an immediate rotation
//! breaks this rule. Checkpoints of the audit never expire: they verify with retired keys, too.
//! Start at `Vault::rotate_signing_keys`.

use std::sync::Arc;

use regrant_crypto::{Checkpoint, Context, JwtRefusal, Purpose, Receipt, SigningKey, Verifier};
use regrant_domain::Timestamp;
use regrant_storage::{AuditEvent, NewSigningKey, StoredSigningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Actor, Error, RepeatableRequest, Vault,
    access::{claims::Audience, issuer::IssuerNames},
    call::idempotency::IdempotentCall,
    credentials::data_keys::DataKeys,
};

/// How long a key is published before it signs: ten times the maximum age of the cached keys.
const PUBLISH_AHEAD: chrono::Duration = chrono::Duration::minutes(10);
/// How long the previous key still verifies: tokens live at most one hour, and clocks differ by
/// seconds.
const OVERLAP: chrono::Duration = chrono::Duration::minutes(61);

/// A signing key as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeyView {
    /// The key id in the header of a token.
    pub kid: String,
    /// When the key was created.
    pub created_at: Timestamp,
    /// When the key starts to sign.
    pub active_from: Timestamp,
    /// When the key stops verifying tokens.
    pub retired_at: Option<Timestamp>,
    /// What the key is used for now.
    pub state: SigningKeyState,
}

/// What a signing key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SigningKeyState {
    /// The key is published and signs later.
    Next,
    /// The key signs.
    Active,
    /// Another key signs; this one still verifies tokens.
    Overlap,
    /// The key no longer verifies tokens.
    Retired,
}

impl Vault {
    /// Lists every signing key, oldest first.
    pub async fn list_signing_keys(&self) -> Result<Vec<SigningKeyView>, Error> {
        Ok(view_keys(
            &self.store.list_signing_keys().await?,
            self.clock.now(),
        ))
    }

    /// Creates a new signing key. Normally the key signs after ten minutes and existing tokens stay
    /// valid until they expire. With `immediately` it signs at once and every existing token is
    /// refused: in this process at once, in other processes within a minute.
    ///
    /// # Errors
    /// `ReadOnly`; `Conflict(OtherBody)`.
    pub async fn rotate_signing_keys(
        &self,
        by: Actor,
        immediately: bool,
        repeat: Option<RepeatableRequest>,
    ) -> Result<Vec<SigningKeyView>, Error> {
        self.require_owner(by).await?;
        let rotate = async |call: Option<&IdempotentCall>| {
            self.replace_signing_keys(by, immediately, call).await
        };
        let done = self
            .run_idempotent(&self.store.system_scope(), by.caller_id(), repeat, rotate)
            .await?;
        self.issuer.reload_keys().await;
        Ok(done.value)
    }

    /// The public keys that verify access tokens, as a JWK set (RFC 7517). Includes the next key
    /// before it signs.
    pub async fn public_key_set(&self) -> Value {
        self.issuer.current_keys().await.to_jwks(self.clock.now())
    }

    /// The public keys of every key that this installation ever signed with, as a JWK set: checkpoints and receipts of
    /// retired keys verify as long as they are kept. Access tokens verify with [`Vault::public_key_set`] alone.
    pub async fn statement_key_set(&self) -> Value {
        self.issuer.current_keys().await.to_statement_jwks()
    }

    async fn replace_signing_keys(
        &self,
        by: Actor,
        immediately: bool,
        call: Option<&IdempotentCall>,
    ) -> Result<Vec<SigningKeyView>, Error> {
        let (system, now) = (self.store.system_scope(), self.clock.now());
        let active_from = if immediately {
            now
        } else {
            now + PUBLISH_AHEAD
        };
        let others_until = if immediately {
            now
        } else {
            active_from + OVERLAP
        };
        let key = SigningKey::generate()?;
        let new = seal_key(&self.data_keys, key.kid(), &key, now, active_from).await?;
        let tx = self.store.begin(&system).await?;
        tx.replace_signing_keys(&new, others_until).await?;
        let detail = json!({ "active_from": active_from, "others_until": others_until });
        let (action, subject) = ("signing_key.rotated", new.kid);
        tx.write_audit_events(
            &[AuditEvent::new(by.audit_name(), action, subject, detail)],
            now,
        )
        .await?;
        let keys = view_keys(&tx.list_signing_keys().await?, now);
        self.commit_with_key(tx, call, &keys, now).await?;
        Ok(keys)
    }
}

/// The signing keys of the installation, decrypted, and a verifier for each listener.
pub(crate) struct KeySet {
    keys: Vec<SigningKeyEntry>,
    api: Verifier,
    browser: Verifier,
    admin: Verifier,
    statements: Verifier,
}

struct SigningKeyEntry {
    stored: StoredSigningKey,
    key: Arc<SigningKey>,
}

impl KeySet {
    /// Reads every key, retired ones too. Takes keys that are already decrypted from `known`.
    pub(super) async fn read_keys(
        keys: &DataKeys,
        known: Option<&Self>,
        names: &IssuerNames,
    ) -> Result<Self, Error> {
        let mut open = Vec::new();
        for stored in keys.store().list_signing_keys().await? {
            let key = match known.and_then(|it| it.find_key(&stored.kid)) {
                Some(known) => Arc::clone(&known.key),
                None => Arc::new(decrypt_key(keys, &stored).await?),
            };
            open.push(SigningKeyEntry { stored, key });
        }
        let with_keys = |mut verifier: Verifier| {
            for it in &open {
                verifier.add_key(&it.key);
            }
            verifier
        };
        let [api, browser, admin] = [Audience::Api, Audience::Browser, Audience::Admin]
            .map(|it| with_keys(names.token_verifier(it)));
        let statements = with_keys(names.statement_verifier());
        Ok(Self {
            keys: open,
            api,
            browser,
            admin,
            statements,
        })
    }

    /// The key that signs now. Falls back to a key that is not active yet if there is no other:
    /// another process with a clock slightly ahead may have created it.
    pub(super) fn signing_key(&self, now: Timestamp) -> Result<&SigningKey, Error> {
        let kid =
            find_signing_key(self.keys.iter().map(|it| &it.stored), now).map(|it| it.kid.as_str());
        let key = kid.and_then(|kid| self.find_key(kid)).map(|it| &*it.key);
        key.ok_or_else(|| Error::from_cause("no signing key"))
    }

    pub(super) fn has_key(&self, kid: &str) -> bool {
        self.find_key(kid).is_some()
    }

    /// Whether tokens signed by this key are valid now.
    pub(super) fn is_trusted_at(&self, kid: &str, now: Timestamp) -> bool {
        self.find_key(kid)
            .is_some_and(|it| is_not_retired(&it.stored, now))
    }

    pub(super) const fn verifier_for(&self, audience: Audience) -> &Verifier {
        match audience {
            Audience::Api => &self.api,
            Audience::Browser => &self.browser,
            Audience::Admin => &self.admin,
        }
    }

    /// Whether a nonce for proofs of a key is one of this installation, and of the last minutes.
    pub(super) fn accepts_proof_nonce(&self, nonce: &str, now: Timestamp) -> bool {
        self.keys
            .iter()
            .filter(|it| is_not_retired(&it.stored, now))
            .any(|it| it.key.accepts_proof_nonce(nonce, now.timestamp()))
    }

    /// Verifies a signed checkpoint of this installation. Accepts every key of the installation,
    /// retired ones too.
    pub(crate) fn verify_checkpoint(&self, statement: &str) -> Result<Checkpoint, Error> {
        self.statements
            .verify_checkpoint(statement)
            .map_err(Error::from_cause)
    }

    fn to_jwks(&self, now: Timestamp) -> Value {
        let live = self
            .keys
            .iter()
            .filter(|it| is_not_retired(&it.stored, now));
        json!({ "keys": live.map(|it| it.key.public_jwk()).collect::<Vec<_>>() })
    }

    /// The same for a receipt.
    pub(crate) fn verify_receipt(&self, statement: &str) -> Result<Receipt, JwtRefusal> {
        self.statements.verify_receipt(statement)
    }

    fn to_statement_jwks(&self) -> Value {
        let all = self.keys.iter().map(|it| it.key.public_jwk());
        json!({ "keys": all.collect::<Vec<_>>() })
    }

    fn find_key(&self, kid: &str) -> Option<&SigningKeyEntry> {
        self.keys.iter().find(|it| it.stored.kid == kid)
    }
}

/// Creates the first signing key if there is none. The key id comes from the data key of the
/// installation, so that only one of several starting processes succeeds; the others ignore the
/// conflict.
pub(super) async fn ensure_signing_key(keys: &DataKeys, now: Timestamp) -> Result<(), Error> {
    let store = keys.store();
    if store
        .list_signing_keys()
        .await?
        .iter()
        .any(|it| is_not_retired(it, now))
    {
        return Ok(());
    }
    let kid = format!(
        "{}-1",
        keys.active(&store.system_scope()).await?.id().simple()
    );
    let key = SigningKey::from_pkcs8(&kid, &SigningKey::generate()?.private_pkcs8())?;
    match store
        .insert_signing_key(&seal_key(keys, &kid, &key, now, now).await?)
        .await
    {
        Ok(()) | Err(regrant_storage::Error::Taken(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn seal_key(
    keys: &DataKeys,
    kid: &str,
    key: &SigningKey,
    created_at: Timestamp,
    active_from: Timestamp,
) -> Result<NewSigningKey, Error> {
    let data_key = keys.active(&keys.store().system_scope()).await?;
    let sealed = data_key.seal_record(&signing_key_context(kid), &key.private_pkcs8())?;
    Ok(NewSigningKey {
        kid: kid.to_owned(),
        sealed,
        created_at,
        active_from,
    })
}

async fn decrypt_key(keys: &DataKeys, stored: &StoredSigningKey) -> Result<SigningKey, Error> {
    let system = keys.store().system_scope();
    let plain = keys
        .open_record(&system, &signing_key_context(&stored.kid), &stored.sealed)
        .await?;
    Ok(SigningKey::from_pkcs8(&stored.kid, &plain)?)
}

fn signing_key_context(kid: &str) -> Context<'_> {
    Context::of_installation(Purpose::SigningKey, kid)
}

/// The newest active key, or else the key that becomes active first.
fn find_signing_key<'a>(
    keys: impl Iterator<Item = &'a StoredSigningKey> + Clone,
    now: Timestamp,
) -> Option<&'a StoredSigningKey> {
    let order = |it: &&StoredSigningKey| (it.active_from, it.created_at, it.kid.clone());
    let live = keys.filter(|it| is_not_retired(it, now));
    live.clone()
        .filter(|it| it.active_from <= now)
        .max_by_key(order)
        .or_else(|| live.min_by_key(order))
}

fn is_not_retired(key: &StoredSigningKey, now: Timestamp) -> bool {
    key.retired_at.is_none_or(|it| it > now)
}

fn view_keys(keys: &[StoredSigningKey], now: Timestamp) -> Vec<SigningKeyView> {
    let signs = find_signing_key(keys.iter(), now).map(|it| it.kid.clone());
    let state = |it: &StoredSigningKey| {
        if !is_not_retired(it, now) {
            SigningKeyState::Retired
        } else if signs.as_ref() == Some(&it.kid) {
            SigningKeyState::Active
        } else if it.active_from > now {
            SigningKeyState::Next
        } else {
            SigningKeyState::Overlap
        }
    };
    let view = |it: &StoredSigningKey| SigningKeyView {
        kid: it.kid.clone(),
        created_at: it.created_at,
        active_from: it.active_from,
        retired_at: it.retired_at,
        state: state(it),
    };
    keys.iter().map(view).collect()
}
