//! Failures of due work: counted, and tried again.
//!
//! The rule: only failures in a row count; `reschedule_due` starts again from none.

use regrant_domain::Timestamp;

use crate::{Error, Lease, TenantTx, sql::to_micros, work::due::bind_held};

impl TenantTx {
    /// Counts a failure of the work on a leased object; returns how many there were in a row.
    ///
    /// # Errors
    /// [`Error::Stale`]: another process claimed the object.
    pub async fn count_failure(&self, lease: &Lease) -> Result<i64, Error> {
        let query = self.query(
            "UPDATE due SET failures = failures + 1 WHERE tenant_id = :tenant AND {held}
             RETURNING failures",
        );
        let row = self.fetch_one(bind_held(query, lease)).await?;
        row.ok_or(Error::Stale)?.get("failures")
    }

    /// Gives the lease of an object back whose work failed; it is due again at `due_at`.
    ///
    /// # Errors
    /// [`Error::Stale`]: another process claimed the object.
    pub async fn retry_due(&self, lease: &Lease, due_at: Timestamp) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE due SET owner = NULL, leased_until = NULL, due_at = :due_at
                 WHERE tenant_id = :tenant AND {held}",
            )
            .bind("due_at", to_micros(due_at));
        self.execute_exactly(1, bind_held(query, lease)).await
    }
}
