//! Meta apps: installation-wide, their secrets sealed under the installation's own data key.

use regrant_domain::{AppId, Sealed, Timestamp};
use sea_orm::Value;

use crate::{
    Error, Store, TenantTx,
    sql::{Query, Row, maybe_time, time},
};

/// A Meta app to keep.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// Its id at Meta.
    pub id: AppId,
    /// A name for people.
    pub name: String,
    /// Its secret.
    pub secret: Sealed,
    /// The word Meta repeats when it verifies a webhook address.
    pub verify_token: Option<Sealed>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// A Meta app as it is kept.
#[derive(Debug, Clone)]
pub struct StoredApp {
    /// Its id at Meta.
    pub id: AppId,
    /// A name for people.
    pub name: String,
    /// Its secret.
    pub secret: Sealed,
    /// The secret before this one, while messages signed with it may still come.
    pub previous_secret: Option<Sealed>,
    /// Until when that one counts.
    pub previous_secret_until: Option<Timestamp>,
    /// The word Meta repeats when it verifies a webhook address.
    pub verify_token: Option<Sealed>,
    /// When it was registered.
    pub created_at: Timestamp,
}

const SELECT: &str =
    "SELECT id, name, secret_sealed, previous_secret_sealed, previous_secret_until,
    verify_token_sealed, created_at FROM apps";

impl Store {
    /// The app with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn app(&self, id: &AppId) -> Result<StoredApp, Error> {
        let query = Query::new(SELECT).sql(" WHERE id = ").bind(id.as_str());
        let row = query.one(&self.connection).await?;
        stored(&row.ok_or(Error::NotFound)?)
    }

    /// Every app, by id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn apps(&self) -> Result<Vec<StoredApp>, Error> {
        let query = Query::new(SELECT).sql(" ORDER BY id");
        query
            .all(&self.connection)
            .await?
            .iter()
            .map(stored)
            .collect()
    }
}

impl TenantTx {
    /// Keeps an app.
    ///
    /// # Errors
    /// [`Error::Taken`]: it is kept already.
    pub async fn insert_app(&self, app: &NewApp) -> Result<(), Error> {
        let row: [Value; 5] = [
            app.id.as_str().into(),
            app.name.as_str().into(),
            app.secret.as_bytes().into(),
            sealed(app.verify_token.as_ref()),
            time(app.created_at).into(),
        ];
        let query = Query::new(
            "INSERT INTO apps (id, name, secret_sealed, verify_token_sealed, created_at) VALUES ",
        )
        .list(row)
        .sql(" ON CONFLICT DO NOTHING");
        match self.of_installation(query).await? {
            0 => Err(Error::Taken("app")),
            _ => Ok(()),
        }
    }

    /// Gives an app another name, another word, or both.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such app.
    pub async fn change_app(
        &self,
        id: &AppId,
        name: Option<&str>,
        verify_token: Option<&Sealed>,
    ) -> Result<(), Error> {
        let query = Query::new("UPDATE apps SET name = coalesce(")
            .bind(name.map(ToOwned::to_owned))
            .sql(", name), verify_token_sealed = coalesce(")
            .bind(sealed(verify_token))
            .sql(", verify_token_sealed)");
        self.of_app(id, query).await
    }

    /// Gives an app another secret; with `until` the one before it counts until then, else it is gone.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such app.
    pub async fn set_app_secret(
        &self,
        id: &AppId,
        secret: &Sealed,
        until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let query = match until {
            Some(_) => Query::new("UPDATE apps SET previous_secret_sealed = secret_sealed"),
            None => Query::new("UPDATE apps SET previous_secret_sealed = NULL"),
        };
        let query = query
            .sql(", previous_secret_until = ")
            .bind(maybe_time(until))
            .sql(", secret_sealed = ")
            .bind(secret.as_bytes());
        self.of_app(id, query).await
    }

    async fn of_app(&self, id: &AppId, query: Query) -> Result<(), Error> {
        match self
            .of_installation(query.sql(" WHERE id = ").bind(id.as_str()))
            .await?
        {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

fn sealed(it: Option<&Sealed>) -> Value {
    it.map(|it| it.as_bytes().to_vec()).into()
}

fn stored(row: &Row) -> Result<StoredApp, Error> {
    Ok(StoredApp {
        id: row.parsed("id")?,
        name: row.get("name")?,
        secret: row.sealed("secret_sealed")?,
        previous_secret: row.maybe_sealed("previous_secret_sealed")?,
        previous_secret_until: row.maybe_time("previous_secret_until")?,
        verify_token: row.maybe_sealed("verify_token_sealed")?,
        created_at: row.time("created_at")?,
    })
}
