//! The disconnect calendar, counted and paged by the database.
//!
//! The rule: a response takes the same number of statements and one page of memory, whatever the number
//! of assets. Start at `endings.rs`, which says what an ending is.

use chrono::NaiveDate;
use regrant_domain::{
    ForecastLine, ForecastPosition, ForecastTotals, Timestamp, forecast::EndingTally,
    state::EndingCause,
};

use crate::{
    Error, ForecastFilter, ListedRows, TenantTx,
    credentials::standby::{NEWEST_DATA_ACCESS, NEWEST_EXPIRY},
    forecast::endings::{bind_filter, to_rank},
    sql::{Row, to_micros},
};

/// When the newest ending of a day and cause was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LearnedDay {
    /// The day.
    pub date: NaiveDate,
    /// Why the assets stop working.
    pub cause: EndingCause,
    /// When the newest of these endings was learned.
    pub learned_at: Timestamp,
}

/// One ending of the calendar.
pub type ForecastRow = ForecastPosition;

/// How an asset keeps working after ending `e` of its active credential, whose grant is `own`:
/// `forecast::covered_by` in SQL.
const TALLIES: &str = "
    WITH {shown}, covered AS (
        SELECT at, cause, confidence, CASE
            WHEN EXISTS (SELECT 1 FROM {waiting} AND c.slot = 'standby'
                AND c.proved_at IS NOT NULL AND {outlasts}) THEN 'standby'
            WHEN e.rank = 1 AND own.sealed IS NOT NULL AND own.refresh_failed_at IS NULL AND own.kind IN ('user', 'system_user')
                AND NOT e.leaves AND e.at > :now THEN 'refresh'
            WHEN EXISTS (SELECT 1 FROM {waiting} AND c.slot = 'candidate'
                AND {outlasts}) THEN 'candidate' END AS cover
        FROM shown e LEFT JOIN grants own ON own.tenant_id = :tenant AND own.id = e.grant_id
        WHERE {which}
    )
    SELECT at / 86400000000 AS day, cause, confidence, cover, count(*) AS n FROM covered
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";

/// When it was learned that something ends on a day: by a probe or notice for a cut-off, with the token for its dates.
const LEARNED: &str = "
    WITH {shown} SELECT at / 86400000000 AS day, cause, max(CASE rank
        WHEN 0 THEN coalesce(cut_off_learned_at, token_learned_at)
        WHEN 3 THEN revoked_at WHEN 4 THEN :now ELSE token_learned_at END) AS learned_at
    FROM shown WHERE {which} GROUP BY 1, 2";

/// Credentials `c` of the asset of ending `e`, each with its grant `g`.
pub(super) const WAITING: &str = "credentials c
    LEFT JOIN grants g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id
    WHERE c.tenant_id = :tenant AND c.asset_id = e.id";

/// Whether credential `c` of grant `g` still works after ending `e`.
pub(super) const OUTLASTS: &str = "
    coalesce(({expires_at}) > e.at, 0 = 0) AND coalesce(({data_access}) > e.at, 0 = 0)
    AND (e.rank IN (1, 2)
        OR (c.person_id IS NOT NULL AND c.person_id IS DISTINCT FROM e.person_id))
    [AND c.person_id IS DISTINCT FROM :leaves]";

impl TenantTx {
    /// The next endings after `after`, in the order of the calendar.
    pub async fn list_endings(
        &self,
        filter: &ForecastFilter,
        after: Option<&ForecastPosition>,
        limit: u32,
    ) -> Result<ListedRows<ForecastRow>, Error> {
        let sql = "WITH {shown} SELECT id, at, cause FROM shown
                   WHERE {which} [AND (at, id, rank) > (:after_at, :after_id, :after_rank)]
                   ORDER BY at, id, rank LIMIT :limit";
        let query = self
            .query_endings(filter, sql)
            .bind_optional("after_at", after.map(|it| to_micros(it.at)))
            .bind_optional("after_id", after.map(|it| it.asset_id.as_str()))
            .bind_optional("after_rank", after.map(|it| to_rank(it.cause)))
            .bind("limit", i64::from(limit));
        self.fetch_listed("assets", query, forecast_position_from_row)
            .await
    }

    /// How many endings each day has, by cause, confidence and cover.
    pub async fn count_endings_by_day(
        &self,
        filter: &ForecastFilter,
    ) -> Result<Vec<EndingTally>, Error> {
        let query = self
            .query_endings(filter, TALLIES)
            .fill("waiting", WAITING)
            .fill("outlasts", OUTLASTS)
            .fill("expires_at", NEWEST_EXPIRY)
            .fill("data_access", NEWEST_DATA_ACCESS);
        self.fetch_decoded("assets", query, ending_tally_from_row)
            .await
    }

    /// When the endings of each day and cause were learned.
    pub async fn list_learned_days(
        &self,
        filter: &ForecastFilter,
    ) -> Result<Vec<LearnedDay>, Error> {
        let query = self.query_endings(filter, LEARNED);
        self.fetch_decoded("assets", query, learned_day_from_row)
            .await
    }

    /// How many assets no day of the calendar shows.
    pub async fn count_endless_assets(
        &self,
        filter: &ForecastFilter,
    ) -> Result<ForecastTotals, Error> {
        let query = self.query(
            "WITH {judged}
             SELECT count(*) FILTER (WHERE gone AND generation > 0) AS passed,
                 count(*) FILTER (WHERE NOT gone AND NOT leaves
                     AND (cut_off IS NULL OR cut_off <= :now)
                     AND (expires_at IS NULL OR expires_at <= :now)
                     AND (data_access_expires_at IS NULL OR data_access_expires_at <= :now)
                 ) AS unknown
             FROM judged",
        );
        let row = self.fetch_one(bind_filter(query, filter)).await?;
        let row = row.ok_or(Error::NotFound)?;
        Ok(ForecastTotals {
            unknown: count_from_row(&row, "unknown")?,
            passed: count_from_row(&row, "passed")?,
        })
    }

    /// The first assets of every day and cause, at most `most` of each.
    pub async fn list_forecast_lines(
        &self,
        filter: &ForecastFilter,
        most: u32,
    ) -> Result<Vec<ForecastLine>, Error> {
        let sql = "WITH {shown}, numbered AS (
                       SELECT id, at, cause, rank, kind, name, business_id, row_number() OVER (
                           PARTITION BY at / 86400000000, cause ORDER BY at, id) AS n
                       FROM shown WHERE {which})
                   SELECT id, at, cause, kind, name, business_id FROM numbered
                   WHERE n <= :most ORDER BY at, id, rank";
        let query = self
            .query_endings(filter, sql)
            .bind("most", i64::from(most));
        self.fetch_decoded("assets", query, forecast_line_from_row)
            .await
    }
}

pub(crate) fn forecast_position_from_row(row: &Row) -> Result<ForecastPosition, Error> {
    Ok(ForecastPosition {
        at: row.time("at")?,
        asset_id: row.parse("id")?,
        cause: row.parse("cause")?,
    })
}

fn forecast_line_from_row(row: &Row) -> Result<ForecastLine, Error> {
    Ok(ForecastLine {
        position: forecast_position_from_row(row)?,
        kind: row.parse("kind")?,
        name: row.get("name")?,
        business_id: row.maybe_parse("business_id")?,
    })
}

fn learned_day_from_row(row: &Row) -> Result<LearnedDay, Error> {
    Ok(LearnedDay {
        date: date_from_row(row)?,
        cause: row.parse("cause")?,
        learned_at: row.time("learned_at")?,
    })
}

fn date_from_row(row: &Row) -> Result<NaiveDate, Error> {
    let days = i32::try_from(row.get::<i64>("day")?).map_err(|_| Error::Corrupt("day"))?;
    NaiveDate::from_epoch_days(days).ok_or(Error::Corrupt("day"))
}

fn ending_tally_from_row(row: &Row) -> Result<EndingTally, Error> {
    Ok(EndingTally {
        date: date_from_row(row)?,
        cause: row.parse("cause")?,
        confidence: row.parse("confidence")?,
        cover: row.maybe_parse("cover")?,
        count: count_from_row(row, "n")?,
    })
}

pub(crate) fn count_from_row(row: &Row, column: &'static str) -> Result<u64, Error> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| Error::Corrupt(column))
}
