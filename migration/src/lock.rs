//! Of several migrations of a PostgreSQL database, one runs at a time.
//!
//! The rule: a migration asks for its turn again and again instead of waiting in a statement. Such a statement would hold a
//! snapshot, and an index that the other migration builds beside writes waits until every older snapshot is gone. The lock
//! belongs to the session: it ends with it, also where the program was killed.
//! Start at [`lock_migrations`].

use std::time::{Duration, Instant};

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tracing::warn;

/// How long a migration waits before it asks again.
const PAUSE: Duration = Duration::from_millis(500);
/// How long it waits in all.
const PATIENCE: Duration = Duration::from_mins(10);

const TRY_LOCK: &str =
    "SELECT pg_try_advisory_lock(hashtextextended('regrant.migrate', 0)) AS is_taken";
const UNLOCK: &str = "SELECT pg_advisory_unlock(hashtextextended('regrant.migrate', 0))";

/// Waits until no other session migrates this database, and keeps others from it until [`unlock_migrations`]. Does nothing
/// on SQLite.
///
/// # Errors
/// The other migration did not end in time.
pub(crate) async fn lock_migrations<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    if try_lock(db).await? {
        return Ok(());
    }
    warn!("another migration of this database runs; this one waits for its end");
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        tokio::time::sleep(PAUSE).await;
        if try_lock(db).await? {
            return Ok(());
        }
    }
    Err(describe_other())
}

/// Lets the next migration run.
pub(crate) async fn unlock_migrations<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    if is_postgres(db) {
        db.execute_unprepared(UNLOCK).await?;
    }
    Ok(())
}

async fn try_lock<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    if !is_postgres(db) {
        return Ok(true);
    }
    let statement = Statement::from_string(DbBackend::Postgres, TRY_LOCK);
    let row = db.query_one_raw(statement).await?;
    row.map_or(Ok(false), |it| it.try_get("", "is_taken"))
}

fn is_postgres<C: ConnectionTrait>(db: &C) -> bool {
    db.get_database_backend() == DbBackend::Postgres
}

fn describe_other() -> DbErr {
    DbErr::Custom(format!(
        "another migration of this database did not end within {} minutes: wait until it ends, or end its session \
         (application_name 'regrant migrate' in pg_stat_activity), and migrate again",
        PATIENCE.as_secs() / 60
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_that_another_migration_runs_and_how_to_find_it() {
        let error = describe_other().to_string();
        let says = |it: &str| error.contains(it);
        assert!(says("did not end within 10 minutes: wait"), "{error}");
        assert!(
            says("session (application_name 'regrant migrate'"),
            "{error}"
        );
    }
}
