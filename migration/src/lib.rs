//! The schema: one change a step, each in plain SQL, up and down.
//!
//! The rule: a step that has been released is never edited; the next change is a new step, and it first
//! expands, so that the release before it goes on working (later steps contract).
//! Start at [`Migrator`]; [`open()`] gives the connection it wants.

#![forbid(unsafe_code)]

mod open;
mod role;
mod step;
mod steps;

pub use open::open;
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
