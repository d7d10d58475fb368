//! Connections that the short statements of calls keep between them. The driver's pool tests a connection whenever it is
//! given back, which costs a round trip: as much as the statement itself.
//!
//! The rule: each statement here is a transaction of its own and finds its rows by their keys, so that none holds a
//! connection for long. It takes a turn first (`turns.rs`), so that a connection is free for it.
//! Start at [`Lane::fetch_all`].

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{DatabaseConnection, DbBackend, QueryResult, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Postgres, Sqlite, pool::PoolConnection};

use crate::{
    Error, Outage,
    sql::{Query, Row, await_answer, patience_on, transaction::check_age},
};

/// How long a connection is kept before it is given back, so that the pool replaces those that are old. One that was unused
/// when that time ended is dropped: the network may have forgotten it, and the pool would test it without a limit of time.
const KEPT_FOR: Duration = Duration::from_mins(5);

/// How soon a connection that the server has closed says so.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Runs short statements of calls. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Lane {
    pool: DatabaseConnection,
    kept: Arc<Mutex<Kept>>,
}

/// The connections that no statement uses. The pool takes a connection back only within a runtime; the last clone of a
/// lane may end outside of one, so they are dropped without the pool then.
#[derive(Default)]
struct Kept(Vec<LaneConnection>);

/// A connection that is not given back after each statement.
struct LaneConnection {
    taken_at: Instant,
    connection: Connection,
}

enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Drop for Kept {
    fn drop(&mut self) {
        for kept in self.0.drain(..) {
            kept.connection.drop_detached();
        }
    }
}

impl Kept {
    /// Takes out the connections that are kept for too long.
    fn take_old(&mut self) -> Self {
        let is_old = |it: &mut LaneConnection| it.taken_at.elapsed() >= KEPT_FOR;
        Self(self.0.extract_if(.., is_old).collect())
    }
}

impl Lane {
    /// A lane over this pool, whose connections nothing else uses.
    pub(crate) fn new(pool: DatabaseConnection) -> Self {
        Self {
            pool,
            kept: Arc::default(),
        }
    }

    /// The rows of a statement that reads. If a connection was closed since it was used last, the statement runs on a new
    /// one.
    pub(crate) async fn fetch_all(&self, query: Query) -> Result<Vec<Row>, Error> {
        let statement = query.into_statement(&self.pool)?;
        if let Some(kept) = self.take_kept() {
            let began = Instant::now();
            match self.run(kept, statement.clone()).await {
                // A closed connection says so at once. One that was silent has taken the time of the call.
                Err(Error::Unavailable(Outage::Lost, _)) if began.elapsed() < AT_ONCE => {
                    self.drop_kept();
                }
                done => return done,
            }
        }
        self.run(self.open().await?, statement).await
    }

    /// The only row of a statement that writes. It runs once: if the connection is lost, it may be committed or not.
    pub(crate) async fn fetch_written(&self, query: Query) -> Result<Option<Row>, Error> {
        let statement = query.into_statement(&self.pool)?;
        let connection = match self.take_kept() {
            Some(kept) => kept,
            None => self.open().await?,
        };
        Ok(self.run(connection, statement).await?.pop())
    }

    /// Drops the connections that no statement uses, without a farewell: their runtime may have ended.
    pub(crate) fn drop_kept(&self) {
        drop(mem::take(&mut *self.kept()));
    }

    /// Closes every connection. Those that are kept go back to the pool first, which waits for them.
    pub(crate) async fn close(self) -> Result<(), Error> {
        self.kept().0.clear();
        Ok(self.pool.close().await?)
    }

    /// A connection whose statement fails goes back to the pool, which tests it.
    async fn run(&self, mut on: LaneConnection, statement: Statement) -> Result<Vec<Row>, Error> {
        let patience = patience_on(self.pool.get_database_backend());
        let rows = await_answer(patience, on.connection.fetch_all(statement)).await?;
        if on.taken_at.elapsed() < KEPT_FOR {
            self.kept().0.push(on);
        }
        Ok(rows)
    }

    /// The connection that was used last: if it is lost, so are those that were used before. Drops those that are old.
    fn take_kept(&self) -> Option<LaneConnection> {
        let old = self.kept().take_old();
        drop(old);
        let kept = self.kept().0.pop()?;
        if check_age(kept.taken_at.elapsed()).is_ok() {
            return Some(kept);
        }
        self.drop_kept();
        None
    }

    async fn open(&self) -> Result<LaneConnection, Error> {
        let connection = match self.pool.get_database_backend() {
            DbBackend::Postgres => {
                Connection::Postgres(self.pool.get_postgres_connection_pool().acquire().await?)
            }
            _ => Connection::Sqlite(self.pool.get_sqlite_connection_pool().acquire().await?),
        };
        Ok(LaneConnection {
            taken_at: Instant::now(),
            connection,
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    async fn fetch_all(&mut self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        let values = SqlxValues(statement.values.unwrap_or(Values(Vec::new())));
        let sql = AssertSqlSafe(statement.sql);
        Ok(match self {
            Self::Sqlite(connection) => {
                let rows = sqlx::query_with(sql, values).fetch_all(&mut **connection);
                to_rows(rows.await?)
            }
            Self::Postgres(connection) => {
                let rows = sqlx::query_with(sql, values).fetch_all(&mut **connection);
                to_rows(rows.await?)
            }
        })
    }

    fn drop_detached(self) {
        match self {
            Self::Sqlite(connection) => drop(connection.detach()),
            Self::Postgres(connection) => drop(connection.detach()),
        }
    }
}

fn to_rows<R: Into<QueryResult>>(rows: Vec<R>) -> Vec<Row> {
    rows.into_iter().map(|it| Row::from(it.into())).collect()
}

#[cfg(test)]
mod tests {
    use sea_orm::SqlxSqliteConnector;
    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;

    #[tokio::test]
    async fn a_connection_that_was_kept_for_too_long_is_dropped_instead_of_used() {
        let pool = SqlitePoolOptions::new().max_connections(2);
        let pool = pool.connect("sqlite::memory:").await.unwrap();
        let lane = Lane::new(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool));
        let (one, other) = (lane.open().await.unwrap(), lane.open().await.unwrap());
        let long_ago = Instant::now().checked_sub(KEPT_FOR).unwrap();
        for connection in [one, other] {
            lane.kept().0.push(LaneConnection {
                taken_at: long_ago,
                ..connection
            });
        }
        let rows = lane.fetch_all(Query::new("SELECT 1 AS n")).await.unwrap();
        assert_eq!(rows.len(), 1);
        let ages: Vec<_> = lane.kept().0.iter().map(|it| it.taken_at).collect();
        assert_eq!(
            ages.len(),
            1,
            "both were dropped, and another one was opened"
        );
        assert!(ages.iter().all(|it| *it > long_ago));
    }
}
