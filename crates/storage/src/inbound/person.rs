//! Persons: the rows of a tenant that depend on one.
//!
//! The rule: a token counts as issued when Graph says so, else when it first came in; what is issued after a revocation
//! stays.

use std::collections::HashSet;

use regrant_domain::{AssetId, PersonId, ReconnectId, Timestamp};

use crate::{
    Error, TenantTx,
    sql::{CHUNK, Query, Row, to_micros},
};

/// The credentials of a person that were issued before a moment: a later log-in is a new consent.
#[derive(Debug, Clone, Copy)]
pub struct RevokedConsent<'a> {
    /// The person.
    pub person: &'a PersonId,
    /// Credentials issued at or after this moment stay.
    pub before: Timestamp,
}

/// Credential `c` is among the revoked ones.
const IS_REVOKED: &str = "
    c.tenant_id = :tenant AND c.person_id = :person
    AND coalesce((SELECT coalesce(g.issued_at, g.created_at) FROM grants g
        WHERE g.tenant_id = :tenant AND g.id = c.grant_id), c.created_at) < :before";

impl TenantTx {
    /// The assets after `after` that a credential of this person serves, by id.
    pub async fn list_assets_served_by(
        &self,
        person: &PersonId,
        after: Option<&AssetId>,
        limit: u32,
    ) -> Result<Vec<AssetId>, Error> {
        let sql = "SELECT id FROM assets
                   WHERE tenant_id = :tenant AND person_id = :person [AND id > :after]
                   ORDER BY id LIMIT :limit";
        self.list_asset_ids(sql, person, after, limit).await
    }

    /// The assets after `after` that have any credential of this person, by id.
    pub async fn list_assets_of_person(
        &self,
        person: &PersonId,
        after: Option<&AssetId>,
        limit: u32,
    ) -> Result<Vec<AssetId>, Error> {
        let sql = "SELECT id FROM (
                       SELECT id FROM assets WHERE tenant_id = :tenant AND person_id = :person
                       UNION
                       SELECT asset_id FROM credentials
                       WHERE tenant_id = :tenant AND person_id = :person) x
                   WHERE TRUE [AND id > :after] ORDER BY id LIMIT :limit";
        self.list_asset_ids(sql, person, after, limit).await
    }

    async fn list_asset_ids(
        &self,
        sql: &'static str,
        person: &PersonId,
        after: Option<&AssetId>,
        limit: u32,
    ) -> Result<Vec<AssetId>, Error> {
        let query = self
            .query(sql)
            .bind("person", person.as_str())
            .bind_optional("after", after.map(AssetId::as_str))
            .bind("limit", i64::from(limit));
        let rows = self.fetch_all(query).await?;
        rows.iter().map(|row| row.parse("id")).collect()
    }

    /// Those of the assets whose active credential is revoked.
    pub async fn find_revoked_active_assets(
        &self,
        revoked: RevokedConsent<'_>,
        ids: &[AssetId],
    ) -> Result<HashSet<AssetId>, Error> {
        let mut found = HashSet::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self.query(
                "SELECT c.asset_id FROM credentials c
                 WHERE c.slot = 'active' AND {is_revoked} AND c.asset_id IN :ids",
            );
            let query = bind_revoked(query, revoked).bind_list("ids", to_texts(chunk));
            for row in self.fetch_all(query).await? {
                found.insert(row.parse("asset_id")?);
            }
        }
        Ok(found)
    }

    /// Deletes the revoked credentials of these assets; active ones only if `active` is set.
    pub async fn delete_revoked_credentials(
        &self,
        revoked: RevokedConsent<'_>,
        ids: &[AssetId],
        active: bool,
    ) -> Result<u64, Error> {
        let mut deleted = 0;
        for chunk in ids.chunks(CHUNK) {
            let slots = if active { "TRUE" } else { "c.slot <> 'active'" };
            let query = self.query(
                "DELETE FROM credentials AS c
                 WHERE {slots} AND {is_revoked} AND c.asset_id IN :ids",
            );
            let query = bind_revoked(query, revoked)
                .fill("slots", slots)
                .bind_list("ids", to_texts(chunk));
            deleted += self.execute(query).await?;
        }
        Ok(deleted)
    }

    /// Those of the assets that have a credential that may serve them: a candidate, a standby or the previous one.
    pub async fn find_assets_with_successors(
        &self,
        ids: &[AssetId],
    ) -> Result<Vec<AssetId>, Error> {
        let mut found = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT DISTINCT asset_id FROM credentials
                     WHERE tenant_id = :tenant AND slot IN ('candidate', 'standby', 'previous')
                         AND asset_id IN :ids",
                )
                .bind_list("ids", to_texts(chunk));
            for row in self.fetch_all(query).await? {
                found.push(row.parse("asset_id")?);
            }
        }
        Ok(found)
    }

    /// The running reconnects with a token that is revoked. One that was not validated yet counts as its expected person's,
    /// and a token whose issue Graph does not date as issued when it was submitted.
    pub async fn list_revoked_reconnects(
        &self,
        revoked: RevokedConsent<'_>,
    ) -> Result<Vec<ReconnectId>, Error> {
        let query = self
            .query(
                "SELECT r.id FROM reconnects r
                 LEFT JOIN grants g ON g.tenant_id = :tenant AND g.id = r.grant_id
                 WHERE r.tenant_id = :tenant AND r.finished_at IS NULL AND r.status = 'running'
                     AND r.undo_of IS NULL AND coalesce(g.person_id, r.expect_person) = :person
                     AND coalesce(g.issued_at, r.created_at) < :before
                 ORDER BY r.id",
            )
            .bind("person", revoked.person.as_str())
            .bind("before", to_micros(revoked.before));
        let rows = self.fetch_all(query).await?;
        let id = |row: &Row| Ok(ReconnectId::from_uuid(row.get("id")?));
        rows.iter().map(id).collect()
    }

    /// Wipes the sealed tokens of the person's revoked grants.
    pub async fn wipe_revoked_grant_tokens(
        &self,
        revoked: RevokedConsent<'_>,
    ) -> Result<u64, Error> {
        let query = self
            .query(
                "UPDATE grants SET sealed = NULL, key_id = NULL, key_version = NULL
                 WHERE tenant_id = :tenant AND sealed IS NOT NULL AND person_id = :person
                     AND coalesce(issued_at, created_at) < :before",
            )
            .bind("person", revoked.person.as_str())
            .bind("before", to_micros(revoked.before));
        self.execute(query).await
    }

    /// Erases from these assets the person that served them, and the facts known through that person.
    pub async fn erase_serving_person(&self, ids: &[AssetId]) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "UPDATE assets SET person_id = NULL, proved_at = NULL, working_since = NULL,
                         cut_off = NULL, cut_off_source = NULL, cut_off_learned_at = NULL,
                         expires_at = NULL, data_access_expires_at = NULL
                     WHERE tenant_id = :tenant AND id IN :ids",
                )
                .bind_list("ids", to_texts(chunk));
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Erases the other personal data of a person: the name in revoked grants, their cut-offs, discoveries and previews.
    pub async fn erase_personal_data(&self, revoked: RevokedConsent<'_>) -> Result<(), Error> {
        let names = self
            .query(
                "UPDATE grants SET person_name = NULL
                 WHERE tenant_id = :tenant AND person_id = :person
                     AND coalesce(issued_at, created_at) < :before",
            )
            .bind("person", revoked.person.as_str())
            .bind("before", to_micros(revoked.before));
        self.execute(names).await?;
        let cut_offs = self
            .query(
                "DELETE FROM cut_offs
                 WHERE tenant_id = :tenant AND person_id = :person AND learned_at < :before",
            )
            .bind("person", revoked.person.as_str())
            .bind("before", to_micros(revoked.before));
        self.execute(cut_offs).await?;
        for table in ["discoveries", "previews"] {
            let query = self
                .query(
                    "DELETE FROM {table}
                     WHERE tenant_id = :tenant AND person_id = :person AND created_at < :before",
                )
                .fill("table", table)
                .bind("person", revoked.person.as_str())
                .bind("before", to_micros(revoked.before));
            self.execute(query).await?;
        }
        Ok(())
    }
}

/// Fills the part `{is_revoked}`.
fn bind_revoked(query: Query, revoked: RevokedConsent<'_>) -> Query {
    query
        .fill("is_revoked", IS_REVOKED)
        .bind("person", revoked.person.as_str())
        .bind("before", to_micros(revoked.before))
}

fn to_texts(ids: &[AssetId]) -> impl Iterator<Item = &str> {
    ids.iter().map(AssetId::as_str)
}
