//! Statements, rows and the differences between the two databases.

pub(crate) mod dialect;
pub(crate) mod query;
pub(crate) mod row;
mod template;

pub(crate) use dialect::Dialect;
pub(crate) use query::{CHUNK, Query, to_json, maybe_to_json, maybe_micros, to_micros};
pub(crate) use row::Row;
