//! The schema: one change a step, each in plain SQL, up and down.
//!
//! The rule: a released step is never edited. A change is a new step that only adds, so that the release before
//! it keeps working; a later step removes what is no longer used. Steps of a later release are left as they are: that
//! is how the release before is started again on a schema that was upgraded.
//! Start at [`Migrator`]; [`open_to_migrate()`] opens the connection it needs, [`open_to_read()`] one that looks, `apply.rs` runs the steps beside a service.

#![forbid(unsafe_code)]

mod apply;
pub mod layout;
mod lock;
mod open;
mod role;
mod statements;
mod step;
mod steps;

pub use open::{open_to_migrate, open_to_read};
pub use role::grant_app_role;
use sea_orm_migration::{
    IntoSchemaManagerConnection, MigrationTrait, async_trait, seaql_migrations,
};
pub use sea_orm_migration::{MigratorTrait, sea_orm};

use crate::{
    apply::{Direction, run_steps},
    sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement},
};

/// Applies and reverts the steps.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        steps::ALL
            .iter()
            .map(|step| -> Box<dyn MigrationTrait> { Box::new(*step) })
            .collect()
    }

    /// The applied steps that this program knows.
    async fn get_migration_models<C: ConnectionTrait>(
        db: &C,
    ) -> Result<Vec<seaql_migrations::Model>, DbErr> {
        let mut applied = read_applied(db).await?;
        applied.retain(|it| is_known(&it.version));
        Ok(applied)
    }

    /// Applies the next steps. One that does not get its locks is tried again for a limited time. On PostgreSQL it waits for
    /// another migration first; the connection must be one session, as that of [`open_to_migrate()`] is.
    async fn up<'c, C>(db: C, steps: Option<u32>) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        run_steps(&db.into_database_executor(), Direction::Up, steps).await
    }

    /// Reverts the newest steps, in the same way.
    async fn down<'c, C>(db: C, steps: Option<u32>) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        run_steps(&db.into_database_executor(), Direction::Down, steps).await
    }
}

impl Migrator {
    /// The names of the steps of this program, the oldest first, and whether each is applied. Changes nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_own_steps<C: ConnectionTrait>(db: &C) -> Result<Vec<(String, bool)>, DbErr> {
        let applied = read_applied(db).await?;
        let is_applied = |name: &str| applied.iter().any(|it| it.version == name);
        let steps = steps::ALL.iter();
        Ok(steps
            .map(|it| (it.name.to_owned(), is_applied(it.name)))
            .collect())
    }

    /// The names of the applied steps of a later release, the oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_later_steps<C: ConnectionTrait>(db: &C) -> Result<Vec<String>, DbErr> {
        let applied = read_applied(db).await?.into_iter();
        let later = applied.filter(|it| !is_known(&it.version));
        Ok(later.map(|it| it.version).collect())
    }
}

fn is_known(name: &str) -> bool {
    steps::ALL.iter().any(|it| it.name == name)
}

async fn read_applied<C: ConnectionTrait>(db: &C) -> Result<Vec<seaql_migrations::Model>, DbErr> {
    if !has_table_of_steps(db).await? {
        return Ok(Vec::new());
    }
    let sql = "SELECT version, applied_at FROM seaql_migrations ORDER BY version";
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await?;
    let read = |row: &QueryResult| {
        Ok(seaql_migrations::Model {
            version: row.try_get("", "version")?,
            applied_at: row.try_get("", "applied_at")?,
        })
    };
    rows.iter().map(read).collect()
}

async fn has_table_of_steps<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SELECT 1 WHERE to_regclass('seaql_migrations') IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
    };
    let found = db.query_one_raw(Statement::from_string(backend, sql));
    Ok(found.await?.is_some())
}
