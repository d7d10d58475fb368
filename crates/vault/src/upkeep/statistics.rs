//! Statistics of the database after many rows were inserted.

use regrant_domain::error_chain;
use tracing::warn;

use crate::Vault;

/// Fewer rows change no plan.
const MANY_ROWS: usize = 100;

impl Vault {
    /// After the commit of `rows` new rows: lets the database analyse the tables that have grown. What was committed stands,
    /// so a failure is logged.
    pub(crate) async fn note_inserted_rows(&self, rows: usize) {
        if rows < MANY_ROWS {
            return;
        }
        if let Err(error) = self.store.analyze_grown_tables().await {
            warn!(
                error = error_chain(&error),
                "grown tables were not analysed"
            );
        }
    }
}
