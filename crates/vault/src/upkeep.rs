//! Upkeep of the database: deletes records past retention, erases deleted bytes from a SQLite file, reports the backlog
//! of due work, and keeps unknown errors of Graph.
//!
//! The rule: upkeep works in bounded steps, one transaction each; an erasure is one rewrite.
//! Start at `purge.rs`.

pub(crate) mod backlog;
pub(crate) mod erasure;
pub(crate) mod graph_errors;
mod purge;
mod statistics;
