//! What statements run on, and how long an answer of the database is awaited.
//!
//! The rule: every statement, begin and commit is awaited here. PostgreSQL ends a long statement of a call itself. Where a
//! network drops packets, nothing ends: the driver waits as long as the kernel does, and without an end if it has nothing
//! left to send. A connection that was silent for too long is lost, and so are those that are as old: the pool uses none
//! of them again.
//! Start at [`await_answer`].

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, StreamTrait,
    TransactionOptions, TransactionTrait,
};
use tokio::time::timeout;

use crate::Error;

/// How long an answer to a call is awaited: longer than PostgreSQL lets its statements run.
const OF_CALL: Duration = Duration::from_secs(35);
/// The same for work without a caller, whose statements have no limit.
const OF_WORK: Duration = Duration::from_mins(15);
/// SQLite is no other machine: the file system answers, or returns an error.
const OF_SQLITE: Duration = Duration::MAX;

/// When this process last gave up a connection that was silent.
static LAST_SILENCE: Mutex<Option<Instant>> = Mutex::new(None);

/// What a statement runs on.
pub(crate) trait Queryable {
    type Raw: ConnectionTrait + StreamTrait;

    fn raw(&self) -> &Self::Raw;

    /// How long the answer to a statement is awaited.
    fn patience(&self) -> Duration;
}

/// An open transaction. It rolls back if it is dropped.
pub(crate) struct Transaction {
    raw: DatabaseTransaction,
    patience: Duration,
}

impl Queryable for DatabaseConnection {
    type Raw = Self;

    fn raw(&self) -> &Self {
        self
    }

    fn patience(&self) -> Duration {
        patience_on(self.get_database_backend())
    }
}

impl Queryable for Transaction {
    type Raw = DatabaseTransaction;

    fn raw(&self) -> &DatabaseTransaction {
        &self.raw
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}

impl Transaction {
    pub(crate) async fn begin(
        on: &DatabaseConnection,
        options: TransactionOptions,
    ) -> Result<Self, Error> {
        let patience = on.patience();
        let raw = await_answer(patience, on.begin_with_options(options)).await?;
        Ok(Self { raw, patience })
    }

    /// Lets the statements of this transaction take as long as work without a caller may.
    pub(crate) fn wait_for_work(&mut self) {
        self.patience = self.patience.max(OF_WORK);
    }

    /// Runs commands that have no parameters, in one round trip.
    pub(crate) async fn run_commands(&self, sql: &str) -> Result<(), Error> {
        let ran = self.raw.execute_unprepared(sql);
        await_answer(self.patience, ran).await.map(drop)
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        await_answer(self.patience, self.raw.commit()).await
    }
}

/// How long an answer to a call is awaited on this kind of database.
pub(crate) const fn patience_on(backend: DbBackend) -> Duration {
    match backend {
        DbBackend::Postgres => OF_CALL,
        _ => OF_SQLITE,
    }
}

/// The answer.
///
/// # Errors
/// [`Error::Unavailable`]: there was none in time. The statement may have run or not.
pub(crate) async fn await_answer<T, E>(
    patience: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, Error>
where
    Error: From<E>,
{
    if let Ok(answered) = timeout(patience, answer).await {
        return Ok(answered?);
    }
    *last_silence() = Some(Instant::now());
    Err(silence().into())
}

/// Refuses a connection of this age if one was given up since it was opened: the network may have lost both.
pub(super) fn check_age(age: Duration) -> Result<bool, sqlx::Error> {
    let is_lost = last_silence().is_some_and(|at| at.elapsed() < age);
    if is_lost { Err(silence()) } else { Ok(true) }
}

fn silence() -> sqlx::Error {
    let cause = "the database did not answer in time";
    io::Error::new(io::ErrorKind::TimedOut, cause).into()
}

fn last_silence() -> MutexGuard<'static, Option<Instant>> {
    LAST_SILENCE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;
    use crate::Outage;

    #[tokio::test(start_paused = true)]
    async fn who_does_not_answer_is_lost_and_so_are_connections_of_the_same_age() {
        let answered = await_answer(OF_CALL, async { Ok::<_, Error>(1) }).await;
        assert_eq!(answered.ok(), Some(1));
        assert_eq!(check_age(Duration::from_secs(9)).ok(), Some(true));
        let answered = await_answer(OF_CALL, pending::<Result<(), Error>>()).await;
        assert!(matches!(answered, Err(Error::Unavailable(Outage::Lost, _))));
        assert!(check_age(Duration::from_secs(9)).is_err());
        assert!(check_age(Duration::ZERO).is_ok(), "it was opened since");
    }
}
