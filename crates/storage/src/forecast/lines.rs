//! The disconnect calendar, counted and paged by the database.
//!
//! The rule: this is `domain::forecast` in SQL, ending for ending; a test compares the two. However many
//! assets a tenant has, an answer takes the same number of statements and one page of memory.

use std::fmt::Write;

use chrono::NaiveDate;
use regrant_domain::{
    AssetId, AssetKind, PersonId, Timestamp, Within, forecast::Tally, state::EndingCause,
};

use crate::{
    Error, TenantTx,
    assets::list::confined,
    sql::{Query, Row, time},
};

const DAY: i64 = 86_400_000_000;

/// Which endings, and as of when.
#[derive(Debug, Clone)]
pub struct ForecastFilter {
    /// From this moment on.
    pub from: Timestamp,
    /// Before this moment.
    pub to: Timestamp,
    /// The moment of the calendar: what works is judged by it.
    pub now: Timestamp,
    /// Of this kind.
    pub kind: Option<AssetKind>,
    /// Of this business.
    pub business_id: Option<AssetId>,
    /// Whose active credential one of these persons granted; empty for all.
    pub person_ids: Vec<PersonId>,
    /// A person who is taken to leave at `now`.
    pub leaves: Option<PersonId>,
    /// Every ending in the window, not the earliest of each asset alone.
    pub every: bool,
    /// Within what the caller may reach, where it is confined.
    pub within: Option<Within>,
}

/// A place in the calendar: the order is by time, then by asset, then by cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// When it ends.
    pub at: Timestamp,
    /// Which asset.
    pub asset_id: AssetId,
    /// Why.
    pub cause: EndingCause,
}

/// One ending of the calendar.
pub type ForecastRow = Place;

/// What a calendar cannot show by days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ForecastTotals {
    /// Assets that work and of which no ending ahead is known.
    pub unknown: u64,
    /// Assets that had a credential and do not work any more.
    pub passed: u64,
}

/// One asset of a day, for people to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastLine {
    /// The ending.
    pub place: Place,
    /// The asset's kind.
    pub kind: AssetKind,
    /// Its name for people.
    pub name: Option<String>,
    /// Its business.
    pub business_id: Option<AssetId>,
}

impl TenantTx {
    /// Endings in their order, from behind `after`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forecast(
        &self,
        filter: &ForecastFilter,
        after: Option<&Place>,
        limit: u32,
    ) -> Result<Vec<ForecastRow>, Error> {
        let mut query = self
            .shown(filter)
            .sql(" SELECT id, at, cause FROM shown WHERE ")
            .sql(turn(filter));
        if let Some(it) = after {
            query = query
                .sql(" AND (at, id, rank) > (")
                .bind(time(it.at))
                .sql(", ")
                .bind(it.asset_id.as_str());
            query = query.sql(", ").bind(rank(it.cause)).sql(")");
        }
        let query = query
            .sql(" ORDER BY at, id, rank LIMIT ")
            .bind(i64::from(limit));
        self.all(query).await?.iter().map(place).collect()
    }

    /// How many endings each day has, by cause, confidence and cover.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forecast_tallies(&self, filter: &ForecastFilter) -> Result<Vec<Tally>, Error> {
        let query = cover(self.shown(filter).sql(", covered AS (SELECT at, cause, confidence, "), filter)
            .sql(" AS cover FROM shown e LEFT JOIN grants g ON g.tenant_id = $1 AND g.id = e.grant_id WHERE ")
            .sql(turn(filter))
            .sql(&format!(
                ") SELECT at / {DAY} AS day, cause, confidence, cover, count(*) AS n FROM covered
                 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
            ));
        self.all(query).await?.iter().map(tally).collect()
    }

    /// What the days do not show.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forecast_totals(&self, filter: &ForecastFilter) -> Result<ForecastTotals, Error> {
        let now = time(filter.now);
        let mut query = self.standing(filter).sql(
            ") SELECT count(*) FILTER (WHERE gone AND generation > 0) AS passed,
                count(*) FILTER (WHERE NOT gone AND NOT leaves",
        );
        for column in ["cut_off", "expires_at", "data_access_expires_at"] {
            query = query
                .sql(" AND (")
                .sql(column)
                .sql(" IS NULL OR ")
                .sql(column)
                .sql(" <= ")
                .bind(now)
                .sql(")");
        }
        let query = query.sql(") AS unknown FROM standing");
        let row = self.one(query).await?.ok_or(Error::NotFound)?;
        Ok(ForecastTotals {
            unknown: count(&row, "unknown")?,
            passed: count(&row, "passed")?,
        })
    }

    /// The first assets of every day and cause, at most `most` of each.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forecast_lines(
        &self,
        filter: &ForecastFilter,
        most: u32,
    ) -> Result<Vec<ForecastLine>, Error> {
        let query = self
            .shown(filter)
            .sql(", placed AS (SELECT id, at, cause, rank, kind, name, business_id, row_number() OVER (")
            .sql(&format!("PARTITION BY at / {DAY}, cause ORDER BY at, id) AS place FROM shown WHERE "))
            .sql(turn(filter))
            .sql(") SELECT id, at, cause, kind, name, business_id FROM placed WHERE place <= ")
            .bind(i64::from(most))
            .sql(" ORDER BY at, id, rank");
        self.all(query).await?.iter().map(line).collect()
    }

    /// Starts with the table `standing`, left open: every asset that passes, and whether it is `gone`.
    fn standing(&self, filter: &ForecastFilter) -> Query {
        let now = time(filter.now);
        let mut query = self.query(
            "WITH standing AS (SELECT a.id, a.kind, a.name, a.business_id, a.person_id, a.generation, a.cut_off,
                a.cut_off_source, a.expires_at, a.data_access_expires_at, c.kind AS active, c.grant_id,
                CASE WHEN a.failing_reason LIKE '{\"code\":\"revoked\",%' THEN a.failing_since END AS revoked_at,
                (c.id IS NULL OR a.definitive OR a.failures > 1
                    OR (a.cut_off_source = 'probe' AND a.cut_off IS NOT NULL AND a.cut_off <= ",
        );
        query = query
            .bind(now)
            .sql(") OR (a.expires_at IS NOT NULL AND a.expires_at <= ")
            .bind(now);
        query = query
            .sql(") OR (a.data_access_expires_at IS NOT NULL AND a.data_access_expires_at <= ");
        query = query.bind(now).sql(")) AS gone, ");
        query = match &filter.leaves {
            Some(person) => query
                .sql("coalesce(a.person_id = ")
                .bind(person.as_str())
                .sql(", 0 = 1)"),
            None => query.sql("(0 = 1)"),
        };
        query = query.sql(
            " AS leaves FROM assets a LEFT JOIN credentials c
                ON c.tenant_id = a.tenant_id AND c.asset_id = a.id AND c.slot = 'active'
              WHERE a.tenant_id = $1",
        );
        if let Some(kind) = filter.kind {
            query = query.sql(" AND a.kind = ").bind(kind.as_str());
        }
        if let Some(business) = &filter.business_id {
            query = query.sql(" AND a.business_id = ").bind(business.as_str());
        }
        if !filter.person_ids.is_empty() {
            query = query
                .sql(" AND a.person_id IN ")
                .list(filter.person_ids.iter().map(PersonId::as_str));
        }
        confined(query, filter.within.as_ref())
    }

    /// Starts with the table `shown`: every ending in the window, numbered by asset in `turn`.
    pub(crate) fn shown(&self, filter: &ForecastFilter) -> Query {
        let now = time(filter.now);
        let query = self
            .standing(filter)
            .sql(
                "), ending AS (SELECT s.*, r.column1 AS rank, CASE WHEN r.column1 = 0 THEN s.cut_off
                    WHEN r.column1 = 1 THEN s.expires_at WHEN r.column1 = 2 THEN s.data_access_expires_at
                    WHEN r.column1 = 3 THEN s.revoked_at WHEN s.leaves AND NOT s.gone THEN ",
            )
            .bind(now)
            .sql(&format!(
                " END AS at, CASE r.column1 WHEN 0 THEN 'cut_off' WHEN 1 THEN
                    CASE s.active WHEN 'system_user' THEN 'system_user_60_days' ELSE 'token_expiry' END
                    WHEN 2 THEN 'data_access' WHEN 3 THEN 'revoked' ELSE 'person_leaves' END AS cause,
                    CASE WHEN r.column1 > 0 OR s.cut_off_source = 'probe' THEN 'certain'
                    WHEN s.cut_off_source = 'webhook' THEN 'announced' ELSE 'likely' END AS confidence
                FROM standing s CROSS JOIN (VALUES {}) AS r), shown AS (SELECT ending.*,
                    row_number() OVER (PARTITION BY id ORDER BY at, rank) AS turn
                FROM ending WHERE at >= ",
                ranks()
            ))
            .bind(time(filter.from))
            .sql(" AND at < ")
            .bind(time(filter.to))
            .sql(" AND (at <= ")
            .bind(now);
        query.sql(" OR NOT (gone OR leaves)))")
    }
}

/// What goes on after ending `e` of the active credential, whose grant is `g`: `forecast::covered_by` in SQL.
fn cover(query: Query, filter: &ForecastFilter) -> Query {
    let behind = |query: Query, slot: &str, proved: &str| {
        let query = query.sql(
            "EXISTS (SELECT 1 FROM credentials c WHERE c.tenant_id = $1 AND c.asset_id = e.id",
        );
        let query = query.sql(&format!(
            " AND c.slot = '{slot}'{proved} AND (c.expires_at IS NULL OR c.expires_at > e.at)
             AND (c.data_access_expires_at IS NULL OR c.data_access_expires_at > e.at)
             AND (e.rank IN (1, 2) OR (c.person_id IS NOT NULL AND c.person_id IS DISTINCT FROM e.person_id))"
        ));
        match &filter.leaves {
            Some(it) => query
                .sql(" AND c.person_id IS DISTINCT FROM ")
                .bind(it.as_str())
                .sql(")"),
            None => query.sql(")"),
        }
    };
    let query = behind(
        query.sql("CASE WHEN "),
        "standby",
        " AND c.proved_at IS NOT NULL",
    );
    let query = query
        .sql(
            " THEN 'standby' WHEN e.rank = 1 AND g.sealed IS NOT NULL AND NOT e.leaves AND e.at > ",
        )
        .bind(time(filter.now))
        .sql(" THEN 'refresh' WHEN ");
    behind(query, "candidate", "").sql(" THEN 'candidate' END")
}

/// The first ending of each asset, or all.
const fn turn(filter: &ForecastFilter) -> &'static str {
    if filter.every { "turn > 0" } else { "turn = 1" }
}

/// The order of endings at one moment, as `domain::state::endings` tells them.
const fn rank(cause: EndingCause) -> i64 {
    match cause {
        EndingCause::CutOff => 0,
        EndingCause::TokenExpiry | EndingCause::SystemUser60Days => 1,
        EndingCause::DataAccess => 2,
        EndingCause::Revoked => 3,
        EndingCause::PersonLeaves => 4,
    }
}

fn ranks() -> String {
    let mut ranks = String::new();
    for n in 0..=rank(EndingCause::PersonLeaves) {
        // Writing to a String cannot fail.
        let _ = write!(ranks, "{}({n})", if n == 0 { "" } else { ", " });
    }
    ranks
}

pub(crate) fn place(row: &Row) -> Result<Place, Error> {
    Ok(Place {
        at: row.time("at")?,
        asset_id: row.parsed("id")?,
        cause: row.parsed("cause")?,
    })
}

fn line(row: &Row) -> Result<ForecastLine, Error> {
    Ok(ForecastLine {
        place: place(row)?,
        kind: row.parsed("kind")?,
        name: row.get("name")?,
        business_id: row.maybe_parsed("business_id")?,
    })
}

fn tally(row: &Row) -> Result<Tally, Error> {
    let days = i32::try_from(row.get::<i64>("day")?).map_err(|_| Error::Corrupt("day"))?;
    Ok(Tally {
        date: NaiveDate::from_epoch_days(days).ok_or(Error::Corrupt("day"))?,
        cause: row.parsed("cause")?,
        confidence: row.parsed("confidence")?,
        cover: row.maybe_parsed("cover")?,
        count: count(row, "n")?,
    })
}

pub(crate) fn count(row: &Row, column: &'static str) -> Result<u64, Error> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| Error::Corrupt(column))
}
