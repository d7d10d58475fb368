//! The statement that claims due rows, of `due` and of `probe_due` alike.
//!
//! The rule: claiming raises the fencing number of each row, and skips rows that another process is
//! claiming. Tenants take turns, so that the backlog of one does not delay another.

use std::collections::HashMap;

use regrant_domain::Timestamp;
use uuid::Uuid;

use crate::{
    Error, Store, TenantScope,
    integrity::TENANTS,
    sql::{Dialect, Query, Row, decode_rows, to_micros},
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
    )
    {lease}";

/// Leases the rows that were picked.
const LEASE_PICKED: &str = "
    UPDATE {table} SET owner = :owner, leased_until = :until, fencing = {table}.fencing + 1
    FROM picked p
    WHERE {table}.tenant_id = p.tenant_id AND {table}.{object} = p.{object} AND {which_updated}
    RETURNING {table}.tenant_id AS tenant_id, {table}.{object} AS object,
        {table}.fencing AS fencing, {tries} AS tries, {table}.{urgency} AS urgency";

/// The same on PostgreSQL. There the application writes the rows of one tenant at a time, and a function of the owner
/// leases rows of several: it locks those that are still free, skips those that another process is claiming, and does
/// nothing else.
const LEASE_BY_FUNCTION: &str = "
    SELECT {table}.tenant_id, {table}.{object} AS object, {table}.fencing, {tries} AS tries,
        {table}.{urgency} AS urgency
    FROM {lease_function}, (SELECT array_agg(tenant_id) FROM picked),
        (SELECT array_agg({object}) FROM picked)) AS {table}";

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
    /// The call of the function that leases rows on PostgreSQL, up to the lists of tenants and objects.
    pub(crate) lease_function: &'static str,
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
    pub(crate) fn claim_query(&self, dialect: Dialect, claimer: Claimer<'_>, limit: u32) -> Query {
        let query = match dialect {
            Dialect::Sqlite => Query::new(CLAIM)
                .fill("lease", LEASE_PICKED)
                .fill("which_updated", self.which_updated),
            Dialect::Postgres => Query::new(CLAIM)
                .fill("lease", LEASE_BY_FUNCTION)
                .fill("lease_function", self.lease_function),
        };
        query
            .fill("table", self.table)
            .fill("object", self.object)
            .fill("urgency", self.urgency)
            .fill("share", self.share)
            .fill("turns", self.turns)
            .fill("which_picked", self.which_picked)
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
            self.health.note(claim.fetch_all(&self.writes).await)?
        };
        rows.sort_by_cached_key(|row| row.get::<i64>("urgency").unwrap_or_default());
        Ok(rows)
    }

    /// Runs a function of the owner that writes leases of several tenants; returns how many rows it touched.
    pub(crate) async fn call_lease_function(&self, call: Query) -> Result<u64, Error> {
        let row = call.fetch_one(&self.writes).await?;
        let freed: i64 = row.ok_or(Error::Corrupt("leases"))?.get("freed")?;
        u64::try_from(freed).map_err(|_| Error::Corrupt("leases"))
    }

    /// The scope of each tenant that these rows name. A tenant whose row was changed around the application has none:
    /// its work rests, and its leases end by themselves.
    pub(crate) async fn find_scopes_of_tenants(
        &self,
        rows: &[Row],
    ) -> Result<HashMap<Uuid, TenantScope>, Error> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let tenants: Vec<Uuid> = rows
            .iter()
            .map(|row| row.get("tenant_id"))
            .collect::<Result<_, _>>()?;
        let query = Query::new("SELECT {sealed} FROM tenants t WHERE t.id IN :tenants")
            .fill("sealed", TENANTS.select_list("t"))
            .bind_list("tenants", tenants);
        let rows = query.fetch_all(&self.connection).await?;
        let scopes = decode_rows("tenants", &rows, |row| self.checked_scope_from_row(row));
        let by_id = scopes.into_iter().map(|it| (it.tenant().uuid(), it));
        Ok(by_id.collect())
    }
}
