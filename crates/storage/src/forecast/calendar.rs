//! The disconnect calendar, counted and paged by the database.
//!
//! The rule: a response takes the same number of statements and one page of memory, whatever the number
//! of assets. Start at `endings.rs`, which says what an ending is.

use chrono::NaiveDate;
use regrant_domain::{ForecastLine, ForecastPosition, ForecastTotals, forecast::EndingTally};

use crate::{
    Error, ForecastFilter, ListedRows, TenantTx,
    forecast::endings::{BY_REFRESH, bind_filter, by_candidate, by_standby, to_rank},
    sql::{Row, to_micros},
};

/// One ending of the calendar.
pub type ForecastRow = ForecastPosition;

/// The endings of each day, cause and confidence by cover, and of how many the asset does not work.
const TALLIES: &str = "
    WITH {shown}, tallied AS (
        SELECT at, cause, confidence, gone, CASE
            WHEN {by_standby} THEN 'standby'
            WHEN {by_refresh} THEN 'refresh'
            WHEN {by_candidate} THEN 'candidate' END AS cover
        FROM shown e WHERE {which}
    )
    SELECT at / 86400000000 AS day, cause, confidence, cover, count(*) AS n,
        count(*) FILTER (WHERE gone) AS gone
    FROM tallied GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";

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
            .fill("by_standby", by_standby())
            .fill("by_refresh", BY_REFRESH)
            .fill("by_candidate", by_candidate());
        self.fetch_decoded("assets", query, ending_tally_from_row)
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
        gone: count_from_row(row, "gone")?,
    })
}

pub(crate) fn count_from_row(row: &Row, column: &'static str) -> Result<u64, Error> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| Error::Corrupt(column))
}
