//! The app secrets of this process: opened once a minute, not once a call.
//!
//! The rule: a secret that was changed here is used at once; one that was changed by another process within a minute.
//! Meta accepts the older secret for longer than that.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use regrant_crypto::Purpose;
use regrant_domain::{AppId, AppSecret};
use regrant_graph::AppCredentials;

use crate::{Error, Resource, Vault};

/// How long an opened secret is used.
const LIFETIME: Duration = Duration::from_mins(1);
/// How many apps' secrets are kept.
const MAX_APPS: u64 = 1_000;

/// Opened app secrets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AppSecretCache(Cache<AppId, Arc<AppCredentials>>);

impl AppSecretCache {
    pub(crate) fn new() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_APPS)
            .time_to_live(LIFETIME);
        Self(cache.build())
    }

    /// Forgets the secret of this app, because it was changed.
    pub(super) async fn forget_secret(&self, app: &AppId) {
        self.0.invalidate(app).await;
    }
}

impl Vault {
    /// The app's credentials for calls to the Graph API, at most a minute old.
    pub(crate) async fn open_app_credentials(
        &self,
        id: &AppId,
    ) -> Result<Arc<AppCredentials>, Error> {
        if let Some(known) = self.app_secrets.0.get(id).await {
            return Ok(known);
        }
        let stored = self.store.find_app(id).await;
        let stored = stored.map_err(Error::not_found_as(Resource::App))?;
        let text = self
            .open_secret_of_app(id, Purpose::AppSecret, &stored.secret)
            .await?;
        let opened = Arc::new(AppCredentials {
            id: id.clone(),
            secret: AppSecret::parse(text).map_err(Error::from_cause)?,
        });
        let kept = Arc::clone(&opened);
        self.app_secrets.0.insert(id.clone(), kept).await;
        Ok(opened)
    }
}
