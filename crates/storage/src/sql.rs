//! Statements, rows and the differences between the two databases.

mod array;
pub(crate) mod dialect;
pub(crate) mod lenient;
mod param;
pub(crate) mod query;
pub(crate) mod row;
mod template;

pub(crate) use dialect::{Dialect, Plans};
pub(crate) use lenient::{LenientRow, decode_row, decode_rows};
pub(crate) use query::{CHUNK, Query, maybe_micros, maybe_to_json, to_json, to_micros};
pub(crate) use row::Row;
