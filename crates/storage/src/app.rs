//! Meta apps: installation-wide, their secrets sealed under the installation's own data key.

use regrant_domain::{AppId, Sealed, Timestamp};
use sea_orm::Value;

use crate::{
    Error, Store,
    query::{Query, time},
    row::Row,
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
    /// The word Meta repeats when it verifies a webhook address.
    pub verify_token: Option<Sealed>,
    /// When it was registered.
    pub created_at: Timestamp,
}

const SELECT: &str =
    "SELECT id, name, secret_sealed, previous_secret_sealed, verify_token_sealed, created_at FROM apps";

impl Store {
    /// Keeps an app.
    ///
    /// # Errors
    /// [`Error::Taken`]: it is kept already.
    pub async fn insert_app(&self, app: &NewApp) -> Result<(), Error> {
        let row: [Value; 5] = [
            app.id.as_str().into(),
            app.name.as_str().into(),
            app.secret.as_bytes().into(),
            app.verify_token.as_ref().map(|it| it.as_bytes().to_vec()).into(),
            time(app.created_at).into(),
        ];
        let query =
            Query::new("INSERT INTO apps (id, name, secret_sealed, verify_token_sealed, created_at) VALUES ")
                .list(row)
                .sql(" ON CONFLICT DO NOTHING");
        match self.write(query).await? {
            0 => Err(Error::Taken("app")),
            _ => Ok(()),
        }
    }

    /// Gives an app another secret, another word, or both; the secret before it goes on counting for what comes in.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such app.
    pub async fn update_app(
        &self,
        id: &AppId,
        secret: Option<&Sealed>,
        verify_token: Option<&Sealed>,
    ) -> Result<(), Error> {
        let bytes = |it: Option<&Sealed>| Value::from(it.map(|it| it.as_bytes().to_vec()));
        let query = Query::new("UPDATE apps SET previous_secret_sealed = CASE WHEN ")
            .bind(i64::from(secret.is_some()))
            .sql(" = 1 THEN secret_sealed ELSE previous_secret_sealed END, secret_sealed = coalesce(")
            .bind(bytes(secret))
            .sql(", secret_sealed), verify_token_sealed = coalesce(")
            .bind(bytes(verify_token))
            .sql(", verify_token_sealed) WHERE id = ")
            .bind(id.as_str());
        match self.write(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }

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
        query.all(&self.connection).await?.iter().map(stored).collect()
    }
}

fn stored(row: &Row) -> Result<StoredApp, Error> {
    Ok(StoredApp {
        id: row.parsed("id")?,
        name: row.get("name")?,
        secret: row.sealed("secret_sealed")?,
        previous_secret: row.maybe_sealed("previous_secret_sealed")?,
        verify_token: row.maybe_sealed("verify_token_sealed")?,
        created_at: row.time("created_at")?,
    })
}
