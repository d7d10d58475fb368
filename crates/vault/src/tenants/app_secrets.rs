//! The app secrets of this process: opened once a minute, not once a call.
//!
//! The rule: a secret that was changed here is used at once; one that was changed by another process within a minute.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use regrant_crypto::Purpose;
use regrant_domain::{AppId, AppSecret};
use regrant_graph::AppCredentials;
use tokio::time::Instant;

use crate::{Error, Resource, Vault};

/// How long an opened secret is used.
const LIFETIME: Duration = Duration::from_mins(1);

/// Opened app secrets. There are as many as owners registered apps.
#[derive(Default)]
pub(crate) struct AppSecretCache(Mutex<OpenedSecrets>);

#[derive(Default)]
struct OpenedSecrets {
    by_app: HashMap<AppId, (Instant, Arc<AppCredentials>)>,
    /// Grows with each change, so that a secret that was read before a change is not kept after it.
    changes: u64,
}

impl AppSecretCache {
    /// Forgets the secret of this app, because it was changed.
    pub(super) fn forget_secret(&self, app: &AppId) {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        opened.by_app.remove(app);
        opened.changes += 1;
    }

    /// The secret, if it was opened within [`LIFETIME`], and how many changes there were.
    fn find_secret(&self, app: &AppId) -> (Option<Arc<AppCredentials>>, u64) {
        let opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = opened.by_app.get(app);
        let fresh = known.filter(|(at, _)| at.elapsed() < LIFETIME);
        (fresh.map(|(_, it)| Arc::clone(it)), opened.changes)
    }

    fn keep_secret(&self, secret: &Arc<AppCredentials>, changes: u64) {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.changes == changes {
            let entry = (Instant::now(), Arc::clone(secret));
            opened.by_app.insert(secret.id.clone(), entry);
        }
    }
}

impl Vault {
    /// The app's credentials for calls to the Graph API, at most a minute old.
    pub(crate) async fn open_app_credentials(
        &self,
        id: &AppId,
    ) -> Result<Arc<AppCredentials>, Error> {
        let (known, changes) = self.app_secrets.find_secret(id);
        if let Some(known) = known {
            return Ok(known);
        }
        // On the heap: every read of a token holds this future, and few need it.
        Box::pin(self.open_secret(id, changes)).await
    }

    async fn open_secret(&self, id: &AppId, changes: u64) -> Result<Arc<AppCredentials>, Error> {
        let stored = self.store.find_app(id).await;
        let stored = stored.map_err(Error::not_found_as(Resource::App))?;
        let text = self
            .open_secret_of_app(id, Purpose::AppSecret, &stored.secret)
            .await?;
        let opened = Arc::new(AppCredentials {
            id: id.clone(),
            secret: AppSecret::parse(text).map_err(Error::from_cause)?,
        });
        self.app_secrets.keep_secret(&opened, changes);
        Ok(opened)
    }
}
