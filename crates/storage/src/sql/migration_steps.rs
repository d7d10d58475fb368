//! The steps of the migration as their files have them, for tests that compare a list with the schema.
//!
//! The rule: every file below the folder of the steps counts, so that a new step cannot be forgotten.

use std::{
    fs,
    path::{Path, PathBuf},
};

const STEPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migration/src/steps");

/// The text of every step.
pub(crate) fn read_migration_steps() -> Vec<String> {
    let files = list_files(Path::new(STEPS)).into_iter();
    files.map(|it| fs::read_to_string(it).unwrap()).collect()
}

/// The files of a folder, which are in folders by capability.
fn list_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let files = entries.flat_map(|it| {
        if it.is_dir() {
            list_files(&it)
        } else {
            vec![it]
        }
    });
    files.collect()
}
