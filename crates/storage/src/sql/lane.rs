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
/// for as long is dropped: the network may have forgotten it, and the pool would test it without a limit of time.
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
    /// When it came from the pool.
    taken_at: Instant,
    /// When its last statement ended.
    used_at: Instant,
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
    /// Takes out the connections that were unused for too long.
    fn take_idle(&mut self) -> Self {
        let is_idle = |it: &mut LaneConnection| it.used_at.elapsed() >= KEPT_FOR;
        Self(self.0.extract_if(.., is_idle).collect())
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

    /// A connection whose statement fails goes back to the pool, which tests it. So does one that is old.
    async fn run(&self, mut on: LaneConnection, statement: Statement) -> Result<Vec<Row>, Error> {
        let patience = patience_on(self.pool.get_database_backend());
        let rows = await_answer(patience, on.connection.fetch_all(statement)).await?;
        if on.taken_at.elapsed() < KEPT_FOR {
            on.used_at = Instant::now();
            self.kept().0.push(on);
        }
        Ok(rows)
    }

    /// The connection that was used last: if it is lost, so are those that were used before. Drops those that were
    /// unused for too long.
    fn take_kept(&self) -> Option<LaneConnection> {
        let idle = self.kept().take_idle();
        drop(idle);
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
        let now = Instant::now();
        Ok(LaneConnection {
            taken_at: now,
            used_at: now,
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
    use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};

    use super::*;

    async fn open_lane() -> (Lane, SqlitePool) {
        let pool = SqlitePoolOptions::new().max_connections(2);
        let pool = pool.connect("sqlite::memory:").await.unwrap();
        let lane = Lane::new(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.clone()));
        (lane, pool)
    }

    #[tokio::test]
    async fn a_connection_that_was_unused_for_too_long_is_dropped_instead_of_used() {
        let (lane, _pool) = open_lane().await;
        let (one, other) = (lane.open().await.unwrap(), lane.open().await.unwrap());
        let long_ago = Instant::now().checked_sub(KEPT_FOR).unwrap();
        for connection in [one, other] {
            lane.kept().0.push(LaneConnection {
                taken_at: long_ago,
                used_at: long_ago,
                ..connection
            });
        }
        let rows = lane.fetch_all(Query::new("SELECT 1 AS n")).await.unwrap();
        assert_eq!(rows.len(), 1);
        let times: Vec<_> = lane.kept().0.iter().map(|it| it.taken_at).collect();
        assert_eq!(
            times.len(),
            1,
            "both were dropped, and another one was opened"
        );
        assert!(times.iter().all(|it| *it > long_ago));
    }

    #[tokio::test]
    async fn an_old_connection_that_was_just_used_serves_once_more_and_goes_back_to_the_pool() {
        let (lane, pool) = open_lane().await;
        let connection = lane.open().await.unwrap();
        let long_ago = Instant::now().checked_sub(KEPT_FOR).unwrap();
        lane.kept().0.push(LaneConnection {
            taken_at: long_ago,
            ..connection
        });
        let rows = lane.fetch_all(Query::new("SELECT 1 AS n")).await.unwrap();
        let kept = lane.kept().0.len();
        assert_eq!((rows.len(), kept), (1, 0), "no other one was opened");
        while pool.num_idle() == 0 {
            assert_eq!(pool.size(), 1, "it is not closed");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn a_connection_that_a_statement_used_is_not_idle() {
        let (lane, _pool) = open_lane().await;
        let connection = lane.open().await.unwrap();
        let opened_at = connection.used_at;
        lane.kept().0.push(connection);
        tokio::time::sleep(Duration::from_millis(2)).await;
        lane.fetch_all(Query::new("SELECT 1 AS n")).await.unwrap();
        let times: Vec<_> = lane.kept().0.iter().map(|it| it.used_at).collect();
        assert!(matches!(times.as_slice(), [it] if *it > opened_at));
    }
}
