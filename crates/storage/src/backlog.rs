//! How much due work lies, and since when: for whoever looks after an installation. Counts and times, no tenant's data.

use regrant_domain::Timestamp;

use crate::{
    Error, Store,
    query::{Query, time},
    row::Row,
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

impl Store {
    /// How much is due at `now` (on the clock records live by) and at `wall` (the system's).
    ///
    /// # Errors
    /// The database failed.
    pub async fn backlog(&self, now: Timestamp, wall: Timestamp) -> Result<Backlog, Error> {
        let leases =
            Query::new("SELECT count(*) AS held, count(CASE WHEN l.leased_until <= ").bind(time(wall)).sql(
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
        let row = query.one(&self.connection).await?.ok_or(Error::NotFound)?;
        Ok(Waiting { count: count(&row, "n")?, oldest: row.maybe_time("oldest")? })
    }
}

fn count(row: &Row, column: &'static str) -> Result<u64, Error> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| Error::Corrupt(column))
}
