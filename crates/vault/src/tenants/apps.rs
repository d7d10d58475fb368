//! Meta apps: registers them and stores their secrets. Every token of a tenant belongs to an app.
//!
//! The rule: the API accepts a secret and never returns it. During the overlap, the previous secret
//! still verifies requests from Meta. Requests to Meta are signed only with the newest secret.
//! Start at `Vault::create_app`; `app_secrets.rs` changes the secrets.

use regrant_crypto::{Context, Purpose};
use regrant_domain::{
    AppId, AppSecret, LoginConfigId, LoginScopes, LoginSettings, PageUrl, SealedRecord, Timestamp,
    VerifyToken,
};
use regrant_storage::{AuditEvent, StoredApp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    Actor, Conflict, Error, RepeatableRequest, Replayed, Resource, Vault,
    call::idempotency::IdempotentCall, tenants::client_spec::check_name,
};

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
    /// How it sends people to Meta's log-in.
    pub login: LoginChange,
}

/// Changes to how an app sends people to Meta's log-in. `None` leaves a field as it is; an inner `None` removes it.
#[derive(Debug, Default)]
pub struct LoginChange {
    /// The configuration of Facebook Login for Business.
    pub config_id: Option<Option<LoginConfigId>>,
    /// The permissions that the app asks for.
    pub scopes: Option<LoginScopes>,
    /// Where the dialog is.
    pub dialog_base_url: Option<Option<PageUrl>>,
    /// The page of the provider to which people are led who come from Meta without a link.
    pub landing_url: Option<Option<PageUrl>>,
}

impl LoginChange {
    fn apply_to(self, was: LoginSettings) -> LoginSettings {
        LoginSettings {
            config_id: self.config_id.unwrap_or(was.config_id),
            scopes: self.scopes.unwrap_or(was.scopes),
            dialog_base_url: self.dialog_base_url.unwrap_or(was.dialog_base_url),
            landing_url: self.landing_url.unwrap_or(was.landing_url),
        }
    }
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
    /// How it sends people to Meta's log-in.
    pub login: LoginSettings,
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
        by: Actor,
        app: NewApp,
        repeat: Option<RepeatableRequest>,
    ) -> Result<Replayed<AppView>, Error> {
        self.require_owner(by).await?;
        let (id, name, now) = (app.id, check_name(&app.name)?, self.clock.now());
        let secret = self
            .seal_secret_of_app(&id, Purpose::AppSecret, app.secret.expose())
            .await?;
        let verify_token = self
            .seal_verify_token(&id, app.verify_token.as_ref())
            .await?;
        let row = regrant_storage::NewApp {
            id: id.clone(),
            name,
            secret,
            verify_token,
            created_at: now,
        };
        let create = async |call: Option<&IdempotentCall>| {
            let tx = self.store.begin(&self.store.system_scope()).await?;
            tx.insert_app(&row).await.map_err(|error| match error {
                regrant_storage::Error::Taken(_) => {
                    Error::Conflict(Conflict::Exists(Resource::App))
                }
                other => other.into(),
            })?;
            let event = AuditEvent::new(
                by.audit_name(),
                "app.created",
                &id,
                json!({ "name": row.name }),
            );
            tx.write_audit_events(&[event], now).await?;
            self.commit_with_key(tx, call, &(), now).await
        };
        let done = self
            .run_idempotent(&self.store.system_scope(), by.caller_id(), repeat, create)
            .await?;
        Ok(Replayed {
            value: self.find_app(&id).await?,
            is_replay: done.is_replay,
        })
    }

    /// Changes the name or the verify token of an app, or how it sends people to Meta's log-in.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid`; `NotFound(App)`.
    pub async fn change_app(
        &self,
        by: Actor,
        id: &AppId,
        change: AppChange,
    ) -> Result<AppView, Error> {
        self.require_owner(by).await?;
        let name = change.name.as_deref().map(check_name).transpose()?;
        let verify_token = self
            .seal_verify_token(id, change.verify_token.as_ref())
            .await?;
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let changed = tx
            .change_app(id, name.as_deref(), verify_token.as_ref())
            .await;
        changed.map_err(Error::not_found_as(Resource::App))?;
        let login = change.login.apply_to(tx.lock_app(id).await?.login);
        tx.set_app_login(id, &login).await?;
        let detail = json!({
            "name": name, "verify_token": verify_token.map(|_| "set"), "login": login,
        });
        let event = AuditEvent::new(by.audit_name(), "app.changed", id, detail);
        tx.write_audit_events(&[event], self.clock.now()).await?;
        tx.commit().await?;
        self.find_app(id).await
    }

    /// Lists the registered apps by id, without pages.
    pub async fn list_apps(&self) -> Result<Vec<AppView>, Error> {
        let now = self.clock.now();
        Ok(self
            .store
            .list_apps()
            .await?
            .into_iter()
            .map(|it| view_app(it, now))
            .collect())
    }

    /// Finds an app by id.
    ///
    /// # Errors
    /// `NotFound(App)`.
    pub async fn find_app(&self, id: &AppId) -> Result<AppView, Error> {
        let stored = self
            .store
            .find_app(id)
            .await
            .map_err(Error::not_found_as(Resource::App))?;
        Ok(view_app(stored, self.clock.now()))
    }

    /// Decrypts a secret of an app.
    pub(crate) async fn open_secret_of_app(
        &self,
        id: &AppId,
        purpose: Purpose,
        sealed: &SealedRecord,
    ) -> Result<Zeroizing<String>, Error> {
        let system = self.store.system_scope();
        let plain = self
            .data_keys
            .open_record(&system, &app_context(id, purpose), sealed)
            .await?;
        let text = String::from_utf8(plain.to_vec());
        text.map(Zeroizing::new)
            .map_err(|_| Error::from_cause("a secret of an app is not text"))
    }

    async fn seal_verify_token(
        &self,
        id: &AppId,
        verify_token: Option<&VerifyToken>,
    ) -> Result<Option<SealedRecord>, Error> {
        match verify_token {
            Some(token) => self
                .seal_secret_of_app(id, Purpose::VerifyToken, token.expose())
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn seal_secret_of_app(
        &self,
        id: &AppId,
        purpose: Purpose,
        plain: &str,
    ) -> Result<SealedRecord, Error> {
        let key = self.data_keys.active(&self.store.system_scope()).await?;
        Ok(key.seal_record(&app_context(id, purpose), plain.as_bytes())?)
    }
}

/// The encryption context of a secret of an app, with the app's id in the asset field.
pub(crate) fn app_context(id: &AppId, purpose: Purpose) -> Context<'_> {
    Context::of_installation(purpose, id.as_str())
}

/// The previous secret during its overlap. A secret without a stored end is no longer valid.
pub(crate) fn valid_older_secret(stored: &StoredApp, now: Timestamp) -> Option<&SealedRecord> {
    stored
        .previous_secret
        .as_ref()
        .filter(|_| stored.previous_secret_until.is_some_and(|it| it > now))
}

fn view_app(it: StoredApp, now: Timestamp) -> AppView {
    let older_secret_until = it.previous_secret_until.filter(|until| *until > now);
    let has_verify_token = it.verify_token.is_some();
    AppView {
        id: it.id,
        name: it.name,
        has_verify_token,
        older_secret_until,
        login: it.login,
        created_at: it.created_at,
    }
}
