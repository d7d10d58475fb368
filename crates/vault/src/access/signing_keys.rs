//! The keys that sign access tokens: read, published, rotated.
//!
//! The rule: a new key is published ten minutes before it signs, so that every process knows it by then, and the one
//! before it is believed until its last token has ended. Only a rotation that must count at once breaks that.
//! What a retired key signed for ever (checkpoints of the audit) is believed for ever.

use std::sync::Arc;

use regrant_crypto::{Checkpoint, Context, Purpose, SigningKey, Verifier};
use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{AuditEvent, NewSigningKey, StoredSigningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Acting, Error, Repeatable, Vault, access::claims::Audience, credentials::data_keys::Keys,
    idempotency::Once,
};

/// How long a key is published before it signs: ten times as long as a process may not have heard of it.
const AHEAD: chrono::Duration = chrono::Duration::minutes(10);
/// How long the key before it is believed: no token lives longer than an hour, and clocks differ by seconds.
const OVERLAP: chrono::Duration = chrono::Duration::minutes(61);

/// A signing key as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeyView {
    /// Its name in a token's header.
    pub kid: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub active_from: Timestamp,
    /// From when on nothing signed by it is believed.
    pub retired_at: Option<Timestamp>,
    /// What it is used for now.
    pub state: SigningKeyState,
}

/// What a signing key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SigningKeyState {
    /// It is published and will sign.
    Next,
    /// It signs.
    Active,
    /// Another one signs; what this one signed is believed.
    Overlap,
    /// Nothing signed by it is believed.
    Retired,
}

impl Vault {
    /// Every signing key, oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyView>, Error> {
        Ok(views(&self.store.signing_keys().await?, self.clock.now()))
    }

    /// Makes another key sign: after ten minutes, and what was signed before is believed to its end; or immediately,
    /// and every token issued so far dies, here at once and in other processes within a minute.
    ///
    /// # Errors
    /// `ReadOnly`; `Conflict(OtherBody)`.
    pub async fn rotate_signing_keys(
        &self,
        by: Acting,
        immediately: bool,
        repeat: Option<Repeatable>,
    ) -> Result<Vec<SigningKeyView>, Error> {
        by.demand_owner()?;
        let rotate =
            async |once: Option<&Once>| self.replace_signing_keys(by, immediately, once).await;
        let done = self
            .once(&self.store.system_scope(), by.caller_id(), repeat, rotate)
            .await?;
        self.issuer.renew().await;
        Ok(done.value)
    }

    /// The public keys that verify this vault's tokens (RFC 7517): the next one before it signs, too.
    pub async fn jwks(&self) -> Value {
        self.issuer.current().await.jwks(self.clock.now())
    }

    async fn replace_signing_keys(
        &self,
        by: Acting,
        immediately: bool,
        once: Option<&Once>,
    ) -> Result<Vec<SigningKeyView>, Error> {
        let (system, now) = (self.store.system_scope(), self.clock.now());
        let active_from = if immediately { now } else { now + AHEAD };
        let others_until = if immediately {
            now
        } else {
            active_from + OVERLAP
        };
        let key = SigningKey::generate()?;
        let new = seal(&self.keys, key.kid(), &key, now, active_from).await?;
        let tx = self.store.begin(&system).await?;
        tx.replace_signing_keys(&new, others_until).await?;
        let detail = json!({ "active_from": active_from, "others_until": others_until });
        let (action, subject) = ("signing_key.rotated", new.kid);
        tx.audit(&[AuditEvent::new(by.actor(), action, subject, detail)], now)
            .await?;
        let keys = views(&tx.signing_keys().await?, now);
        self.conclude(tx, once, &keys, now).await?;
        Ok(keys)
    }
}

/// The keys of the installation, opened.
pub(crate) struct KeySet {
    keys: Vec<OpenKey>,
    api: Verifier,
    browser: Verifier,
    admin: Verifier,
}

struct OpenKey {
    stored: StoredSigningKey,
    key: Arc<SigningKey>,
}

impl KeySet {
    /// Every key there ever was; what is in `known` need not be opened again.
    pub(super) async fn read(
        keys: &Keys,
        known: Option<&Self>,
        verifier: impl Fn(Audience) -> Verifier,
    ) -> Result<Self, Error> {
        let mut open = Vec::new();
        for stored in keys.store().signing_keys().await? {
            let key = match known.and_then(|it| it.key(&stored.kid)) {
                Some(known) => Arc::clone(&known.key),
                None => Arc::new(open_key(keys, &stored).await?),
            };
            open.push(OpenKey { stored, key });
        }
        let with_keys = |audience| {
            let mut verifier = verifier(audience);
            for it in &open {
                verifier.add(&it.key);
            }
            verifier
        };
        let (api, browser) = (with_keys(Audience::Api), with_keys(Audience::Browser));
        let admin = with_keys(Audience::Admin);
        Ok(Self {
            keys: open,
            api,
            browser,
            admin,
        })
    }

    /// The key that signs now. One that is not to sign yet does where there is no other: another process's clock
    /// may be a little ahead.
    pub(super) fn signing(&self, now: Timestamp) -> Result<&SigningKey, Error> {
        let kid = signing(self.keys.iter().map(|it| &it.stored), now).map(|it| it.kid.as_str());
        let key = kid.and_then(|kid| self.key(kid)).map(|it| &*it.key);
        key.ok_or_else(|| Error::internal("no signing key"))
    }

    pub(super) fn knows(&self, kid: &str) -> bool {
        self.key(kid).is_some()
    }

    /// Whether what this key signed counts now.
    pub(super) fn believes(&self, kid: &str, now: Timestamp) -> bool {
        self.key(kid).is_some_and(|it| lives(&it.stored, now))
    }

    pub(super) const fn verifier(&self, audience: Audience) -> &Verifier {
        match audience {
            Audience::Api => &self.api,
            Audience::Browser => &self.browser,
            Audience::Admin => &self.admin,
        }
    }

    /// What a checkpoint that this installation signed says, whichever key it was; nothing of any other is believed.
    pub(crate) fn verify_checkpoint(&self, statement: &str) -> Result<Checkpoint, Error> {
        self.api
            .verify_checkpoint(statement)
            .map_err(Error::internal)
    }

    fn jwks(&self, now: Timestamp) -> Value {
        let live = self.keys.iter().filter(|it| lives(&it.stored, now));
        json!({ "keys": live.map(|it| it.key.public_jwk()).collect::<Vec<_>>() })
    }

    fn key(&self, kid: &str) -> Option<&OpenKey> {
        self.keys.iter().find(|it| it.stored.kid == kid)
    }
}

/// The first key is named after the installation's data key, so that of several processes only one makes it.
pub(super) async fn ensure_key(keys: &Keys, now: Timestamp) -> Result<(), Error> {
    let store = keys.store();
    if store.signing_keys().await?.iter().any(|it| lives(it, now)) {
        return Ok(());
    }
    let kid = format!(
        "{}-1",
        keys.active(&store.system_scope()).await?.id().simple()
    );
    let key = SigningKey::from_pkcs8(&kid, &SigningKey::generate()?.private_pkcs8())?;
    match store
        .insert_signing_key(&seal(keys, &kid, &key, now, now).await?)
        .await
    {
        Ok(()) | Err(regrant_storage::Error::Taken(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn seal(
    keys: &Keys,
    kid: &str,
    key: &SigningKey,
    created_at: Timestamp,
    active_from: Timestamp,
) -> Result<NewSigningKey, Error> {
    let data_key = keys.active(&keys.store().system_scope()).await?;
    let sealed = data_key.seal(&context(kid), &key.private_pkcs8())?;
    Ok(NewSigningKey {
        kid: kid.to_owned(),
        sealed,
        created_at,
        active_from,
    })
}

async fn open_key(keys: &Keys, stored: &StoredSigningKey) -> Result<SigningKey, Error> {
    let system = keys.store().system_scope();
    let plain = keys
        .open(&system, &context(&stored.kid), &stored.sealed)
        .await?;
    Ok(SigningKey::from_pkcs8(&stored.kid, &plain)?)
}

fn context(kid: &str) -> Context<'_> {
    Context {
        asset_id: kid,
        ..Context::of_row(TenantId::SYSTEM, uuid::Uuid::nil(), Purpose::SigningKey)
    }
}

/// The newest key whose time has come, else the first one whose time will.
fn signing<'a>(
    keys: impl Iterator<Item = &'a StoredSigningKey> + Clone,
    now: Timestamp,
) -> Option<&'a StoredSigningKey> {
    let order = |it: &&StoredSigningKey| (it.active_from, it.created_at, it.kid.clone());
    let live = keys.filter(|it| lives(it, now));
    live.clone()
        .filter(|it| it.active_from <= now)
        .max_by_key(order)
        .or_else(|| live.min_by_key(order))
}

fn lives(key: &StoredSigningKey, now: Timestamp) -> bool {
    key.retired_at.is_none_or(|it| it > now)
}

fn views(keys: &[StoredSigningKey], now: Timestamp) -> Vec<SigningKeyView> {
    let signs = signing(keys.iter(), now).map(|it| it.kid.clone());
    let state = |it: &StoredSigningKey| {
        if !lives(it, now) {
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
