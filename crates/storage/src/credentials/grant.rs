//! Grants: the facts known of each received token, and the sealed token while it is needed.

use regrant_domain::{AssetId, Grant, GrantId, SealedRecord, Timestamp, TokenFacts};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    credentials::credential::read_sealing_key,
    sql::{CHUNK, Row, decode_rows, maybe_micros, to_json, to_micros},
};

pub(super) const COLUMNS: &str =
    "id, app_id, kind, person_id, person_name, is_work_account, scopes, issued_at,
    expires_at, data_access_expires_at, profile_id, coalesce(read_at, created_at) AS read_at";

const INSERTED: &str =
    "id, app_id, kind, person_id, person_name, is_work_account, scopes, issued_at,
    expires_at, data_access_expires_at, profile_id, read_at";

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

/// A grant whose token can be refreshed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshableGrant {
    /// Its id.
    pub id: GrantId,
    /// When its token ends.
    pub expires_at: Option<Timestamp>,
    /// When the worker last tried to refresh the token.
    pub tried_at: Option<Timestamp>,
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
        grant_token_from_row(&row)
    }

    /// Those of the grants that exist, with their sealed tokens, in any order.
    pub async fn find_grant_tokens(&self, ids: &[GrantId]) -> Result<Vec<GrantToken>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT {columns}, sealed, refresh_tried_at FROM grants
                     WHERE tenant_id = :tenant AND id IN :ids",
                )
                .fill("columns", COLUMNS)
                .bind_list("ids", chunk.iter().map(|id| id.uuid()));
            let rows = self.fetch_all(query).await?;
            found.extend(decode_rows("grants", &rows, grant_token_from_row));
        }
        Ok(found)
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

    /// Those of the grants whose token is stored, and whose last refresh did not fail for good.
    pub async fn find_refreshable_grants(
        &self,
        ids: &[GrantId],
    ) -> Result<Vec<RefreshableGrant>, Error> {
        let mut found = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT id, expires_at, refresh_tried_at FROM grants
                     WHERE tenant_id = :tenant AND id IN :ids AND sealed IS NOT NULL
                         AND refresh_failed_at IS NULL",
                )
                .bind_list("ids", chunk.iter().map(|id| id.uuid()));
            let rows = self.fetch_all(query).await?;
            found.extend(decode_rows("grants", &rows, refreshable_from_row));
        }
        Ok(found)
    }

    /// Notes that a refresh failed for good: the token ends unless its person logs in again.
    pub async fn note_refresh_failed(&self, id: GrantId, at: Timestamp) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE grants SET refresh_failed_at = :at WHERE tenant_id = :tenant AND id = :id",
            )
            .bind("at", to_micros(at))
            .bind("id", id.uuid());
        self.execute_exactly(1, query).await
    }

    /// The grants of these assets' active credentials whose dates must be read again: a notice window has opened, or
    /// a date has arrived, since they were read. This is `domain::is_reading_due` in SQL.
    pub async fn find_grants_with_due_dates(
        &self,
        assets: &[AssetId],
        notice: chrono::Duration,
        now: Timestamp,
    ) -> Result<Vec<GrantId>, Error> {
        let mut found = Vec::new();
        for chunk in assets.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT DISTINCT g.id FROM credentials c
                     JOIN grants g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id
                     WHERE c.tenant_id = :tenant AND c.slot = 'active' AND c.asset_id IN :ids
                         AND g.sealed IS NOT NULL AND ({expires_at} OR {data_access_expires_at})",
                )
                .fill("expires_at", due_reading("expires_at"))
                .fill(
                    "data_access_expires_at",
                    due_reading("data_access_expires_at"),
                )
                .bind("now", to_micros(now))
                .bind("notice", notice.num_microseconds().unwrap_or(i64::MAX))
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            for row in self.fetch_all(query).await? {
                found.push(GrantId::from_uuid(row.get("id")?));
            }
        }
        Ok(found)
    }

    /// Writes the dates of grants, unless later ones are stored. A refresh is possible again where the end has moved.
    pub async fn write_grant_dates(&self, grants: &[Grant]) -> Result<(), Error> {
        for chunk in grants.chunks(CHUNK) {
            let rows = chunk.iter().map(|it| -> [Value; 4] {
                [
                    it.id.uuid().into(),
                    maybe_micros(it.facts.expires_at).into(),
                    maybe_micros(it.facts.data_access_expires_at).into(),
                    to_micros(it.facts.read_at).into(),
                ]
            });
            let query = self
                .query(
                    "WITH reading (id, expires_at, data_access_expires_at, read_at)
                         AS (VALUES :readings)
                     UPDATE grants AS g SET data_access_expires_at = reading.data_access_expires_at,
                         refresh_failed_at = CASE
                             WHEN g.expires_at IS DISTINCT FROM reading.expires_at THEN NULL
                             ELSE g.refresh_failed_at END,
                         expires_at = reading.expires_at, read_at = reading.read_at
                     FROM reading WHERE g.tenant_id = :tenant AND g.id = reading.id
                         AND (g.read_at IS NULL OR g.read_at <= reading.read_at)",
                )
                .bind_rows("readings", rows);
            self.execute(query).await?;
        }
        Ok(())
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

    /// The assets that credentials of this grant serve or wait for, by id; at most `limit`.
    pub async fn list_assets_of_grant(
        &self,
        id: GrantId,
        limit: u32,
    ) -> Result<Vec<AssetId>, Error> {
        let query = self
            .query(
                "SELECT DISTINCT asset_id FROM credentials
                 WHERE tenant_id = :tenant AND slot <> 'previous' AND grant_id = :grant
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
                     :scopes, :issued_at, :expires_at, :data_access_expires_at, :profile_id, :read_at,
                     :at)
                 ON CONFLICT DO NOTHING",
            )
            .fill("columns", INSERTED)
            .bind(
                "profile_id",
                grant.facts.profile_id.as_ref().map(|it| it.as_str().to_owned()),
            )
            .bind("read_at", to_micros(grant.facts.read_at))
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

    /// When the grant with this id came in; `None` if the tenant has none.
    pub async fn find_grant_created_at(&self, id: GrantId) -> Result<Option<Timestamp>, Error> {
        let query = self
            .query("SELECT created_at FROM grants WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id.uuid());
        let row = self.fetch_one(query).await?;
        row.map(|it| it.time("created_at")).transpose()
    }

    /// Those of the grants that exist, in any order.
    pub async fn find_grants(&self, ids: &[GrantId]) -> Result<Vec<Grant>, Error> {
        let mut grants = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query("SELECT {columns} FROM grants WHERE tenant_id = :tenant AND id IN :ids")
                .fill("columns", COLUMNS)
                .bind_list("ids", chunk.iter().map(|id| id.uuid()));
            let rows = self.fetch_all(query).await?;
            grants.extend(decode_rows("grants", &rows, grant_from_row));
        }
        Ok(grants)
    }
}

/// Whether this date of grant `g` must be read again.
fn due_reading(date: &'static str) -> String {
    format!(
        "coalesce(g.{date} <= :now AND coalesce(g.read_at, g.created_at) < g.{date}
             OR g.{date} - :notice <= :now AND coalesce(g.read_at, g.created_at) < g.{date} - :notice,
             0 = 1)"
    )
}

pub(super) fn grant_token_from_row(row: &Row) -> Result<GrantToken, Error> {
    Ok(GrantToken {
        grant: grant_from_row(row)?,
        sealed: row.maybe_sealed("sealed")?,
        refresh_tried_at: row.maybe_time("refresh_tried_at")?,
    })
}

fn refreshable_from_row(row: &Row) -> Result<RefreshableGrant, Error> {
    Ok(RefreshableGrant {
        id: GrantId::from_uuid(row.get("id")?),
        expires_at: row.maybe_time("expires_at")?,
        tried_at: row.maybe_time("refresh_tried_at")?,
    })
}

fn grant_from_row(row: &Row) -> Result<Grant, Error> {
    Ok(Grant {
        id: GrantId::from_uuid(row.get("id")?),
        facts: TokenFacts {
            app_id: row.parse("app_id")?,
            kind: row.parse("kind")?,
            person_id: row.parse("person_id")?,
            profile_id: row.maybe_parse("profile_id")?,
            person_name: row.get("person_name")?,
            is_work_account: row.get("is_work_account")?,
            scopes: row.json("scopes")?,
            issued_at: row.maybe_time("issued_at")?,
            expires_at: row.maybe_time("expires_at")?,
            data_access_expires_at: row.maybe_time("data_access_expires_at")?,
            read_at: row.time("read_at")?,
        },
    })
}
