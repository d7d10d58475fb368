//! Persons who granted tokens of this tenant, and the assets that depend on them.
//!
//! The rule: counts come from the index on credentials by person; a list reads no sealed record.

use std::collections::HashMap;

use regrant_domain::{ForecastPosition, PersonCounts, PersonFacts, PersonId, Timestamp};

use crate::{
    Error, ForecastFilter, ListedRows, TenantTx,
    forecast::calendar::{count_from_row, forecast_position_from_row},
    sql::{CHUNK, Row, decode_rows},
};

/// The persons of the table `person`, each with the newest grant.
const NEWEST: &str = "
    SELECT p.person_id, g.kind, g.person_name, g.is_work_account, g.expires_at,
        g.data_access_expires_at
    FROM person p LEFT JOIN (
        SELECT person_id, kind, person_name, is_work_account, expires_at, data_access_expires_at,
            row_number() OVER (PARTITION BY person_id ORDER BY created_at DESC, id DESC) AS n
        FROM grants WHERE tenant_id = :tenant AND person_id IN (SELECT person_id FROM person)
    ) AS g ON g.person_id = p.person_id AND g.n = 1";

impl TenantTx {
    /// The next persons after `after`, by id.
    pub async fn list_persons(
        &self,
        after: Option<&PersonId>,
        limit: u32,
    ) -> Result<ListedRows<PersonFacts>, Error> {
        let query = self
            .query(
                "WITH person AS (
                     SELECT person_id FROM (
                         SELECT person_id FROM grants WHERE tenant_id = :tenant
                         UNION
                         SELECT person_id FROM credentials
                         WHERE tenant_id = :tenant AND person_id IS NOT NULL) AS p
                     WHERE person_id > :after ORDER BY person_id LIMIT :limit)
                 {newest} ORDER BY p.person_id",
            )
            .fill("newest", NEWEST)
            .bind("after", after.map_or("", PersonId::as_str))
            .bind("limit", i64::from(limit));
        self.fetch_listed("grants", query, person_facts_from_row)
            .await
    }

    /// Those of these persons whom the tenant knows, by id.
    pub async fn find_persons(&self, ids: &[PersonId]) -> Result<Vec<PersonFacts>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "WITH person AS (
                         SELECT person_id FROM grants
                         WHERE tenant_id = :tenant AND person_id IN :ids
                         UNION
                         SELECT person_id FROM credentials
                         WHERE tenant_id = :tenant AND person_id IN :ids)
                     {newest} ORDER BY p.person_id",
                )
                .fill("newest", NEWEST)
                .bind_list("ids", chunk.iter().map(PersonId::as_str));
            let persons = self.fetch_decoded("grants", query, person_facts_from_row);
            found.extend(persons.await?);
        }
        Ok(found)
    }

    /// The person with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant knows no such person.
    pub async fn find_person(&self, id: &PersonId) -> Result<PersonFacts, Error> {
        let query = self
            .query(
                "WITH person AS (
                     SELECT person_id FROM grants WHERE tenant_id = :tenant AND person_id = :id
                     UNION
                     SELECT person_id FROM credentials
                     WHERE tenant_id = :tenant AND person_id = :id)
                 {newest}",
            )
            .fill("newest", NEWEST)
            .bind("id", id.as_str());
        person_facts_from_row(&self.fetch_one(query).await?.ok_or(Error::NotFound)?)
    }

    /// How many assets depend on each of these persons; persons without any are left out.
    pub async fn count_assets_of_persons(
        &self,
        ids: &[PersonId],
    ) -> Result<HashMap<PersonId, PersonCounts>, Error> {
        let mut counts: HashMap<PersonId, PersonCounts> = HashMap::new();
        if ids.is_empty() {
            return Ok(counts);
        }
        let query = self
            .query(
                "SELECT person_id, slot, count(*) AS n FROM credentials
                 WHERE tenant_id = :tenant AND person_id IN :ids GROUP BY person_id, slot",
            )
            .bind_list("ids", ids.iter().map(PersonId::as_str));
        for row in self.fetch_all(query).await? {
            let n = count_from_row(&row, "n")?;
            let counts = counts.entry(row.parse("person_id")?).or_default();
            match row.get::<String>("slot")?.as_str() {
                "active" => counts.active = n,
                "standby" => counts.standby = n,
                "candidate" => counts.candidate = n,
                _ => {}
            }
        }
        Ok(counts)
    }

    /// The first ending ahead among the assets that each of these persons serves: one that neither a standby nor a refresh
    /// covers, if there is any.
    pub async fn find_next_endings(
        &self,
        ids: &[PersonId],
        now: Timestamp,
    ) -> Result<HashMap<PersonId, ForecastPosition>, Error> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let filter = ForecastFilter {
            from: now,
            to: Timestamp::MAX_UTC,
            now,
            kinds: Vec::new(),
            business_id: None,
            person_ids: ids.to_vec(),
            leaves: None,
            every: false,
            within: None,
        };
        let sql = "WITH {shown}, numbered AS (
                       SELECT person_id, id, at, cause,
                           row_number() OVER (PARTITION BY person_id ORDER BY covered, at, id, rank) AS n
                       FROM shown WHERE {which})
                   SELECT person_id, id, at, cause FROM numbered WHERE n = 1";
        let rows = self.fetch_all(self.query_endings(&filter, sql)).await?;
        let decode = |row: &Row| Ok((row.parse("person_id")?, forecast_position_from_row(row)?));
        Ok(decode_rows("assets", &rows, decode).into_iter().collect())
    }
}

fn person_facts_from_row(row: &Row) -> Result<PersonFacts, Error> {
    Ok(PersonFacts {
        id: row.parse("person_id")?,
        kind: row.maybe_parse("kind")?,
        name: row.get("person_name")?,
        is_work_account: row.get("is_work_account")?,
        expires_at: row.maybe_time("expires_at")?,
        data_access_expires_at: row.maybe_time("data_access_expires_at")?,
    })
}
