//! A crash of PostgreSQL, and its recovery.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use crate::TestDatabase;

/// A process of the server that serves this database.
const BACKEND: &str = "SELECT max(pid)::bigint FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
/// How long a recovery may take.
const PATIENCE: Duration = Duration::from_mins(1);

impl TestDatabase {
    /// Kills a process of the server that serves this database, and waits until the server has recovered from its log:
    /// it cannot trust its shared memory any more, and ends every other process first. The server must be of this test alone.
    ///
    /// # Panics
    /// No other connection is open, or the server does not recover within a minute.
    pub async fn crash(&self) {
        let url = self.superuser_url().expect("a PostgreSQL database");
        let mut witness = PgConnection::connect(&url).await.expect("it answers");
        let backend: Option<i64> = sqlx::query_scalar(BACKEND)
            .fetch_one(&mut witness)
            .await
            .expect("its processes");
        let pid = backend.expect("the service has connections").to_string();
        let killed = tokio::process::Command::new("kill")
            .args(["-9", &pid])
            .status()
            .await;
        assert!(killed.expect("kill runs").success());
        let recovery = async {
            while witness.ping().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            while PgConnection::connect(&url).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let recovered = tokio::time::timeout(PATIENCE, recovery).await;
        recovered.expect("the server recovers");
    }
}
