//! How much due work waits, and for how long: counts and times for an operator, no tenant's data.

use regrant_domain::Timestamp;

use crate::{
    DueKind, Error, Store,
    sql::{Query, Row, time},
};

/// Due work of active tenants that no process holds, and leases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Due probes that no process holds.
    pub probes: Waiting,
    /// The other due work: reconnects, refreshes, notices, deliveries.
    pub work: Waiting,
    /// How many leases there are.
    pub held: u64,
    /// How many of them have ended and were not claimed again: the process that held them is gone.
    pub stuck: u64,
}

/// A number of due rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// When the oldest of them became due.
    pub oldest: Option<Timestamp>,
}

/// How many tenants there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantCounts {
    /// Tenants that are served.
    pub active: u64,
    /// Tenants whose clients are refused and whose work rests.
    pub suspended: u64,
    /// Tenants that were deleted.
    pub deleted: u64,
}

impl Store {
    /// How much work of one kind is due at `wall` and not held.
    pub async fn waiting_of(&self, kind: DueKind, wall: Timestamp) -> Result<Waiting, Error> {
        let query = Query::new(
            "SELECT count(*) AS n, min(d.due_at) AS oldest
             FROM due d JOIN tenants t ON t.id = d.tenant_id
             WHERE {tenants} AND d.owner IS NULL AND d.kind = :kind AND d.due_at <= :wall",
        )
        .fill("tenants", kind.of_tenants())
        .bind("kind", kind.as_str())
        .bind("wall", time(wall));
        read_waiting(&self.one_row(query).await?)
    }

    /// How many reconnects of active tenants are not finished.
    pub async fn reconnects_on_list(&self) -> Result<u64, Error> {
        let query = Query::new(
            "SELECT count(*) AS n FROM due d JOIN tenants t ON t.id = d.tenant_id
             WHERE t.status = 'active' AND d.kind = 'reconnect'",
        );
        read_count(&self.one_row(query).await?, "n")
    }

    /// How many tenants there are, by status.
    pub async fn tenant_counts(&self) -> Result<TenantCounts, Error> {
        let query = Query::new(
            "SELECT count(CASE WHEN status = 'active' THEN 1 END) AS active,
                 count(CASE WHEN status = 'suspended' AND deleted_at IS NULL THEN 1 END) AS suspended,
                 count(deleted_at) AS deleted
             FROM tenants",
        );
        let row = self.one_row(query).await?;
        Ok(TenantCounts {
            active: read_count(&row, "active")?,
            suspended: read_count(&row, "suspended")?,
            deleted: read_count(&row, "deleted")?,
        })
    }

    /// How much work is due: probes at `now` (on the clock that records use), other work at `wall` (the
    /// system's time).
    pub async fn backlog(&self, now: Timestamp, wall: Timestamp) -> Result<Backlog, Error> {
        let leases = Query::new(
            "SELECT count(*) AS held, count(CASE WHEN l.leased_until <= :wall THEN 1 END) AS stuck
             FROM (SELECT leased_until FROM due WHERE owner IS NOT NULL
                   UNION ALL SELECT leased_until FROM probe_due WHERE owner IS NOT NULL) l",
        )
        .bind("wall", time(wall));
        let leases = self.one_row(leases).await?;
        Ok(Backlog {
            probes: self.count_waiting("probe_due", now).await?,
            work: self.count_waiting("due", wall).await?,
            held: read_count(&leases, "held")?,
            stuck: read_count(&leases, "stuck")?,
        })
    }

    async fn count_waiting(&self, table: &'static str, by: Timestamp) -> Result<Waiting, Error> {
        let query = Query::new(
            "SELECT count(*) AS n, min(d.due_at) AS oldest
             FROM {table} d JOIN tenants t ON t.id = d.tenant_id
             WHERE t.status = 'active' AND d.owner IS NULL AND d.due_at <= :by",
        )
        .fill("table", table)
        .bind("by", time(by));
        read_waiting(&self.one_row(query).await?)
    }

    async fn one_row(&self, query: Query) -> Result<Row, Error> {
        query.one(&self.connection).await?.ok_or(Error::NotFound)
    }
}

fn read_waiting(row: &Row) -> Result<Waiting, Error> {
    Ok(Waiting {
        count: read_count(row, "n")?,
        oldest: row.maybe_time("oldest")?,
    })
}

fn read_count(row: &Row, column: &'static str) -> Result<u64, Error> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| Error::Corrupt(column))
}
