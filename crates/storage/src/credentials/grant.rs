//! Grants: what is known of each received token.

use regrant_domain::{AssetId, Grant, GrantId, Sealed, Timestamp};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    credentials::credential::sealed_under,
    sql::{CHUNK, Row, json, maybe_time, time},
};

const SELECT: &str =
    "SELECT id, app_id, kind, person_id, person_name, is_work_account, scopes, issued_at,
    expires_at, data_access_expires_at FROM grants WHERE tenant_id = $1 AND id IN ";

/// A grant's token, as long as it is kept.
#[derive(Debug, Clone)]
pub struct GrantToken {
    /// The grant.
    pub grant: Grant,
    /// Its sealed token.
    pub sealed: Option<Sealed>,
    /// When the worker last tried to refresh it.
    pub refresh_tried_at: Option<Timestamp>,
}

impl TenantTx {
    /// Keeps the sealed token of a grant, while a credential stands on it.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such grant.
    pub async fn keep_grant_token(&self, id: GrantId, sealed: &Sealed) -> Result<(), Error> {
        let (key_id, key_version) = sealed_under(sealed)?;
        let query = self
            .query("UPDATE grants SET sealed = ")
            .bind(sealed.as_bytes())
            .sql(", key_id = ")
            .bind(key_id)
            .sql(", key_version = ")
            .bind(i64::from(key_version))
            .sql(" WHERE tenant_id = $1 AND id = ")
            .bind(id.uuid());
        match self.run(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }

    /// A grant with its token.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such grant.
    pub async fn grant_token(&self, id: GrantId) -> Result<GrantToken, Error> {
        let sql = SELECT.replace(" FROM", ", sealed, refresh_tried_at FROM");
        let row = self
            .one(self.query(&sql).list([id.uuid()]))
            .await?
            .ok_or(Error::NotFound)?;
        let (sealed, refresh_tried_at) = (
            row.maybe_sealed("sealed")?,
            row.maybe_time("refresh_tried_at")?,
        );
        Ok(GrantToken {
            grant: read(&row)?,
            sealed,
            refresh_tried_at,
        })
    }

    /// Notes that a refresh is about to be tried: proves, too, that the database can be written.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_refresh_tried(&self, id: GrantId, at: Timestamp) -> Result<(), Error> {
        let query = self
            .query("UPDATE grants SET refresh_tried_at = ")
            .bind(time(at))
            .sql(" WHERE tenant_id = $1 AND id = ")
            .bind(id.uuid());
        self.run_exactly(1, query).await
    }

    /// Those of the grants whose token is kept and was not tried to refresh since `since`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn refreshable(
        &self,
        ids: &[GrantId],
        since: Timestamp,
    ) -> Result<Vec<GrantId>, Error> {
        let mut found = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT id FROM grants WHERE tenant_id = $1 AND sealed IS NOT NULL
                     AND (refresh_tried_at IS NULL OR refresh_tried_at <= ",
                )
                .bind(time(since))
                .sql(") AND id IN ")
                .list(chunk.iter().map(|id| id.uuid()));
            for row in self.all(query).await? {
                found.push(GrantId::from_uuid(row.get("id")?));
            }
        }
        Ok(found)
    }

    /// Wipes tokens of grants that no credential stands on and no running reconnect uses.
    ///
    /// # Errors
    /// The database failed.
    pub async fn wipe_idle_grants(&self) -> Result<u64, Error> {
        let query = self.query(
            "UPDATE grants AS g SET sealed = NULL, key_id = NULL, key_version = NULL
             WHERE g.tenant_id = $1 AND g.sealed IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.tenant_id = $1 AND c.grant_id = g.id)
             AND NOT EXISTS (SELECT 1 FROM reconnects r
                WHERE r.tenant_id = $1 AND r.grant_id = g.id AND r.status = 'running')",
        );
        self.run(query).await
    }

    /// Whether a running reconnect has open items among the assets that this grant serves.
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_being_replaced(&self, id: GrantId) -> Result<bool, Error> {
        let query = self
            .query(
                "SELECT 1 FROM credentials c
                 JOIN reconnect_items i ON i.tenant_id = c.tenant_id AND i.asset_id = c.asset_id
                 JOIN reconnects r ON r.tenant_id = i.tenant_id AND r.id = i.reconnect_id
                 WHERE c.tenant_id = $1 AND c.slot = 'active' AND r.status = 'running'
                    AND (i.outcome IS NULL OR i.outcome = 'deferred') AND c.grant_id = ",
            )
            .bind(id.uuid())
            .sql(" LIMIT 1");
        Ok(self.one(query).await?.is_some())
    }

    /// Assets that a credential of this grant serves; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn assets_of_grant(&self, id: GrantId, limit: u32) -> Result<Vec<AssetId>, Error> {
        let query = self
            .query(
                "SELECT DISTINCT asset_id FROM credentials
                 WHERE tenant_id = $1 AND slot = 'active' AND grant_id = ",
            )
            .bind(id.uuid())
            .sql(" ORDER BY asset_id LIMIT ")
            .bind(i64::from(limit));
        self.all(query)
            .await?
            .iter()
            .map(|row| row.parsed("asset_id"))
            .collect()
    }

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
