//! The statement that claims due rows, of `due` and of `probe_due` alike.
//!
//! The rule: claiming raises the fencing number of each row, and skips rows that another process is
//! claiming. Tenants take turns, so that the backlog of one does not delay another.

use std::collections::HashMap;

use regrant_domain::{AppId, Timestamp};
use uuid::Uuid;

use crate::{
    Error, Store,
    sql::{Query, Row, to_micros},
};

/// `{table}` has one row an `{object}`, the smallest `{urgency}` first.
const CLAIM: &str = "
    WITH waiting AS MATERIALIZED (
        SELECT d.tenant_id, d.{object}, d.{urgency}, row_number() OVER (
            PARTITION BY d.tenant_id{share} ORDER BY d.{urgency}, d.due_at) AS turn
        FROM {table} d JOIN tenants t ON t.id = d.tenant_id
        WHERE {tenants} AND {which} AND d.due_at <= :now
            AND (d.owner IS NULL OR d.leased_until <= :wall)
    ), turns AS {turns}, picked AS MATERIALIZED (
        SELECT d.tenant_id, d.{object} FROM {table} d
        JOIN (SELECT tenant_id, {object} FROM turns ORDER BY turn, {urgency} LIMIT :limit) w
            ON w.tenant_id = d.tenant_id AND w.{object} = d.{object}
        WHERE {which_picked} AND (d.owner IS NULL OR d.leased_until <= :wall)
        {for_update_of_d_skip_locked}
    )
    UPDATE {table} SET owner = :owner, leased_until = :until, fencing = {table}.fencing + 1
    FROM picked p
    WHERE {table}.tenant_id = p.tenant_id AND {table}.{object} = p.{object} AND {which_updated}
    RETURNING {table}.tenant_id AS tenant_id, {table}.{object} AS object,
        {table}.fencing AS fencing, {tries} AS tries, {table}.{urgency} AS urgency";

/// How one table of due rows differs from the other.
pub(crate) struct ClaimTable {
    pub(crate) table: &'static str,
    /// The column that names the object of a row.
    pub(crate) object: &'static str,
    /// The column by which rows are ordered.
    pub(crate) urgency: &'static str,
    /// A column within which a tenant's rows are numbered: `, d.share`; empty for none.
    pub(crate) share: &'static str,
    /// Numbers the rows of `waiting` within each tenant.
    pub(crate) turns: &'static str,
    /// A condition on the rows `d` that are picked.
    pub(crate) which_picked: &'static str,
    /// A condition on the rows that are updated.
    pub(crate) which_updated: &'static str,
    /// How often the row was tried in vain.
    pub(crate) tries: &'static str,
}

/// Who claims, at what time and until when.
#[derive(Debug, Clone, Copy)]
pub struct Claimer<'a> {
    /// The process that claims.
    pub owner: &'a str,
    /// Rows due by this moment are claimed, on the clock that records use.
    pub now: Timestamp,
    /// The system's time: leases that ended by it are free.
    pub wall: Timestamp,
    /// When the claim ends, in the system's time.
    pub until: Timestamp,
}

impl ClaimTable {
    /// The statement that claims at most `limit` rows; its parts `{tenants}` and `{which}` are open.
    pub(crate) fn claim_query(&self, claimer: Claimer<'_>, limit: u32) -> Query {
        Query::new(CLAIM)
            .fill("table", self.table)
            .fill("object", self.object)
            .fill("urgency", self.urgency)
            .fill("share", self.share)
            .fill("turns", self.turns)
            .fill("which_picked", self.which_picked)
            .fill("which_updated", self.which_updated)
            .fill("tries", self.tries)
            .bind("owner", claimer.owner)
            .bind("now", to_micros(claimer.now))
            .bind("wall", to_micros(claimer.wall))
            .bind("until", to_micros(claimer.until))
            .bind("limit", i64::from(limit))
    }
}

impl Store {
    /// Runs a claim; the most urgent rows come first.
    pub(crate) async fn claim_rows(&self, claim: Query) -> Result<Vec<Row>, Error> {
        let mut rows = {
            let _turn = self.wait_for_writer().await?;
            claim.fetch_all(&self.writes).await?
        };
        rows.sort_by_cached_key(|row| row.get::<i64>("urgency").unwrap_or_default());
        Ok(rows)
    }

    /// The app of each tenant that these rows name.
    pub(crate) async fn find_apps_of_tenants(
        &self,
        rows: &[Row],
    ) -> Result<HashMap<Uuid, AppId>, Error> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let tenants: Vec<Uuid> = rows
            .iter()
            .map(|row| row.get("tenant_id"))
            .collect::<Result<_, _>>()?;
        let query = Query::new("SELECT id, app_id FROM tenants WHERE id IN :tenants")
            .bind_list("tenants", tenants);
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, row.parse("app_id")?)))
            .collect()
    }
}
