//! Whose transaction begins next: the shares of the tenants in the connections of this process.
//!
//! The rule: every transaction of a tenant takes a turn before it takes a connection, so that it never holds a
//! connection while it waits for another transaction of its tenant. A tenant holds no more than its share of the turns
//! and waits in a queue of its own; tenants take turns. Some connections are left for statements that belong to no
//! tenant yet: log-ins, health, claims of due work. On SQLite there is one writer, and what a caller waits for goes
//! first.
//! Start at [`Turns::wait_to_write`]; `Limits` are computed in [`Sizes::of_connections`].

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use regrant_domain::TenantId;
use regrant_permits::{Limits, Permit, Permits, Refused, Urgency, Wait};

use crate::{Error, sql::Dialect};

/// The right of a transaction to a connection, until it ends.
pub(crate) type Turn = Permit<TenantId>;

/// How many transactions of one tenant that read may wait for their turn. They hold little while they wait.
const MAX_READS_WAITING: usize = 1_024;
/// The same for those that write: they hold the bodies of their calls.
const MAX_WRITES_WAITING: usize = 256;
/// How long a call waits for its turn behind other calls of its tenant, as a multiple of the time for a connection.
const PATIENCE: u32 = 5;
/// The same for work without a caller.
const PATIENCE_OF_WORK: Duration = Duration::from_mins(2);

/// For how long a short write counts as a sign that more of them will come.
const SOON: Duration = Duration::from_millis(250);

/// How the connections of a process are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Connections for reads, and for short writes that callers wait for.
    pub(crate) front: u32,
    /// Connections for all other writes.
    pub(crate) work: u32,
    /// Connections for single statements of calls.
    pub(crate) lane: u32,
}

/// The turns of the tenants.
#[derive(Debug, Clone)]
pub(crate) struct Turns {
    front: Permits<TenantId>,
    work: Permits<TenantId>,
    lane: Permits<TenantId>,
    /// SQLite has one writer: a short write waits for it too, but before others.
    has_one_writer: bool,
    /// How long a call waits for a connection.
    acquire_timeout: Duration,
    /// Whether transactions begin for work without a caller.
    in_background: bool,
    /// When a short write last asked for its turn.
    last_short_write: Arc<Mutex<Option<Instant>>>,
}

impl Sizes {
    /// Divides this many connections; at least two in front, one for work and one for single statements.
    pub(crate) fn of_connections(dialect: Dialect, max_connections: u32) -> Self {
        let work = match dialect {
            Dialect::Sqlite => 1,
            Dialect::Postgres => (max_connections / 5 * 2).max(1),
        };
        let lane = (max_connections / 4).clamp(1, 4);
        Self {
            front: max_connections.saturating_sub(work + lane).max(2),
            work,
            lane,
        }
    }

    /// One connection stays free of reads of tenants.
    fn front_limits(self) -> Limits {
        let total = to_usize(self.front).saturating_sub(1).max(1);
        let of_key = total.saturating_sub(1).max(1);
        Limits { total, of_key }
    }

    /// A tenant's rows are read while its audit is written.
    fn lane_limits(self) -> Limits {
        let total = to_usize(self.lane);
        let of_key = total.saturating_sub(1).max(1);
        Limits { total, of_key }
    }

    /// Transactions of one tenant wait for each other's locks, so two of them are as fast as more.
    fn work_limits(self) -> Limits {
        let total = to_usize(self.work).saturating_sub(1).max(1);
        let of_key = if total > 2 { 2 } else { 1 };
        Limits { total, of_key }
    }
}

impl Turns {
    pub(crate) fn new(dialect: Dialect, sizes: Sizes, acquire_timeout: Duration) -> Self {
        Self {
            front: Permits::new(sizes.front_limits()),
            work: Permits::new(sizes.work_limits()),
            lane: Permits::new(sizes.lane_limits()),
            has_one_writer: dialect == Dialect::Sqlite,
            acquire_timeout,
            in_background: false,
            last_short_write: Arc::default(),
        }
    }

    /// The same turns, for work without a caller: it waits longer, and its queue has no bound but its own number.
    pub(crate) fn in_background(&self) -> Self {
        Self {
            in_background: true,
            ..self.clone()
        }
    }

    /// Of transactions that read, of those that write, and of single statements.
    pub(crate) fn limits(&self) -> [Limits; 3] {
        [self.front.limits(), self.work.limits(), self.lane.limits()]
    }

    pub(crate) const fn is_in_background(&self) -> bool {
        self.in_background
    }

    /// Waits for the turn of a transaction that reads.
    pub(crate) async fn wait_to_read(&self, tenant: TenantId) -> Result<Turn, Error> {
        let wait = self.wait(Urgency::Normal, MAX_READS_WAITING);
        Ok(self.front.acquire(tenant, wait).await?)
    }

    /// Waits for the turn of a single statement that finds its rows by their keys.
    pub(crate) async fn wait_for_lane(&self, tenant: TenantId) -> Result<Turn, Error> {
        let wait = self.wait(Urgency::Normal, MAX_READS_WAITING);
        Ok(self.lane.acquire(tenant, wait).await?)
    }

    /// Waits for the turn of a transaction that writes.
    pub(crate) async fn wait_to_write(&self, tenant: TenantId) -> Result<Turn, Error> {
        let wait = self.wait(Urgency::Normal, MAX_WRITES_WAITING);
        Ok(self.work.acquire(tenant, wait).await?)
    }

    /// Waits for the turn of a short transaction that writes for a caller who waits.
    pub(crate) async fn wait_to_write_shortly(&self, tenant: TenantId) -> Result<Turn, Error> {
        *self.last_short_write() = Some(Instant::now());
        let wait = self.wait(Urgency::First, MAX_READS_WAITING);
        let turns = if self.has_one_writer {
            &self.work
        } else {
            &self.front
        };
        Ok(turns.acquire(tenant, wait).await?)
    }

    /// Waits for the writer of SQLite, for a statement that belongs to no tenant. On PostgreSQL there is nothing to
    /// wait for.
    pub(crate) async fn wait_for_writer(&self) -> Result<Option<Turn>, Error> {
        if self.has_one_writer {
            return self.wait_to_write(TenantId::SYSTEM).await.map(Some);
        }
        Ok(None)
    }

    /// Whether callers wait for the only writer now and then, and so for each transaction that writes.
    pub(crate) fn do_callers_share_writer(&self) -> bool {
        self.has_one_writer
            && self
                .last_short_write()
                .is_some_and(|at| at.elapsed() < SOON)
    }

    fn last_short_write(&self) -> MutexGuard<'_, Option<Instant>> {
        self.last_short_write
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, urgency: Urgency, max_waiting: usize) -> Wait {
        let (patience, max_waiting) = if self.in_background {
            (PATIENCE_OF_WORK, usize::MAX)
        } else {
            (self.acquire_timeout.saturating_mul(PATIENCE), max_waiting)
        };
        Wait {
            urgency,
            patience,
            max_waiting,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::QueueFull => Self::TenantBusy,
            Refused::TimedOut => Self::Busy,
        }
    }
}

fn to_usize(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_never_holds_all_turns_and_turns_never_hold_all_connections() {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            for n in 4..100 {
                let sizes = Sizes::of_connections(dialect, n);
                assert_eq!(sizes.front + sizes.work + sizes.lane, n);
                let front = sizes.front_limits();
                assert!(front.total < to_usize(sizes.front), "{dialect:?} {n}");
                assert!(front.of_key < front.total || front.total == 1, "{n}");
                let lane = sizes.lane_limits();
                assert!(lane.of_key < lane.total || lane.total == 1, "{n} {lane:?}");
                let work = sizes.work_limits();
                assert!(work.of_key < work.total || work.total <= 1, "{n} {work:?}");
            }
        }
    }

    #[tokio::test]
    async fn callers_share_the_only_writer_while_they_write_shortly() {
        for (dialect, shared) in [(Dialect::Sqlite, true), (Dialect::Postgres, false)] {
            let sizes = Sizes::of_connections(dialect, 10);
            let turns = Turns::new(dialect, sizes, Duration::from_secs(1));
            let background = turns.in_background();
            assert!(!background.do_callers_share_writer());
            turns
                .wait_to_write_shortly(TenantId::SYSTEM)
                .await
                .expect("a turn");
            assert_eq!(background.do_callers_share_writer(), shared, "{dialect:?}");
        }
    }
}
