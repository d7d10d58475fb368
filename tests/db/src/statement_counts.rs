//! How often the application's role ran each statement on PostgreSQL, as `pg_stat_statements` counts them.
//!
//! The rule: a database whose statements are counted has a server of its own. Only statements that the application sends
//! count, not those that functions of the database run.
//! Start at [`TestDatabase::create_postgres_with_counts`].

use sqlx::{Connection, PgConnection};

use crate::{APP, TestDatabase, server::Server};

/// A statement, and how often it ran.
#[derive(Debug)]
pub struct StatementCount {
    /// The statement, its values replaced by parameters.
    pub statement: String,
    /// How often it ran.
    pub calls: i64,
}

impl TestDatabase {
    /// A PostgreSQL database on a server of its own that counts statements; `None` if PostgreSQL is not installed on this
    /// machine.
    ///
    /// # Panics
    /// The server refuses to create it.
    pub async fn create_postgres_with_counts() -> Option<Self> {
        let server = Server::start_own(&["shared_preload_libraries=pg_stat_statements"]).await?;
        let database = server.create_database().await;
        let created = Self::on_own_server(database, server);
        created
            .run_as_superuser("CREATE EXTENSION pg_stat_statements")
            .await;
        Some(created)
    }

    /// Counts from zero.
    ///
    /// # Panics
    /// The statements of the database are not counted.
    pub async fn reset_statement_counts(&self) {
        self.run_as_superuser("SELECT pg_stat_statements_reset()")
            .await;
    }

    /// The statements of the application's role since the last reset, the most frequent first.
    ///
    /// # Panics
    /// The statements of the database are not counted.
    pub async fn read_statement_counts(&self) -> Vec<StatementCount> {
        let url = self.superuser_url().expect("a PostgreSQL database");
        let mut superuser = PgConnection::connect(&url).await.expect("it connects");
        let sql = "SELECT regexp_replace(query, '\\s+', ' ', 'g') AS statement, sum(calls)::bigint AS calls
             FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
             WHERE r.rolname = $1 GROUP BY 1 ORDER BY 2 DESC, 1";
        let counts = sqlx::query_as::<_, (String, i64)>(sql)
            .bind(APP)
            .fetch_all(&mut superuser);
        let counts = counts.await.expect("statements are counted").into_iter();
        counts
            .map(|(statement, calls)| StatementCount { statement, calls })
            .collect()
    }
}
