//! Meta apps of the installation; their secrets are sealed under the installation's own data key.

use regrant_domain::{AppId, LoginSettings, PageUrl, SealedRecord, Timestamp};
use sea_orm::Value;

use crate::{
    Error, Store, TenantTx,
    sql::{Query, Row, maybe_micros, to_micros},
};

/// A Meta app to insert.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// The app id at Meta.
    pub id: AppId,
    /// A name for people.
    pub name: String,
    /// The app secret.
    pub secret: SealedRecord,
    /// The token that Meta repeats when it verifies a webhook address.
    pub verify_token: Option<SealedRecord>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// A stored Meta app.
#[derive(Debug, Clone)]
pub struct StoredApp {
    /// The app id at Meta.
    pub id: AppId,
    /// A name for people.
    pub name: String,
    /// The app secret.
    pub secret: SealedRecord,
    /// The app secret before this one, while notices signed with it may still come.
    pub previous_secret: Option<SealedRecord>,
    /// When the previous secret stops being valid.
    pub previous_secret_until: Option<Timestamp>,
    /// The token that Meta repeats when it verifies a webhook address.
    pub verify_token: Option<SealedRecord>,
    /// How it sends people to Meta's log-in.
    pub login: LoginSettings,
    /// When it was registered.
    pub created_at: Timestamp,
}

const SELECT: &str = "
    SELECT id, name, secret_sealed, previous_secret_sealed, previous_secret_until,
        verify_token_sealed, created_at, {login}
    FROM apps";

const LOGIN_COLUMNS: &str = "login_config_id, login_scopes, dialog_base_url, landing_url";

impl Store {
    /// The app with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn find_app(&self, id: &AppId) -> Result<StoredApp, Error> {
        let query = Query::new("{select} WHERE id = :id")
            .fill("select", SELECT)
            .fill("login", LOGIN_COLUMNS)
            .bind("id", id.as_str());
        let row = query.fetch_one(&self.connection).await?;
        app_from_row(&row.ok_or(Error::NotFound)?)
    }

    /// Every app, by id.
    pub async fn list_apps(&self) -> Result<Vec<StoredApp>, Error> {
        let query = Query::new("{select} ORDER BY id")
            .fill("select", SELECT)
            .fill("login", LOGIN_COLUMNS);
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter().map(app_from_row).collect()
    }
}

impl TenantTx {
    /// Inserts an app.
    ///
    /// # Errors
    /// [`Error::Taken`]: the id is.
    pub async fn insert_app(&self, app: &NewApp) -> Result<(), Error> {
        let query = Query::new(
            "INSERT INTO apps (id, name, secret_sealed, verify_token_sealed, created_at)
             VALUES (:id, :name, :secret, :verify_token, :created_at)
             ON CONFLICT DO NOTHING",
        )
        .bind("id", app.id.as_str())
        .bind("name", app.name.as_str())
        .bind("secret", app.secret.as_bytes())
        .bind("verify_token", maybe_sealed(app.verify_token.as_ref()))
        .bind("created_at", to_micros(app.created_at));
        match self.run_on_installation(query).await? {
            0 => Err(Error::Taken("app")),
            _ => Ok(()),
        }
    }

    /// Changes an app's name, its verify token, or both.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such app.
    pub async fn change_app(
        &self,
        id: &AppId,
        name: Option<&str>,
        verify_token: Option<&SealedRecord>,
    ) -> Result<(), Error> {
        let query = Query::new(
            "UPDATE apps SET name = coalesce(:name, name),
                 verify_token_sealed = coalesce(:verify_token, verify_token_sealed)
             WHERE id = :id",
        )
        .bind("name", name.map(ToOwned::to_owned))
        .bind("verify_token", maybe_sealed(verify_token))
        .bind("id", id.as_str());
        self.update_app(query).await
    }

    /// The app with this id, locked until this transaction ends.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn lock_app(&self, id: &AppId) -> Result<StoredApp, Error> {
        self.require_installation()?;
        let query = Query::new("{select} WHERE id = :id {for_update}")
            .fill("select", SELECT)
            .fill("login", LOGIN_COLUMNS)
            .bind("id", id.as_str());
        let row = query.fetch_one(&self.transaction).await?;
        app_from_row(&row.ok_or(Error::NotFound)?)
    }

    /// Changes how an app sends people to Meta's log-in.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such app.
    pub async fn set_app_login(&self, id: &AppId, login: &LoginSettings) -> Result<(), Error> {
        let text = |it: Option<&PageUrl>| it.map(|it| it.as_str().to_owned());
        let config = login.config_id.as_ref();
        let query = Query::new(
            "UPDATE apps SET login_config_id = :config, login_scopes = :scopes,
                 dialog_base_url = :dialog, landing_url = :landing
             WHERE id = :id",
        )
        .bind("config", config.map(|it| it.as_str().to_owned()))
        .bind("scopes", login.scopes.to_string())
        .bind("dialog", text(login.dialog_base_url.as_ref()))
        .bind("landing", text(login.landing_url.as_ref()))
        .bind("id", id.as_str());
        self.update_app(query).await
    }

    /// Changes an app's secret. The old one stays valid until `until`; without `until` it is deleted.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such app.
    pub async fn set_app_secret(
        &self,
        id: &AppId,
        secret: &SealedRecord,
        until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let previous = if until.is_some() {
            "secret_sealed"
        } else {
            "NULL"
        };
        let query = Query::new(
            "UPDATE apps SET previous_secret_sealed = {previous}, previous_secret_until = :until,
                 secret_sealed = :secret
             WHERE id = :id",
        )
        .fill("previous", previous)
        .bind("until", maybe_micros(until))
        .bind("secret", secret.as_bytes())
        .bind("id", id.as_str());
        self.update_app(query).await
    }

    /// Changes until when the secret before the app's secret is accepted; without `until` it is deleted.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such app.
    pub async fn end_older_app_secret(
        &self,
        id: &AppId,
        until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let previous = if until.is_some() {
            "previous_secret_sealed"
        } else {
            "NULL"
        };
        let query = Query::new(
            "UPDATE apps SET previous_secret_sealed = {previous}, previous_secret_until = :until
             WHERE id = :id",
        )
        .fill("previous", previous)
        .bind("until", maybe_micros(until))
        .bind("id", id.as_str());
        self.update_app(query).await
    }

    async fn update_app(&self, query: Query) -> Result<(), Error> {
        match self.run_on_installation(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

fn maybe_sealed(it: Option<&SealedRecord>) -> Value {
    it.map(|it| it.as_bytes().to_vec()).into()
}

fn app_from_row(row: &Row) -> Result<StoredApp, Error> {
    Ok(StoredApp {
        id: row.parse("id")?,
        name: row.get("name")?,
        secret: row.sealed("secret_sealed")?,
        previous_secret: row.maybe_sealed("previous_secret_sealed")?,
        previous_secret_until: row.maybe_time("previous_secret_until")?,
        verify_token: row.maybe_sealed("verify_token_sealed")?,
        login: login_from_row(row)?,
        created_at: row.time("created_at")?,
    })
}

fn login_from_row(row: &Row) -> Result<LoginSettings, Error> {
    Ok(LoginSettings {
        config_id: row.maybe_parse("login_config_id")?,
        scopes: row.parse("login_scopes")?,
        dialog_base_url: row.maybe_parse("dialog_base_url")?,
        landing_url: row.maybe_parse("landing_url")?,
    })
}
