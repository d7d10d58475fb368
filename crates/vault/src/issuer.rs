//! Issues and verifies the API's own access tokens.

use regrant_crypto::{Checkpoint, Claims, Context, Purpose, SigningKey, Verifier};
use regrant_domain::{ClientId, Permissions, TenantId, Timestamp};
use regrant_storage::Store;
use serde_json::{Value, json};

use crate::{Error, Settings, keys::Keys};

/// Signs with the newest key, verifies with every key that is not retired.
pub(crate) struct Issuer {
    signing: SigningKey,
    verifier: Verifier,
    jwks: Value,
    name: String,
    audience: String,
    lifetime: i64,
}

impl Issuer {
    pub(crate) async fn load(
        store: &Store,
        keys: &Keys,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, Error> {
        if live_keys(store).await?.is_empty() {
            make_key(store, keys, now).await?;
        }
        let mut opened = Vec::new();
        for stored in live_keys(store).await? {
            let context = signing_context(&stored.kid);
            let plain = keys.open(&store.system_scope(), &context, &stored.sealed).await?;
            opened.push(SigningKey::from_pkcs8(&stored.kid, &plain)?);
        }
        let mut verifier = Verifier::new(&settings.issuer, &settings.audience);
        for key in &opened {
            verifier.add(key);
        }
        let jwks = json!({ "keys": opened.iter().map(SigningKey::public_jwk).collect::<Vec<_>>() });
        let signing = opened.into_iter().next_back().ok_or_else(|| Error::internal("no signing key"))?;
        let lifetime = i64::try_from(settings.token_lifetime.as_secs()).unwrap_or(900);
        let (name, audience) = (settings.issuer.clone(), settings.audience.clone());
        Ok(Self { signing, verifier, jwks, name, audience, lifetime })
    }

    pub(crate) fn sign(
        &self,
        client: ClientId,
        tenant: TenantId,
        scope: Permissions,
        now: Timestamp,
    ) -> Result<(String, i64), Error> {
        let iat = now.timestamp();
        let claims = Claims {
            iss: self.name.clone(),
            aud: self.audience.clone(),
            sub: client.to_string(),
            tenant,
            ver: 0,
            scope: scope.to_string(),
            jti: uuid::Uuid::now_v7().to_string(),
            iat,
            nbf: iat,
            exp: iat.saturating_add(self.lifetime),
        };
        Ok((self.signing.sign(&claims)?, self.lifetime))
    }

    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, Error> {
        self.verifier.verify(token, now.timestamp()).map_err(|_| Error::Unauthenticated)
    }

    pub(crate) fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> Result<String, Error> {
        Ok(self.signing.sign_checkpoint(checkpoint)?)
    }

    /// What a checkpoint that this installation signed says; nothing of any other is believed.
    pub(crate) fn verify_checkpoint(&self, statement: &str) -> Result<Checkpoint, Error> {
        self.verifier.verify_checkpoint(statement).map_err(Error::internal)
    }

    pub(crate) const fn jwks(&self) -> &Value {
        &self.jwks
    }
}

/// Live signing keys, oldest first.
async fn live_keys(store: &Store) -> Result<Vec<regrant_storage::StoredSigningKey>, Error> {
    let mut keys = store.signing_keys().await?;
    keys.retain(|key| key.retired_at.is_none());
    keys.sort_by_key(|key| key.created_at);
    Ok(keys)
}

/// The first key is named after the installation's data key, so that of several processes only one makes it.
async fn make_key(store: &Store, keys: &Keys, now: Timestamp) -> Result<(), Error> {
    let system = store.system_scope();
    let data_key = keys.active(&system).await?;
    let kid = format!("{}-1", data_key.id().simple());
    let key = SigningKey::from_pkcs8(&kid, &SigningKey::generate()?.private_pkcs8())?;
    let sealed = data_key.seal(&signing_context(&kid), &key.private_pkcs8())?;
    match store.insert_signing_key(&kid, &sealed, now).await {
        Ok(()) | Err(regrant_storage::Error::Taken(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn signing_context(kid: &str) -> Context<'_> {
    Context { asset_id: kid, ..Context::of_row(TenantId::SYSTEM, uuid::Uuid::nil(), Purpose::SigningKey) }
}
