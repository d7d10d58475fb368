//! Upkeep of the database: deletes records past retention, erases deleted bytes from a SQLite file, reports the backlog
//! of due work, keeps unknown errors of Graph, and runs and ends the background work of the process (`lifecycle.rs`).
//!
//! The rule: upkeep works in bounded steps, one transaction each; an erasure is one rewrite.
//! Start at `purge.rs`.

pub(crate) mod backlog;
pub(crate) mod erasure;
pub(crate) mod graph_errors;
pub(crate) mod lifecycle;
mod purge;
mod statistics;
mod tenant_runs;
