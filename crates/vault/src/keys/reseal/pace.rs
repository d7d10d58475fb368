//! How fast records are sealed again: beside calls, or as fast as the database allows.
//!
//! The rule: what callers wait for is measured in this process, as the time of an empty transaction, because a worker does
//! not see the latency of an API in another process. [`Pace`] decides how long to rest.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use regrant_domain::Pace;

use crate::{Error, Vault};

/// How often a pass looks whether the urgent ones have ended.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a pass does after a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::keys) enum Pacing {
    /// It rests, and waits for urgent passes.
    BesideCalls,
    /// At once.
    Unthrottled,
}

impl Pacing {
    /// How many credentials one transaction seals again. On PostgreSQL a chunk keeps a core busy that callers want, fifty for
    /// about two milliseconds. On SQLite each chunk waits for the only writer, so there are fewer of them.
    pub(super) const fn credentials(self, is_sqlite: bool) -> u32 {
        match self {
            Self::BesideCalls if is_sqlite => 300,
            Self::BesideCalls => 50,
            Self::Unthrottled => 1_000,
        }
    }
}

/// What this process knows about the load of the database.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedPace(Arc<Mutex<Pace>>);

impl SharedPace {
    fn rest_after(&self, chunk: Duration, round_trip: Duration) -> Duration {
        let mut pace = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pace.rest_after(chunk, round_trip)
    }
}

/// How many urgent passes run in this process.
#[derive(Debug, Clone, Default)]
pub(super) struct UrgentPasses(Arc<AtomicU32>);

/// An urgent pass that runs, until it is dropped.
pub(super) struct UrgentPass(Arc<AtomicU32>);

impl UrgentPasses {
    pub(super) fn begin(&self) -> UrgentPass {
        self.0.fetch_add(1, Ordering::SeqCst);
        UrgentPass(Arc::clone(&self.0))
    }

    fn is_any_running(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

impl Drop for UrgentPass {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Vault {
    /// Rests after a chunk that began then.
    pub(super) async fn rest_after_chunk(
        &self,
        pacing: Pacing,
        began: Instant,
    ) -> Result<(), Error> {
        if pacing == Pacing::Unthrottled {
            self.yield_to_other_processes().await;
            return Ok(());
        }
        let (chunk, round_trip) = (began.elapsed(), self.measure_round_trip().await?);
        let rest = self.reseal_rests.pace.rest_after(chunk, round_trip);
        tokio::time::sleep(rest.max(self.find_shortest_rest())).await;
        while self.reseal_rests.urgent.is_any_running() && !self.runs.stop.is_cancelled() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// How long an empty transaction takes, from the wait for its turn to its commit.
    async fn measure_round_trip(&self) -> Result<Duration, Error> {
        let began = Instant::now();
        let tx = self.store.begin(&self.store.system_scope()).await?;
        tx.commit().await?;
        Ok(began.elapsed())
    }
}
