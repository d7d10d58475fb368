//! Erases the bytes of deleted rows from a SQLite file, and those of destroyed keys from PostgreSQL's table of keys.
//!
//! The rule: an API or a page calls a deletion complete only when [`Vault::erase_deleted_bytes`] has rewritten the file
//! after it. Each deletion that promises this notes it in its own transaction (`TenantTx::owe_erasure`).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use regrant_domain::erasure::{is_erasure_due, rest_after_erasure};
use tracing::{error, info};

use crate::{Error, Vault};

/// A deletion whose bytes stay longer than this is an alarm.
const OVERDUE: chrono::Duration = chrono::Duration::hours(1);

/// The earliest moment of the next rewrite in this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct ErasurePause(Arc<Mutex<Option<Instant>>>);

impl ErasurePause {
    fn is_over(&self) -> bool {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_none_or(|it| Instant::now() >= it)
    }

    fn rest_after(&self, took: Duration) {
        let until = Instant::now().checked_add(rest_after_erasure(took));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

impl Vault {
    /// Rewrites the SQLite file, if a deletion waits for it or the last rewrite was a day ago. Returns how many deletions
    /// became complete. On PostgreSQL it rewrites the table of data keys, if destroyed keys wait for it.
    pub async fn erase_deleted_bytes(&self) -> Result<u64, Error> {
        let Some(owed) = self.store.find_owed_erasures().await? else {
            return Ok(0);
        };
        let now = self.clock.now();
        if !is_erasure_due(owed.count > 0, owed.last_erased_at, now)
            || !self.erasure_pause.is_over()
        {
            return Ok(0);
        }
        let began = Instant::now();
        let erased = self.store.erase_deleted_bytes(now).await;
        let took = began.elapsed();
        self.erasure_pause.rest_after(took);
        match (&erased, owed.owed_since) {
            (Ok(deletions), _) => info!(
                deletions,
                took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                "the database's file, or on PostgreSQL the table of data keys, is rewritten without deleted rows"
            ),
            (Err(_), Some(since)) if now - since > OVERDUE => error!(
                alarm = "erasure_overdue",
                deletions = owed.count,
                %since,
                "deleted rows are still in the database's file, or on PostgreSQL in the table of data keys"
            ),
            (Err(_), _) => {}
        }
        Ok(erased?)
    }
}
