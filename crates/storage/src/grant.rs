//! Grants: what is known of each received token.

use regrant_domain::{Grant, GrantId, Timestamp};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    query::{CHUNK, json, maybe_time, time},
    row::Row,
};

const SELECT: &str = "SELECT id, app_id, kind, person_id, person_name, is_work_account, scopes, issued_at,
    expires_at, data_access_expires_at FROM grants WHERE tenant_id = $1 AND id IN ";

impl TenantTx {
    /// Keeps a grant.
    ///
    /// # Errors
    /// [`Error::Taken`]: its id is.
    pub async fn insert_grant(&self, grant: &Grant, at: Timestamp) -> Result<(), Error> {
        let row: [Value; 11] = [
            grant.id.uuid().into(),
            grant.app_id.as_str().into(),
            grant.kind.as_str().into(),
            grant.person_id.as_str().into(),
            grant.person_name.clone().into(),
            grant.is_work_account.into(),
            json(&grant.scopes)?.into(),
            maybe_time(grant.issued_at).into(),
            maybe_time(grant.expires_at).into(),
            maybe_time(grant.data_access_expires_at).into(),
            time(at).into(),
        ];
        let query = self
            .query(
                "INSERT INTO grants (tenant_id, id, app_id, kind, person_id, person_name, is_work_account,
                 scopes, issued_at, expires_at, data_access_expires_at, created_at)",
            )
            .tenant_rows([row])
            .sql(" ON CONFLICT DO NOTHING");
        match self.run(query).await? {
            0 => Err(Error::Taken("grant")),
            _ => Ok(()),
        }
    }

    /// The grant with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn grant(&self, id: GrantId) -> Result<Grant, Error> {
        self.grants(&[id]).await?.pop().ok_or(Error::NotFound)
    }

    /// Those of the grants that exist, in any order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn grants(&self, ids: &[GrantId]) -> Result<Vec<Grant>, Error> {
        let mut grants = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let query = self.query(SELECT).list(chunk.iter().map(|id| id.uuid()));
            for row in self.all(query).await? {
                grants.push(read(&row)?);
            }
        }
        Ok(grants)
    }
}

fn read(row: &Row) -> Result<Grant, Error> {
    Ok(Grant {
        id: GrantId::from_uuid(row.get("id")?),
        app_id: row.parsed("app_id")?,
        kind: row.parsed("kind")?,
        person_id: row.parsed("person_id")?,
        person_name: row.get("person_name")?,
        is_work_account: row.get("is_work_account")?,
        scopes: row.json("scopes")?,
        issued_at: row.maybe_time("issued_at")?,
        expires_at: row.maybe_time("expires_at")?,
        data_access_expires_at: row.maybe_time("data_access_expires_at")?,
    })
}
