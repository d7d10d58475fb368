//! Meta apps: registers them and stores their secrets. Every token of a tenant belongs to an app.
//!
//! The rule: the API accepts a secret and never returns it. During the overlap, the previous secret
//! still verifies requests from Meta. Requests to Meta are signed only with the newest secret.
//! Start at `Vault::create_app`.

use std::{sync::Arc, time::Duration};

use regrant_crypto::{Context, Purpose};
use regrant_domain::{AppId, AppSecret, Sealed, TenantId, Timestamp, VerifyToken};
use regrant_graph::AppCredentials;
use regrant_storage::{AuditEvent, StoredApp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    Acting, Conflict, Done, Error, Repeatable, Resource, Vault, idempotency::Once,
    tenants::client_spec::checked_name,
};

/// The maximum time for which the previous secret still verifies requests.
const LONGEST_OVERLAP: Duration = Duration::from_hours(168);

/// A Meta app to register.
pub struct NewApp {
    /// The app id at Meta.
    pub id: AppId,
    /// The display name.
    pub name: String,
    /// The app secret from Meta.
    pub secret: AppSecret,
    /// The verify token that Meta sends when it verifies the webhook address.
    pub verify_token: Option<VerifyToken>,
}

/// Changes to an app. `None` leaves a field as it is.
#[derive(Default)]
pub struct AppChange {
    /// The display name.
    pub name: Option<String>,
    /// The verify token that Meta sends when it verifies the webhook address.
    pub verify_token: Option<VerifyToken>,
}

/// An app without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppView {
    /// The app id at Meta.
    pub id: AppId,
    /// The display name.
    pub name: String,
    /// Whether a verify token is stored, so that Meta can verify the webhook address.
    pub has_verify_token: bool,
    /// When the previous secret stops verifying requests from Meta; `None` if it already has.
    pub older_secret_until: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Vault {
    /// Registers a Meta app.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid`; `Conflict(Exists)` if the app is already registered;
    /// `Conflict(OtherBody)`.
    pub async fn create_app(
        &self,
        by: Acting,
        app: NewApp,
        repeat: Option<Repeatable>,
    ) -> Result<Done<AppView>, Error> {
        by.demand_owner()?;
        let (id, name, now) = (app.id, checked_name(&app.name)?, self.clock.now());
        let secret = self
            .seal_for_app(&id, Purpose::AppSecret, app.secret.expose())
            .await?;
        let verify_token = self.seal_word(&id, app.verify_token.as_ref()).await?;
        let row = regrant_storage::NewApp {
            id: id.clone(),
            name,
            secret,
            verify_token,
            created_at: now,
        };
        let create = async |call: Option<&Once>| {
            let tx = self.store.begin(&self.store.system_scope()).await?;
            tx.insert_app(&row).await.map_err(|error| match error {
                regrant_storage::Error::Taken(_) => {
                    Error::Conflict(Conflict::Exists(Resource::App))
                }
                other => other.into(),
            })?;
            let event =
                AuditEvent::new(by.actor(), "app.created", &id, json!({ "name": row.name }));
            tx.audit(&[event], now).await?;
            self.conclude(tx, call, &(), now).await
        };
        let done = self
            .once(&self.store.system_scope(), by.caller_id(), repeat, create)
            .await?;
        Ok(Done {
            value: self.app_view(&id).await?,
            repeated: done.repeated,
        })
    }

    /// Changes the name or the verify token of an app.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid`; `NotFound(App)`.
    pub async fn change_app(
        &self,
        by: Acting,
        id: &AppId,
        change: AppChange,
    ) -> Result<AppView, Error> {
        by.demand_owner()?;
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let verify_token = self.seal_word(id, change.verify_token.as_ref()).await?;
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let changed = tx
            .change_app(id, name.as_deref(), verify_token.as_ref())
            .await;
        changed.map_err(Error::missing(Resource::App))?;
        let detail = json!({ "name": name, "verify_token": verify_token.map(|_| "set") });
        let event = AuditEvent::new(by.actor(), "app.changed", id, detail);
        tx.audit(&[event], self.clock.now()).await?;
        tx.commit().await?;
        self.app_view(id).await
    }

    /// Replaces the secret of an app. For `overlap`, the previous secret still verifies requests
    /// from Meta.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid` for an overlap of more than 7 days; `NotFound(App)`;
    /// `Conflict(OtherBody)`.
    pub async fn set_app_secret(
        &self,
        by: Acting,
        id: &AppId,
        secret: &AppSecret,
        overlap: Duration,
        repeat: Option<Repeatable>,
    ) -> Result<AppView, Error> {
        by.demand_owner()?;
        if overlap > LONGEST_OVERLAP {
            let reason = "expected at most 168".to_owned();
            return Err(Error::Invalid {
                field: "overlap_hours".to_owned(),
                reason,
            });
        }
        let sealed = self
            .seal_for_app(id, Purpose::AppSecret, secret.expose())
            .await?;
        let now = self.clock.now();
        let until = (!overlap.is_zero()).then(|| now + overlap);
        let set = async |call: Option<&Once>| {
            let tx = self.store.begin(&self.store.system_scope()).await?;
            let set = tx.set_app_secret(id, &sealed, until).await;
            set.map_err(Error::missing(Resource::App))?;
            let detail = json!({ "older_secret_until": until });
            let event = AuditEvent::new(by.actor(), "app.secret_set", id, detail);
            tx.audit(&[event], now).await?;
            self.conclude(tx, call, &(), now).await
        };
        self.once(&self.store.system_scope(), by.caller_id(), repeat, set)
            .await?;
        self.app_view(id).await
    }

    /// Lists the registered apps by id, without pages.
    pub async fn apps(&self) -> Result<Vec<AppView>, Error> {
        let now = self.clock.now();
        Ok(self
            .store
            .apps()
            .await?
            .into_iter()
            .map(|it| view(it, now))
            .collect())
    }

    /// Finds an app by id.
    ///
    /// # Errors
    /// `NotFound(App)`.
    pub async fn app_view(&self, id: &AppId) -> Result<AppView, Error> {
        let stored = self
            .store
            .app(id)
            .await
            .map_err(Error::missing(Resource::App))?;
        Ok(view(stored, self.clock.now()))
    }

    /// Decrypts the app's credentials for calls to the Graph API.
    pub(crate) async fn app(&self, id: &AppId) -> Result<Arc<AppCredentials>, Error> {
        let stored = self
            .store
            .app(id)
            .await
            .map_err(Error::missing(Resource::App))?;
        let text = self
            .open_for_app(id, Purpose::AppSecret, &stored.secret)
            .await?;
        let secret = AppSecret::parse(text).map_err(Error::internal)?;
        Ok(Arc::new(AppCredentials {
            id: id.clone(),
            secret,
        }))
    }

    /// Decrypts a secret of an app.
    pub(crate) async fn open_for_app(
        &self,
        id: &AppId,
        purpose: Purpose,
        sealed: &Sealed,
    ) -> Result<Zeroizing<String>, Error> {
        let system = self.store.system_scope();
        let plain = self
            .keys
            .open(&system, &app_context(id, purpose), sealed)
            .await?;
        let text = String::from_utf8(plain.to_vec());
        text.map(Zeroizing::new)
            .map_err(|_| Error::internal("a secret of an app is not text"))
    }

    async fn seal_word(
        &self,
        id: &AppId,
        verify_token: Option<&VerifyToken>,
    ) -> Result<Option<Sealed>, Error> {
        match verify_token {
            Some(token) => self
                .seal_for_app(id, Purpose::VerifyToken, token.expose())
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    async fn seal_for_app(
        &self,
        id: &AppId,
        purpose: Purpose,
        plain: &str,
    ) -> Result<Sealed, Error> {
        let key = self.keys.active(&self.store.system_scope()).await?;
        Ok(key.seal(&app_context(id, purpose), plain.as_bytes())?)
    }
}

/// The encryption context of a secret of an app, with the app's id in the asset field.
pub(crate) fn app_context(id: &AppId, purpose: Purpose) -> Context<'_> {
    Context {
        asset_id: id.as_str(),
        ..Context::of_row(TenantId::SYSTEM, uuid::Uuid::nil(), purpose)
    }
}

/// The previous secret during its overlap. A secret without a stored end is no longer valid.
pub(crate) fn older_secret(stored: &StoredApp, now: Timestamp) -> Option<&Sealed> {
    stored
        .previous_secret
        .as_ref()
        .filter(|_| stored.previous_secret_until.is_some_and(|it| it > now))
}

fn view(it: StoredApp, now: Timestamp) -> AppView {
    let older_secret_until = it.previous_secret_until.filter(|until| *until > now);
    let has_verify_token = it.verify_token.is_some();
    AppView {
        id: it.id,
        name: it.name,
        has_verify_token,
        older_secret_until,
        created_at: it.created_at,
    }
}
