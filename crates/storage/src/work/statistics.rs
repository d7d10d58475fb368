//! What PostgreSQL knows of the sizes of the tables.
//!
//! The rule: a plan for a tenant with thousands of rows is made only after the table was analysed with them.

use crate::{Error, Store, sql::Query};

impl Store {
    /// Lets PostgreSQL analyse the tables that have grown to twice their size since. Nothing to do on SQLite, whose plans
    /// follow the indexes.
    pub async fn analyze_grown_tables(&self) -> Result<(), Error> {
        if self.is_sqlite() {
            return Ok(());
        }
        let query = Query::new("SELECT analyze_grown_tables()");
        self.health.note(query.fetch_one(&self.connection).await)?;
        Ok(())
    }
}
