//! The app secrets: changes them, and opens them once a minute, not once a call.
//!
//! The rule: a secret that was changed here is used at once; one that was changed by another process within a minute. A
//! change with an overlap never ends a secret that is still accepted: Meta may sign with it.
//! Start at [`Vault::set_app_secret`].

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use regrant_crypto::{Purpose, matches_app_secret};
use regrant_domain::{AppId, AppSecret, SealedRecord, Timestamp};
use regrant_graph::AppCredentials;
use regrant_storage::{AuditEvent, StoredApp, TenantTx};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    Actor, AppView, Error, RepeatableRequest, Resource, Vault,
    call::{
        idempotency::IdempotentCall,
        secret_overlap::{end_of_overlap, require_no_overlap},
    },
};

/// The maximum time for which the previous secret still verifies requests.
const MAX_OVERLAP: Duration = Duration::from_hours(168);
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

/// A secret to set, and the stored one that it was compared with.
struct SecretChange {
    sealed: SealedRecord,
    compared: SealedRecord,
    is_same: bool,
}

impl Vault {
    /// Replaces the secret of an app. For `overlap`, the previous secret still verifies requests
    /// from Meta. If the secret is the stored one, only the overlap ends earlier, if it has to.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid` for an overlap of more than 7 days; `NotFound(App)`;
    /// `Conflict(SecretOverlapOpen)` if an older secret is still accepted and `overlap` is not zero;
    /// `Conflict(OtherBody)`.
    pub async fn set_app_secret(
        &self,
        by: Actor,
        id: &AppId,
        secret: &AppSecret,
        overlap: Duration,
        repeat: Option<RepeatableRequest>,
    ) -> Result<AppView, Error> {
        self.require_owner(by).await?;
        if overlap > MAX_OVERLAP {
            let reason = "expected at most 168".to_owned();
            return Err(Error::Invalid {
                field: "overlap_hours".to_owned(),
                reason,
            });
        }
        let set = async |call: Option<&IdempotentCall>| {
            let change = self.prepare_secret(id, secret).await?;
            let now = self.clock.now();
            let until = end_of_overlap(overlap, now);
            let tx = self.store.begin(&self.store.system_scope()).await?;
            if change_secret(&tx, id, &change, (until, now)).await? {
                let detail = json!({ "older_secret_until": until });
                let event = AuditEvent::new(by.audit_name(), "app.secret_set", id, detail);
                tx.write_audit_events(&[event], now).await?;
            }
            self.commit_with_key(tx, call, &(), now).await
        };
        self.run_idempotent(&self.store.system_scope(), by.caller_id(), repeat, set)
            .await?;
        self.app_secrets.forget_secret(id);
        self.find_app(id).await
    }

    /// Seals a secret, and compares it with the stored one: outside of the transaction, because that may read data keys.
    async fn prepare_secret(&self, id: &AppId, secret: &AppSecret) -> Result<SecretChange, Error> {
        let stored = self.store.find_app(id).await;
        let stored = stored.map_err(Error::not_found_as(Resource::App))?;
        let sealed = self
            .seal_secret_of_app(id, Purpose::AppSecret, secret.expose())
            .await?;
        Ok(SecretChange {
            is_same: self.is_stored_secret(&stored, secret).await?,
            sealed,
            compared: stored.secret,
        })
    }

    async fn is_stored_secret(
        &self,
        stored: &StoredApp,
        secret: &AppSecret,
    ) -> Result<bool, Error> {
        let opened = self
            .open_secret_of_app(&stored.id, Purpose::AppSecret, &stored.secret)
            .await;
        match opened {
            Ok(text) => Ok(matches_app_secret(&text, secret)),
            // A secret that does not open any more can still be replaced.
            Err(Error::Internal(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

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

/// Writes a secret; the one before it is accepted until `until`. Returns whether anything changed.
async fn change_secret(
    tx: &TenantTx,
    id: &AppId,
    change: &SecretChange,
    (until, now): (Option<Timestamp>, Timestamp),
) -> Result<bool, Error> {
    let stored = tx.lock_app(id).await;
    let stored = stored.map_err(Error::not_found_as(Resource::App))?;
    if stored.secret.as_bytes() != change.compared.as_bytes() {
        // Another call set it, or it was sealed again, since it was compared.
        return Err(Error::DatabaseBusy);
    }
    if change.is_same {
        return shorten_overlap(tx, &stored, until).await;
    }
    require_no_overlap(stored.previous_secret_until, until, now)?;
    tx.set_app_secret(id, &change.sealed, until).await?;
    Ok(true)
}

/// Ends the overlap of an app's secret at `until`, unless it ends earlier. Returns whether that changed it.
async fn shorten_overlap(
    tx: &TenantTx,
    stored: &StoredApp,
    until: Option<Timestamp>,
) -> Result<bool, Error> {
    let ends_later = stored
        .previous_secret_until
        .is_some_and(|it| until.is_none_or(|until| it > until));
    if ends_later {
        tx.end_older_app_secret(&stored.id, until).await?;
    }
    Ok(ends_later)
}
