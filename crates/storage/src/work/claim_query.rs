//! The statements that claim due rows, of `due` and of `probe_due` alike.
//!
//! The rule: the look for work and the pick lock nothing. A statement that leases names its tenant in every part, so that a
//! distributed database finds all its rows on one node. Claiming raises the fencing number of each row, and skips rows that
//! another process is claiming.
//! Start at [`ClaimedWork`].

use std::collections::HashSet;

use regrant_domain::{TenantId, Timestamp};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error,
    sql::{Query, Row, to_micros},
};

/// The tenants with rows that are free, the one with the most urgent row first.
const LOOK: &str = "
    SELECT d.tenant_id, count(*) AS n FROM {table} d JOIN tenants t ON t.id = d.tenant_id
    WHERE {tenants} AND d.{column} = :which AND d.due_at <= :now
        AND (d.owner IS NULL OR d.leased_until <= :wall) [AND d.tenant_id NOT IN :resting]
        [AND d.share NOT IN :busy]
    GROUP BY d.tenant_id ORDER BY min(d.{urgency}) LIMIT :limit";

/// The rows that are next: tenants take turns, and the shares of a tenant's work take turns. No tenant gets more than
/// `:most`, so that most rows are not numbered twice.
const PICK: &str = "
    SELECT tenant_id, object FROM (
        SELECT tenant_id, object, urgency, row_number() OVER (
            PARTITION BY tenant_id ORDER BY turn, urgency) AS turn
        FROM (SELECT d.tenant_id, d.{object} AS object, d.{urgency} AS urgency, row_number() OVER (
                PARTITION BY d.tenant_id{share} ORDER BY d.{urgency}, d.due_at) AS turn
            FROM {table} d
            WHERE d.tenant_id IN :tenants AND d.{column} = :which AND d.due_at <= :now
                AND (d.owner IS NULL OR d.leased_until <= :wall) [AND d.share NOT IN :busy]) w
        WHERE turn <= :most) x
    ORDER BY turn, urgency LIMIT :limit";

/// Leases those of the picked rows of a tenant that are still free.
const LEASE: &str = "
    WITH free AS MATERIALIZED (
        SELECT d.{object} FROM {table} d
        WHERE d.tenant_id = :tenant AND d.{column} = :which AND d.{object} IN :objects
            AND d.due_at <= :now AND (d.owner IS NULL OR d.leased_until <= :wall)
        {for_update_of_d_skip_locked}
    )
    UPDATE {table} SET owner = :owner, leased_until = :until, fencing = {table}.fencing + 1
    FROM free f
    WHERE {table}.tenant_id = :tenant AND {table}.{object} = f.{object} AND {table}.{column} = :which
    RETURNING {table}.{object} AS object, {table}.fencing AS fencing, {tries} AS tries,
        {table}.{urgency} AS urgency";

/// Picks and leases within one tenant, where the look and the pick over all are not possible.
const CLAIM: &str = "
    WITH waiting AS MATERIALIZED (
        SELECT d.{object}, d.{urgency}, row_number() OVER (
            PARTITION BY d.tenant_id{share} ORDER BY d.{urgency}, d.due_at) AS turn
        FROM {table} d
        WHERE d.tenant_id = :tenant AND d.{column} = :which AND d.due_at <= :now
            AND (d.owner IS NULL OR d.leased_until <= :wall) [AND d.share NOT IN :busy]
    ), picked AS MATERIALIZED (
        SELECT d.{object} FROM {table} d
        JOIN (SELECT {object} FROM waiting ORDER BY turn, {urgency} LIMIT :limit) w
            ON w.{object} = d.{object}
        WHERE d.tenant_id = :tenant AND d.{column} = :which
            AND (d.owner IS NULL OR d.leased_until <= :wall)
        {for_update_of_d_skip_locked}
    )
    UPDATE {table} SET owner = :owner, leased_until = :until, fencing = {table}.fencing + 1
    FROM picked p
    WHERE {table}.tenant_id = :tenant AND {table}.{object} = p.{object} AND {table}.{column} = :which
    RETURNING {table}.{object} AS object, {table}.fencing AS fencing, {tries} AS tries,
        {table}.{urgency} AS urgency";

/// How one table of due rows differs from the other.
pub(crate) struct ClaimTable {
    pub(crate) table: &'static str,
    /// The column that names the object of a row.
    pub(crate) object: &'static str,
    /// The column by which rows are ordered.
    pub(crate) urgency: &'static str,
    /// The column that says which rows belong together.
    pub(crate) column: &'static str,
    /// A column whose values take turns within a tenant: `, d.share`; empty for none.
    pub(crate) share: &'static str,
    /// The value of the column `object` of a row.
    pub(crate) read_object: fn(&Row) -> Result<Value, Error>,
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

/// Due work that is not claimed, because this process works on as much of its kind as it can.
#[derive(Debug, Clone, Copy, Default)]
pub struct PassedOver<'a> {
    /// All of these tenants'.
    pub tenants: &'a [TenantId],
    /// These shares of tenants' work.
    pub shares: &'a [Uuid],
}

/// What is claimed, and for whom.
#[derive(Clone, Copy)]
pub(crate) struct ClaimedWork<'a> {
    pub(crate) table: &'static ClaimTable,
    /// The value of the table's `column`.
    pub(crate) which: &'static str,
    /// A condition on the tenants `t` whose work is done.
    pub(crate) tenants: &'static str,
    pub(crate) passed_over: PassedOver<'a>,
    pub(crate) claimer: Claimer<'a>,
}

impl ClaimedWork<'_> {
    pub(super) fn look_query(&self, resting: &HashSet<Uuid>, limit: u32) -> Query {
        self.fill_query(Query::new(LOOK))
            .fill("tenants", self.tenants)
            .bind_optional_list("resting", resting.iter().copied())
            .bind_optional_list("busy", self.passed_over.shares.iter().copied())
            .bind("limit", i64::from(limit))
    }

    pub(super) fn pick_query(&self, tenants: &[TenantId], most: u32, limit: u32) -> Query {
        self.fill_query(Query::new(PICK))
            .fill("object", self.table.object)
            .fill("share", self.table.share)
            .bind_list("tenants", tenants.iter().map(|it| it.uuid()))
            .bind_optional_list("busy", self.passed_over.shares.iter().copied())
            .bind("most", i64::from(most))
            .bind("limit", i64::from(limit))
    }

    pub(super) fn lease_query(&self, tenant: TenantId, objects: Vec<Value>) -> Query {
        self.fill_lease(Query::tenant(tenant, LEASE))
            .bind_list("objects", objects)
    }

    pub(super) fn claim_query(&self, tenant: TenantId, limit: u32) -> Query {
        self.fill_lease(Query::tenant(tenant, CLAIM))
            .fill("share", self.table.share)
            .bind_optional_list("busy", self.passed_over.shares.iter().copied())
            .bind("limit", i64::from(limit))
    }

    fn fill_lease(&self, query: Query) -> Query {
        self.fill_query(query)
            .fill("object", self.table.object)
            .fill("tries", self.table.tries)
            .bind("owner", self.claimer.owner)
            .bind("until", to_micros(self.claimer.until))
    }

    fn fill_query(&self, query: Query) -> Query {
        query
            .fill("table", self.table.table)
            .fill("column", self.table.column)
            .fill("urgency", self.table.urgency)
            .bind("which", self.which)
            .bind("now", to_micros(self.claimer.now))
            .bind("wall", to_micros(self.claimer.wall))
    }
}
