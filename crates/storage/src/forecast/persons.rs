//! Persons: whoever granted a token of this tenant, and what hangs on them.
//!
//! The rule: counts come from the index on credentials by person; no record is read for a list.

use std::collections::HashMap;

use regrant_domain::{CredentialKind, PersonId, Timestamp};

use crate::{
    Error, ForecastFilter, Place, TenantTx,
    forecast::lines::{count, place},
    sql::Row,
};

/// What the newest grant of a person tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The person, as the app sees them.
    pub id: PersonId,
    /// What kind of token they grant; `None` where no grant is known.
    pub kind: Option<CredentialKind>,
    /// Their name, where the Graph told one.
    pub name: Option<String>,
    /// Whether it is a managed account; `None` where the Graph did not say.
    pub is_work_account: Option<bool>,
    /// The end of their newest token, if it has one.
    pub expires_at: Option<Timestamp>,
    /// The end of its data access, if there is one.
    pub data_access_expires_at: Option<Timestamp>,
}

/// How many assets hang on a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersonCounts {
    /// Served by their token.
    pub active: u64,
    /// For which they stand by.
    pub standby: u64,
    /// For which their token is parked.
    pub candidate: u64,
}

impl TenantTx {
    /// Persons by id, from behind `after`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_persons(
        &self,
        after: Option<&PersonId>,
        limit: u32,
    ) -> Result<Vec<PersonRow>, Error> {
        let after = after.map_or("", PersonId::as_str);
        let query = self
            .query(
                "WITH person AS (SELECT person_id FROM (
                    SELECT person_id FROM grants WHERE tenant_id = $1 UNION
                    SELECT person_id FROM credentials WHERE tenant_id = $1 AND person_id IS NOT NULL
                 ) AS p WHERE person_id > ",
            )
            .bind(after)
            .sql(" ORDER BY person_id LIMIT ")
            .bind(i64::from(limit))
            .sql(")")
            .sql(NEWEST)
            .sql(" ORDER BY p.person_id");
        self.all(query).await?.iter().map(read).collect()
    }

    /// One person.
    ///
    /// # Errors
    /// [`Error::NotFound`]: nobody of this tenant.
    pub async fn person(&self, id: &PersonId) -> Result<PersonRow, Error> {
        let query = self
            .query("WITH person AS (SELECT person_id FROM grants WHERE tenant_id = $1 AND person_id = ")
            .bind(id.as_str())
            .sql(" UNION SELECT person_id FROM credentials WHERE tenant_id = $1 AND person_id = ")
            .bind(id.as_str())
            .sql(")")
            .sql(NEWEST);
        read(&self.one(query).await?.ok_or(Error::NotFound)?)
    }

    /// How many assets hang on these persons; who has none is left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn person_counts(
        &self,
        ids: &[PersonId],
    ) -> Result<HashMap<PersonId, PersonCounts>, Error> {
        let mut counts: HashMap<PersonId, PersonCounts> = HashMap::new();
        if ids.is_empty() {
            return Ok(counts);
        }
        let query = self
            .query("SELECT person_id, slot, count(*) AS n FROM credentials WHERE tenant_id = $1 AND person_id IN ")
            .list(ids.iter().map(PersonId::as_str))
            .sql(" GROUP BY person_id, slot");
        for row in self.all(query).await? {
            let (it, n) = (
                counts.entry(row.parsed("person_id")?).or_default(),
                count(&row, "n")?,
            );
            match row.get::<String>("slot")?.as_str() {
                "active" => it.active = n,
                "standby" => it.standby = n,
                "candidate" => it.candidate = n,
                _ => {}
            }
        }
        Ok(counts)
    }

    /// The first ending ahead of what each of these persons serves.
    ///
    /// # Errors
    /// The database failed.
    pub async fn next_endings(
        &self,
        ids: &[PersonId],
        now: Timestamp,
    ) -> Result<HashMap<PersonId, Place>, Error> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let filter = ForecastFilter {
            from: now,
            to: Timestamp::MAX_UTC,
            now,
            kind: None,
            business_id: None,
            person_ids: ids.to_vec(),
            leaves: None,
            every: false,
            within: None,
        };
        let query = self.shown(&filter).sql(
            ", soonest AS (SELECT person_id, id, at, cause, row_number() OVER (PARTITION BY person_id
                    ORDER BY at, id, rank) AS place FROM shown WHERE turn = 1)
                 SELECT person_id, id, at, cause FROM soonest WHERE place = 1",
        );
        let rows = self.all(query).await?;
        rows.iter()
            .map(|row| Ok((row.parsed("person_id")?, place(row)?)))
            .collect()
    }
}

/// The persons of the table `person`, each with the newest grant.
const NEWEST: &str = " SELECT p.person_id, g.kind, g.person_name, g.is_work_account, g.expires_at,
        g.data_access_expires_at
    FROM person p LEFT JOIN (
        SELECT person_id, kind, person_name, is_work_account, expires_at, data_access_expires_at,
            row_number() OVER (PARTITION BY person_id ORDER BY created_at DESC, id DESC) AS place
        FROM grants WHERE tenant_id = $1 AND person_id IN (SELECT person_id FROM person)
    ) AS g ON g.person_id = p.person_id AND g.place = 1";

fn read(row: &Row) -> Result<PersonRow, Error> {
    Ok(PersonRow {
        id: row.parsed("person_id")?,
        kind: row.maybe_parsed("kind")?,
        name: row.get("person_name")?,
        is_work_account: row.get("is_work_account")?,
        expires_at: row.maybe_time("expires_at")?,
        data_access_expires_at: row.maybe_time("data_access_expires_at")?,
    })
}
