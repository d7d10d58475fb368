//! Meta apps: what a tenant's tokens belong to.

use std::sync::Arc;

use regrant_crypto::{Context, Purpose};
use regrant_domain::{AppId, AppSecret, Sealed, TenantId, VerifyToken};
use regrant_graph::AppCredentials;
use regrant_storage::StoredApp;
use zeroize::Zeroizing;

use crate::{Conflict, Error, Resource, Vault};

/// A Meta app to register.
pub struct NewApp {
    /// Its id.
    pub id: AppId,
    /// A name for people.
    pub name: String,
    /// Its secret.
    pub secret: AppSecret,
    /// The word Meta repeats when it verifies the webhook address.
    pub verify_token: Option<VerifyToken>,
}

impl Vault {
    /// Registers a Meta app.
    ///
    /// # Errors
    /// `Conflict(Exists)` where the app is registered already.
    pub async fn create_app(&self, app: &NewApp) -> Result<(), Error> {
        let secret = self.seal_for_app(&app.id, Purpose::AppSecret, app.secret.expose()).await?;
        let verify_token = match &app.verify_token {
            Some(word) => Some(self.seal_for_app(&app.id, Purpose::VerifyToken, word.expose()).await?),
            None => None,
        };
        let (id, name) = (app.id.clone(), app.name.clone());
        let row = regrant_storage::NewApp { id, name, secret, verify_token, created_at: self.clock.now() };
        self.store.insert_app(&row).await.map_err(|error| match error {
            regrant_storage::Error::Taken(_) => Error::Conflict(Conflict::Exists(Resource::App)),
            other => other.into(),
        })
    }

    /// Gives an app another secret, another verify token, or both. What comes in signed with the secret before it
    /// is believed on, until the next change.
    ///
    /// # Errors
    /// `NotFound(App)`.
    pub async fn update_app(
        &self,
        id: &AppId,
        secret: Option<&AppSecret>,
        verify_token: Option<&VerifyToken>,
    ) -> Result<(), Error> {
        let secret = match secret {
            Some(it) => Some(self.seal_for_app(id, Purpose::AppSecret, it.expose()).await?),
            None => None,
        };
        let verify_token = match verify_token {
            Some(it) => Some(self.seal_for_app(id, Purpose::VerifyToken, it.expose()).await?),
            None => None,
        };
        let stored = self.store.update_app(id, secret.as_ref(), verify_token.as_ref()).await;
        stored.map_err(Error::missing(Resource::App))
    }

    /// The registered apps, without their secrets' plaintext.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn apps(&self) -> Result<Vec<StoredApp>, Error> {
        Ok(self.store.apps().await?)
    }

    /// The app's credentials, opened for calls to the Graph.
    pub(crate) async fn app(&self, id: &AppId) -> Result<Arc<AppCredentials>, Error> {
        let stored = self.store.app(id).await.map_err(Error::missing(Resource::App))?;
        let text = self.open_for_app(id, Purpose::AppSecret, &stored.secret).await?;
        let secret = AppSecret::parse(text).map_err(Error::internal)?;
        Ok(Arc::new(AppCredentials { id: id.clone(), secret }))
    }

    /// Opens what is sealed for an app.
    pub(crate) async fn open_for_app(
        &self,
        id: &AppId,
        purpose: Purpose,
        sealed: &Sealed,
    ) -> Result<Zeroizing<String>, Error> {
        let system = self.store.system_scope();
        let plain = self.keys.open(&system, &app_context(id, purpose), sealed).await?;
        let text = String::from_utf8(plain.to_vec());
        text.map(Zeroizing::new).map_err(|_| Error::internal("a secret of an app is not text"))
    }

    async fn seal_for_app(&self, id: &AppId, purpose: Purpose, plain: &str) -> Result<Sealed, Error> {
        let key = self.keys.active(&self.store.system_scope()).await?;
        Ok(key.seal(&app_context(id, purpose), plain.as_bytes())?)
    }
}

pub(crate) fn app_context(id: &AppId, purpose: Purpose) -> Context<'_> {
    Context { asset_id: id.as_str(), ..Context::of_row(TenantId::SYSTEM, uuid::Uuid::nil(), purpose) }
}
