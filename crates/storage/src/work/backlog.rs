//! How much due work lies, and since when: for whoever looks after an installation. Counts and times, no tenant's data.

use regrant_domain::Timestamp;

use crate::{
    DueKind, Error, Store,
    sql::{Query, Row, time},
};

/// Due work of active tenants that nobody does, and leases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Probes that are due and that nobody holds.
    pub probes: Waiting,
    /// The rest of the work list: reconnects, refreshes, messages, webhooks.
    pub work: Waiting,
    /// Leases that somebody holds.
    pub held: u64,
    /// Leases that have ended and that nobody took up: their holder is gone.
    pub stuck: u64,
}

/// How much waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// Since when the first of them.
    pub oldest: Option<Timestamp>,
}

/// How many tenants there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantCounts {
    /// They are served.
    pub active: u64,
    /// Their clients are refused and their work rests.
    pub suspended: u64,
    /// They were deleted.
    pub deleted: u64,
}

impl Store {
    /// How much of one kind is due at `wall` and held by nobody.
    ///
    /// # Errors
    /// The database failed.
    pub async fn waiting_of(&self, kind: DueKind, wall: Timestamp) -> Result<Waiting, Error> {
        let query = Query::new(
            "SELECT count(*) AS n, min(d.due_at) AS oldest FROM due d JOIN tenants t ON t.id = d.tenant_id WHERE ",
        )
        .sql(kind.of_tenants())
        .sql(" AND d.owner IS NULL AND d.kind = ")
        .bind(kind.as_str())
        .sql(" AND d.due_at <= ")
        .bind(time(wall));
        waiting(&query.one(&self.connection).await?.ok_or(Error::NotFound)?)
    }

    /// How many reconnects of tenants that are served have not ended.
    ///
    /// # Errors
    /// The database failed.
    pub async fn reconnects_on_list(&self) -> Result<u64, Error> {
        let query = Query::new(
            "SELECT count(*) AS n FROM due d JOIN tenants t ON t.id = d.tenant_id
             WHERE t.status = 'active' AND d.kind = 'reconnect'",
        );
        count(
            &query.one(&self.connection).await?.ok_or(Error::NotFound)?,
            "n",
        )
    }

    /// How many tenants there are, state by state.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenant_counts(&self) -> Result<TenantCounts, Error> {
        let query = Query::new(
            "SELECT count(CASE WHEN status = 'active' THEN 1 END) AS active,
                count(CASE WHEN status = 'suspended' AND deleted_at IS NULL THEN 1 END) AS suspended,
                count(deleted_at) AS deleted FROM tenants",
        );
        let row = query.one(&self.connection).await?.ok_or(Error::NotFound)?;
        let (active, suspended) = (count(&row, "active")?, count(&row, "suspended")?);
        Ok(TenantCounts {
            active,
            suspended,
            deleted: count(&row, "deleted")?,
        })
    }

    /// How much is due at `now` (on the clock records live by) and at `wall` (the system's).
    ///
    /// # Errors
    /// The database failed.
    pub async fn backlog(&self, now: Timestamp, wall: Timestamp) -> Result<Backlog, Error> {
        let leases = Query::new("SELECT count(*) AS held, count(CASE WHEN l.leased_until <= ")
            .bind(time(wall))
            .sql(
                " THEN 1 END) AS stuck FROM (SELECT leased_until FROM due WHERE owner IS NOT NULL
                  UNION ALL SELECT leased_until FROM probe_due WHERE owner IS NOT NULL) l",
            );
        let leases = leases.one(&self.connection).await?.ok_or(Error::NotFound)?;
        Ok(Backlog {
            probes: self.waiting("probe_due", now).await?,
            work: self.waiting("due", wall).await?,
            held: count(&leases, "held")?,
            stuck: count(&leases, "stuck")?,
        })
    }

    async fn waiting(&self, table: &str, by: Timestamp) -> Result<Waiting, Error> {
        let query = Query::new("SELECT count(*) AS n, min(d.due_at) AS oldest FROM ")
            .sql(table)
            .sql(" d JOIN tenants t ON t.id = d.tenant_id WHERE t.status = 'active' AND d.owner IS NULL AND d.due_at <= ")
            .bind(time(by));
        waiting(&query.one(&self.connection).await?.ok_or(Error::NotFound)?)
    }
}

fn waiting(row: &Row) -> Result<Waiting, Error> {
    Ok(Waiting {
        count: count(row, "n")?,
        oldest: row.maybe_time("oldest")?,
    })
}

fn count(row: &Row, column: &'static str) -> Result<u64, Error> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| Error::Corrupt(column))
}
