//! Statements, rows and the differences between the two databases.

mod array;
pub(crate) mod dialect;
mod lane;
pub(crate) mod lenient;
mod listed_rows;
#[cfg(test)]
mod migration_steps;
mod param;
pub(crate) mod query;
pub(crate) mod row;
mod template;
mod transaction;

pub(crate) use dialect::{Dialect, Plans};
pub(crate) use lane::Lane;
pub(crate) use lenient::{LenientRow, decode_row, decode_rows};
pub use listed_rows::ListedRows;
#[cfg(test)]
pub(crate) use migration_steps::read_migration_steps;
pub(crate) use query::{CHUNK, Query, maybe_micros, maybe_to_json, to_json, to_micros};
pub(crate) use row::Row;
pub(crate) use transaction::{Queryable, Transaction, await_answer, patience_on};
