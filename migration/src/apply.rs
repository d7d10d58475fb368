//! Applies and reverts steps beside a service that runs.
//!
//! The rule: a step waits for a lock for a moment only (`step.rs`), because every later statement on the table waits behind
//! it, those of the running service too. A step that does not get its locks is rolled back and tried again after a pause,
//! for a limited time. What was applied before it stays. Of several migrations of a database, one runs (`lock.rs`).
//! Start at [`run_steps`].

use std::time::{Duration, Instant};

use sea_orm_migration::{
    Migration, MigrationTrait, MigratorTrait, SchemaManagerConnection, async_trait,
    sea_orm::{ConnectionTrait, DbErr, RuntimeErr},
    seaql_migrations,
};
use sqlx::error::DatabaseError;
use tracing::warn;

use crate::{
    Migrator,
    lock::{lock_migrations, unlock_migrations},
};

/// How long the statements that waited behind a step go first, before it is tried again.
const PAUSE: Duration = Duration::from_secs(3);
/// How long steps are tried again, all together.
const PATIENCE: Duration = Duration::from_mins(10);

/// The codes of PostgreSQL for a lock that a step did not get: lock timeout, deadlock.
const LOCK_CODES: [&str; 2] = ["55P03", "40P01"];

/// Whether steps are applied or reverted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// The same steps, each tried once.
struct EachOnce;

#[async_trait::async_trait]
impl MigratorTrait for EachOnce {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Migrator::migrations()
    }

    async fn get_migration_models<C: ConnectionTrait>(
        db: &C,
    ) -> Result<Vec<seaql_migrations::Model>, DbErr> {
        Migrator::get_migration_models(db).await
    }
}

/// Applies the next steps or reverts the newest ones, at most `limit` of them, each in its turn.
///
/// # Errors
/// Another migration did not end in time; or a step failed, or did not get its locks in time. A step that is a transaction
/// changed nothing then, and another one can be repeated. The steps before it stay.
pub(crate) async fn run_steps(
    db: &SchemaManagerConnection<'_>,
    direction: Direction,
    limit: Option<u32>,
) -> Result<(), DbErr> {
    lock_migrations(db).await?;
    let ended = run_steps_alone(db, direction, limit).await;
    let unlocked = unlock_migrations(db).await;
    ended.and(unlocked)
}

async fn run_steps_alone(
    db: &SchemaManagerConnection<'_>,
    direction: Direction,
    limit: Option<u32>,
) -> Result<(), DbErr> {
    let began = Instant::now();
    let mut names = list_steps(db, direction).await?;
    if let Some(limit) = limit.and_then(|it| usize::try_from(it).ok()) {
        names.truncate(limit);
    }
    loop {
        match run_each_once(db, direction, names.len()).await {
            Err(error) if lacks_lock(&error) => {}
            ended => return ended,
        }
        let open = list_steps(db, direction).await?;
        names.retain(|it| open.contains(it));
        let Some(name) = names.first() else {
            return Ok(());
        };
        if began.elapsed() >= PATIENCE {
            return Err(describe_lack(name));
        }
        warn!(
            step = name.as_str(),
            "a step waits for a lock that a transaction holds; it is tried again"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

/// The names of the steps that can be applied or reverted, in the order in which that is done.
async fn list_steps(
    db: &SchemaManagerConnection<'_>,
    direction: Direction,
) -> Result<Vec<String>, DbErr> {
    let mut steps = match direction {
        Direction::Up => EachOnce::get_pending_migrations(db).await?,
        Direction::Down => EachOnce::get_applied_migrations(db).await?,
    };
    if matches!(direction, Direction::Down) {
        steps.reverse();
    }
    let name_of = |step: &Migration| step.name().to_owned();
    Ok(steps.iter().map(name_of).collect())
}

/// Runs the next `n` steps until one fails.
async fn run_each_once(
    db: &SchemaManagerConnection<'_>,
    direction: Direction,
    n: usize,
) -> Result<(), DbErr> {
    let (next, n) = (borrow_connection(db), u32::try_from(n).ok());
    match direction {
        Direction::Up => EachOnce::up(next, n).await,
        Direction::Down => EachOnce::down(next, n).await,
    }
}

fn describe_lack(name: &str) -> DbErr {
    DbErr::Custom(format!(
        "the step {name} did not get its locks within {} minutes: look in pg_stat_activity for a transaction that is open \
         for long, end it, and migrate again",
        PATIENCE.as_secs() / 60
    ))
}

fn borrow_connection<'a>(db: &'a SchemaManagerConnection<'_>) -> SchemaManagerConnection<'a> {
    match db {
        SchemaManagerConnection::Connection(it) => SchemaManagerConnection::Connection(it),
        SchemaManagerConnection::Transaction(it) => SchemaManagerConnection::Transaction(it),
        SchemaManagerConnection::OwnedTransaction(it) => SchemaManagerConnection::Transaction(it),
    }
}

/// Whether a step was rolled back because others hold the locks that it needs.
fn lacks_lock(error: &DbErr) -> bool {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else {
        return false;
    };
    let RuntimeErr::SqlxError(cause) = cause else {
        return false;
    };
    let code = cause.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|it| LOCK_CODES.contains(&&*it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_step_that_did_not_get_its_locks() {
        let error = describe_lack("m20261129_000079_comments").to_string();
        assert!(
            error.contains("the step m20261129_000079_comments") && error.contains("10 minutes"),
            "{error}"
        );
        assert!(!lacks_lock(&describe_lack("m")), "it is not tried again");
    }
}
