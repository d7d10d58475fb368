//! The schema: one change a step, each in plain SQL, up and down.
//!
//! The rule: a released step is never edited. A change is a new step that only adds, so that the release before
//! it keeps working; a later step removes what is no longer used.
//! Start at [`Migrator`]; [`open_to_migrate()`] opens the connection it needs.

#![forbid(unsafe_code)]

pub mod layout;
mod open;
mod role;
mod statements;
mod step;
mod steps;

pub use open::open_to_migrate;
pub use role::grant_app_role;
pub use sea_orm_migration::{MigrationStatus, MigratorTrait, sea_orm};
use sea_orm_migration::{MigrationTrait, async_trait};

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
}
