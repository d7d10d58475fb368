//! How much due work waits, and for how long: counts and times for an operator, no tenant's data.

use regrant_domain::Timestamp;

use crate::{
    DueKind, Error, Store,
    sql::{Query, Row, to_micros},
};

/// Due work of active tenants that no process holds, and leases. Work of suspended tenants rests: it is neither late nor
/// stuck, and notices from Meta alone are applied for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Due probes that no process holds.
    pub probes: WaitingWork,
    /// The other due work: reconnects, refreshes, notices, deliveries.
    pub work: WaitingWork,
    /// How many leases of tenants whose work is done there are.
    pub leased: u64,
    /// How many of them have ended and were not claimed again: the process that held them is gone.
    pub expired: u64,
}

/// A number of due rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaitingWork {
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

/// The leases of tenants whose work is done: only such a tenant's lease that ended is claimed again.
const LEASES: &str = "
    SELECT count(*) AS held, count(CASE WHEN l.leased_until <= :wall THEN 1 END) AS stuck
    FROM (SELECT d.leased_until FROM due d JOIN tenants t ON t.id = d.tenant_id
          WHERE d.owner IS NOT NULL AND ({condition} OR d.kind = 'inbox' AND {notice_condition})
          UNION ALL
          SELECT d.leased_until FROM probe_due d JOIN tenants t ON t.id = d.tenant_id
          WHERE d.owner IS NOT NULL AND {condition}) l";

impl Store {
    /// How much work of one kind is due at `wall` and not held.
    pub async fn count_waiting_of(
        &self,
        kind: DueKind,
        wall: Timestamp,
    ) -> Result<WaitingWork, Error> {
        let query = Query::new(
            "SELECT count(*) AS n, min(d.due_at) AS oldest
             FROM due d JOIN tenants t ON t.id = d.tenant_id
             WHERE {tenants} AND d.owner IS NULL AND d.kind = :kind AND d.due_at <= :wall",
        )
        .fill("tenants", kind.tenant_condition())
        .bind("kind", kind.as_str())
        .bind("wall", to_micros(wall));
        waiting_work_from_row(&self.fetch_row(query).await?)
    }

    /// How many reconnects of active tenants are not finished.
    pub async fn count_unfinished_reconnects(&self) -> Result<u64, Error> {
        let query = Query::new(
            "SELECT count(*) AS n FROM due d JOIN tenants t ON t.id = d.tenant_id
             WHERE t.status = 'active' AND d.kind = 'reconnect'",
        );
        count_from_row(&self.fetch_row(query).await?, "n")
    }

    /// How many tenants there are, by status.
    pub async fn count_tenants(&self) -> Result<TenantCounts, Error> {
        let query = Query::new(
            "SELECT count(CASE WHEN status = 'active' THEN 1 END) AS active,
                 count(CASE WHEN status = 'suspended' AND deleted_at IS NULL THEN 1 END) AS suspended,
                 count(deleted_at) AS deleted
             FROM tenants",
        );
        let row = self.fetch_row(query).await?;
        Ok(TenantCounts {
            active: count_from_row(&row, "active")?,
            suspended: count_from_row(&row, "suspended")?,
            deleted: count_from_row(&row, "deleted")?,
        })
    }

    /// How much work is due: probes at `now` (on the clock that records use), other work at `wall` (the
    /// system's time).
    pub async fn read_backlog(&self, now: Timestamp, wall: Timestamp) -> Result<Backlog, Error> {
        let leases = Query::new(LEASES)
            .fill("notice_condition", DueKind::Inbox.tenant_condition())
            .fill("condition", DueKind::Reconnect.tenant_condition())
            .bind("wall", to_micros(wall));
        let leases = self.fetch_row(leases).await?;
        Ok(Backlog {
            probes: self.count_waiting("probe_due", now).await?,
            work: self.count_waiting("due", wall).await?,
            leased: count_from_row(&leases, "held")?,
            expired: count_from_row(&leases, "stuck")?,
        })
    }

    async fn count_waiting(
        &self,
        table: &'static str,
        by: Timestamp,
    ) -> Result<WaitingWork, Error> {
        let query = Query::new(
            "SELECT count(*) AS n, min(d.due_at) AS oldest
             FROM {table} d JOIN tenants t ON t.id = d.tenant_id
             WHERE t.status = 'active' AND d.owner IS NULL AND d.due_at <= :by",
        )
        .fill("table", table)
        .bind("by", to_micros(by));
        waiting_work_from_row(&self.fetch_row(query).await?)
    }

    async fn fetch_row(&self, query: Query) -> Result<Row, Error> {
        query
            .fetch_one(&self.connection)
            .await?
            .ok_or(Error::NotFound)
    }
}

fn waiting_work_from_row(row: &Row) -> Result<WaitingWork, Error> {
    Ok(WaitingWork {
        count: count_from_row(row, "n")?,
        oldest: row.maybe_time("oldest")?,
    })
}

fn count_from_row(row: &Row, column: &'static str) -> Result<u64, Error> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| Error::Corrupt(column))
}
