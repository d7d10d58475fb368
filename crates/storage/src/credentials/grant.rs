//! Grants: the facts known of each received token, and the sealed token while it is needed.

use regrant_domain::{AssetId, Grant, GrantId, SealedRecord, Timestamp, TokenFacts};

use crate::{
    Error, TenantTx,
    credentials::credential::read_sealing_key,
    sql::{CHUNK, Row, maybe_micros, to_json, to_micros},
};

const COLUMNS: &str =
    "id, app_id, kind, person_id, person_name, is_work_account, scopes, issued_at,
    expires_at, data_access_expires_at";

/// A grant and its sealed token.
#[derive(Debug, Clone)]
pub struct GrantToken {
    /// The grant.
    pub grant: Grant,
    /// The sealed token, unless it was wiped.
    pub sealed: Option<SealedRecord>,
    /// When the worker last tried to refresh the token.
    pub refresh_tried_at: Option<Timestamp>,
}

impl TenantTx {
    /// Stores the sealed token of a grant, for as long as a credential comes from the grant.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such grant.
    pub async fn store_grant_token(&self, id: GrantId, sealed: &SealedRecord) -> Result<(), Error> {
        let (key_id, key_version) = read_sealing_key(sealed)?;
        let query = self
            .query(
                "UPDATE grants SET sealed = :sealed, key_id = :key_id, key_version = :key_version
                 WHERE tenant_id = :tenant AND id = :id",
            )
            .bind("sealed", sealed.as_bytes())
            .bind("key_id", key_id)
            .bind("key_version", i64::from(key_version))
            .bind("id", id.uuid());
        match self.execute(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }

    /// A grant with its sealed token.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such grant.
    pub async fn find_grant_token(&self, id: GrantId) -> Result<GrantToken, Error> {
        let query = self
            .query(
                "SELECT {columns}, sealed, refresh_tried_at FROM grants
                 WHERE tenant_id = :tenant AND id = :id",
            )
            .fill("columns", COLUMNS)
            .bind("id", id.uuid());
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        Ok(GrantToken {
            grant: grant_from_row(&row)?,
            sealed: row.maybe_sealed("sealed")?,
            refresh_tried_at: row.maybe_time("refresh_tried_at")?,
        })
    }

    /// Notes that a refresh is about to be tried. This also proves that the database accepts writes,
    /// before a token is replaced at Meta.
    pub async fn note_refresh_tried(&self, id: GrantId, at: Timestamp) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE grants SET refresh_tried_at = :at WHERE tenant_id = :tenant AND id = :id",
            )
            .bind("at", to_micros(at))
            .bind("id", id.uuid());
        self.execute_exactly(1, query).await
    }

    /// Those of the grants whose token is stored and that no refresh was tried for since `since`.
    pub async fn find_refreshable_grants(
        &self,
        ids: &[GrantId],
        since: Timestamp,
    ) -> Result<Vec<GrantId>, Error> {
        let mut found = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT id FROM grants
                     WHERE tenant_id = :tenant AND id IN :ids AND sealed IS NOT NULL
                         AND (refresh_tried_at IS NULL OR refresh_tried_at <= :since)",
                )
                .bind("since", to_micros(since))
                .bind_list("ids", chunk.iter().map(|id| id.uuid()));
            for row in self.fetch_all(query).await? {
                found.push(GrantId::from_uuid(row.get("id")?));
            }
        }
        Ok(found)
    }

    /// Wipes the tokens of grants that no credential comes from and no running reconnect uses.
    pub async fn wipe_idle_grant_tokens(&self) -> Result<u64, Error> {
        let query = self.query(
            "UPDATE grants AS g SET sealed = NULL, key_id = NULL, key_version = NULL
             WHERE g.tenant_id = :tenant AND g.sealed IS NOT NULL
                 AND NOT EXISTS (
                     SELECT 1 FROM credentials c
                     WHERE c.tenant_id = :tenant AND c.grant_id = g.id)
                 AND NOT EXISTS (
                     SELECT 1 FROM reconnects r
                     WHERE r.tenant_id = :tenant AND r.grant_id = g.id AND r.status = 'running')",
        );
        self.execute(query).await
    }

    /// Whether a running reconnect has open items among the assets that this grant serves.
    pub async fn is_grant_being_replaced(&self, id: GrantId) -> Result<bool, Error> {
        let query = self
            .query(
                "SELECT 1 FROM credentials c
                 JOIN reconnect_items i ON i.tenant_id = c.tenant_id AND i.asset_id = c.asset_id
                 JOIN reconnects r ON r.tenant_id = i.tenant_id AND r.id = i.reconnect_id
                 WHERE c.tenant_id = :tenant AND c.grant_id = :grant AND c.slot = 'active'
                     AND r.status = 'running' AND (i.outcome IS NULL OR i.outcome = 'deferred')
                 LIMIT 1",
            )
            .bind("grant", id.uuid());
        Ok(self.fetch_one(query).await?.is_some())
    }

    /// The assets that credentials of this grant serve, by id; at most `limit`.
    pub async fn list_assets_of_grant(
        &self,
        id: GrantId,
        limit: u32,
    ) -> Result<Vec<AssetId>, Error> {
        let query = self
            .query(
                "SELECT DISTINCT asset_id FROM credentials
                 WHERE tenant_id = :tenant AND slot = 'active' AND grant_id = :grant
                 ORDER BY asset_id LIMIT :limit",
            )
            .bind("grant", id.uuid())
            .bind("limit", i64::from(limit));
        let rows = self.fetch_all(query).await?;
        rows.iter().map(|row| row.parse("asset_id")).collect()
    }

    /// Inserts a grant.
    ///
    /// # Errors
    /// [`Error::Taken`]: the id is.
    pub async fn insert_grant(&self, grant: &Grant, at: Timestamp) -> Result<(), Error> {
        let query = self
            .query(
                "INSERT INTO grants (tenant_id, {columns}, created_at)
                 VALUES (:tenant, :id, :app_id, :kind, :person_id, :person_name, :is_work_account,
                     :scopes, :issued_at, :expires_at, :data_access_expires_at, :at)
                 ON CONFLICT DO NOTHING",
            )
            .fill("columns", COLUMNS)
            .bind("id", grant.id.uuid())
            .bind("app_id", grant.facts.app_id.as_str())
            .bind("kind", grant.facts.kind.as_str())
            .bind("person_id", grant.facts.person_id.as_str())
            .bind("person_name", grant.facts.person_name.clone())
            .bind("is_work_account", grant.facts.is_work_account)
            .bind("scopes", to_json(&grant.facts.scopes)?)
            .bind("issued_at", maybe_micros(grant.facts.issued_at))
            .bind("expires_at", maybe_micros(grant.facts.expires_at))
            .bind(
                "data_access_expires_at",
                maybe_micros(grant.facts.data_access_expires_at),
            )
            .bind("at", to_micros(at));
        match self.execute(query).await? {
            0 => Err(Error::Taken("grant")),
            _ => Ok(()),
        }
    }

    /// The grant with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn find_grant(&self, id: GrantId) -> Result<Grant, Error> {
        self.find_grants(&[id]).await?.pop().ok_or(Error::NotFound)
    }

    /// Those of the grants that exist, in any order.
    pub async fn find_grants(&self, ids: &[GrantId]) -> Result<Vec<Grant>, Error> {
        let mut grants = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query("SELECT {columns} FROM grants WHERE tenant_id = :tenant AND id IN :ids")
                .fill("columns", COLUMNS)
                .bind_list("ids", chunk.iter().map(|id| id.uuid()));
            for row in self.fetch_all(query).await? {
                grants.push(grant_from_row(&row)?);
            }
        }
        Ok(grants)
    }
}

fn grant_from_row(row: &Row) -> Result<Grant, Error> {
    Ok(Grant {
        id: GrantId::from_uuid(row.get("id")?),
        facts: TokenFacts {
            app_id: row.parse("app_id")?,
            kind: row.parse("kind")?,
            person_id: row.parse("person_id")?,
            person_name: row.get("person_name")?,
            is_work_account: row.get("is_work_account")?,
            scopes: row.json("scopes")?,
            issued_at: row.maybe_time("issued_at")?,
            expires_at: row.maybe_time("expires_at")?,
            data_access_expires_at: row.maybe_time("data_access_expires_at")?,
        },
    })
}
