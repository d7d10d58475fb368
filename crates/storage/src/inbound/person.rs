//! Persons: which tenants know one, and what of theirs a tenant keeps.
//!
//! The rule: across tenants a person is found by a keyed hash alone; their id stays inside each tenant.

use std::collections::HashSet;

use regrant_domain::{AppId, AssetId, PersonId, Timestamp};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, Query, time},
};

/// A keyed hash of a person's id at one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PersonHash(pub [u8; 16]);

impl From<PersonHash> for Value {
    fn from(hash: PersonHash) -> Self {
        hash.0.to_vec().into()
    }
}

/// Whose credentials, as far as they were issued before a moment: a later login is a new word.
#[derive(Debug, Clone, Copy)]
pub struct Revoked<'a> {
    /// The person.
    pub person: &'a PersonId,
    /// What was issued from here on stays.
    pub before: Timestamp,
}

impl TenantTx {
    /// Notes in the directory that this tenant knows a person.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_person(&self, app: &AppId, person: PersonHash) -> Result<(), Error> {
        let row: [Value; 2] = [app.as_str().into(), person.into()];
        let query = self
            .query("INSERT INTO person_directory (tenant_id, app_id, person_hash)")
            .tenant_rows([row])
            .sql(" ON CONFLICT DO NOTHING");
        self.run(query).await.map(drop)
    }

    /// Assets that a person's credential serves, by id, behind `after`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn served_by(
        &self,
        person: &PersonId,
        after: Option<&AssetId>,
        limit: u32,
    ) -> Result<Vec<AssetId>, Error> {
        let query = self.query("SELECT id FROM assets WHERE tenant_id = $1 AND person_id = ");
        self.page(query.bind(person.as_str()), after, limit).await
    }

    /// Assets for which any credential of a person is kept, by id, behind `after`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn assets_of_person(
        &self,
        person: &PersonId,
        after: Option<&AssetId>,
        limit: u32,
    ) -> Result<Vec<AssetId>, Error> {
        let query = self
            .query("SELECT id FROM (SELECT id FROM assets WHERE tenant_id = $1 AND person_id = ")
            .bind(person.as_str())
            .sql(" UNION SELECT asset_id FROM credentials WHERE tenant_id = $1 AND person_id = ")
            .bind(person.as_str())
            .sql(") x WHERE TRUE");
        self.page(query, after, limit).await
    }

    /// Those of the assets that a credential serves which the person has taken back.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoked_actives(
        &self,
        revoked: Revoked<'_>,
        ids: &[AssetId],
    ) -> Result<HashSet<AssetId>, Error> {
        let mut found = HashSet::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self.query("SELECT c.asset_id FROM credentials c WHERE c.slot = 'active'");
            let query = of_revoked(query, revoked)
                .sql(" AND c.asset_id IN ")
                .list(texts(chunk));
            for row in self.all(query).await? {
                found.insert(row.parsed("asset_id")?);
            }
        }
        Ok(found)
    }

    /// Deletes what the person has taken back and these assets keep beside what serves; with `active` that too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_revoked(
        &self,
        revoked: Revoked<'_>,
        ids: &[AssetId],
        active: bool,
    ) -> Result<u64, Error> {
        let mut deleted = 0;
        for chunk in ids.chunks(CHUNK) {
            let slots = if active { "TRUE" } else { "c.slot <> 'active'" };
            let query = self.query("DELETE FROM credentials AS c WHERE ").sql(slots);
            let query = of_revoked(query, revoked)
                .sql(" AND c.asset_id IN ")
                .list(texts(chunk));
            deleted += self.run(query).await?;
        }
        Ok(deleted)
    }

    /// Those of the assets for which a credential waits or stands by.
    ///
    /// # Errors
    /// The database failed.
    pub async fn with_spares(&self, ids: &[AssetId]) -> Result<Vec<AssetId>, Error> {
        let mut found = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT DISTINCT asset_id FROM credentials
                     WHERE tenant_id = $1 AND slot IN ('candidate', 'standby') AND asset_id IN ",
                )
                .list(texts(chunk));
            for row in self.all(query).await? {
                found.push(row.parsed("asset_id")?);
            }
        }
        Ok(found)
    }

    /// Wipes the sealed tokens of the person's grants.
    ///
    /// # Errors
    /// The database failed.
    pub async fn wipe_grant_tokens(&self, revoked: Revoked<'_>) -> Result<u64, Error> {
        let query = self
            .query(
                "UPDATE grants SET sealed = NULL, key_id = NULL, key_version = NULL
                 WHERE tenant_id = $1 AND sealed IS NOT NULL AND person_id = ",
            )
            .bind(revoked.person.as_str())
            .sql(" AND coalesce(issued_at, created_at) < ")
            .bind(time(revoked.before));
        self.run(query).await
    }

    /// Forgets on these assets whose credential served them and what was known through it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forget_server(&self, ids: &[AssetId]) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self.query(
                "UPDATE assets SET person_id = NULL, proved_at = NULL, working_since = NULL, cut_off = NULL,
                    cut_off_source = NULL, cut_off_learned_at = NULL, expires_at = NULL,
                    data_access_expires_at = NULL
                 WHERE tenant_id = $1 AND id IN ",
            );
            self.run(query.list(texts(chunk))).await?;
        }
        Ok(())
    }

    /// Erases what is personal about a person beyond their credentials: their name, their cut-offs.
    ///
    /// # Errors
    /// The database failed.
    pub async fn erase_person(&self, revoked: Revoked<'_>) -> Result<(), Error> {
        let names = self
            .query("UPDATE grants SET person_name = NULL WHERE tenant_id = $1 AND person_id = ")
            .bind(revoked.person.as_str())
            .sql(" AND coalesce(issued_at, created_at) < ")
            .bind(time(revoked.before));
        self.run(names).await?;
        let cut_offs = self
            .query("DELETE FROM cut_offs WHERE tenant_id = $1 AND person_id = ")
            .bind(revoked.person.as_str())
            .sql(" AND learned_at < ")
            .bind(time(revoked.before));
        self.run(cut_offs).await.map(drop)
    }

    async fn page(
        &self,
        query: Query,
        after: Option<&AssetId>,
        limit: u32,
    ) -> Result<Vec<AssetId>, Error> {
        let query = match after {
            Some(after) => query.sql(" AND id > ").bind(after.as_str()),
            None => query,
        };
        let query = query.sql(" ORDER BY id LIMIT ").bind(i64::from(limit));
        self.all(query)
            .await?
            .iter()
            .map(|row| row.parsed("id"))
            .collect()
    }
}

fn of_revoked(query: Query, revoked: Revoked<'_>) -> Query {
    query
        .sql(" AND c.tenant_id = $1 AND c.person_id = ")
        .bind(revoked.person.as_str())
        .sql(
            " AND coalesce((SELECT g.issued_at FROM grants g WHERE g.tenant_id = $1 AND g.id = c.grant_id),
                c.created_at) < ",
        )
        .bind(time(revoked.before))
}

fn texts(ids: &[AssetId]) -> impl Iterator<Item = &str> {
    ids.iter().map(AssetId::as_str)
}
