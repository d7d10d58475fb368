//! Upkeep of the database: deletes records past retention, reports the backlog of due work, and keeps unknown errors of
//! Graph.
//!
//! The rule: upkeep works in bounded steps, one transaction each.
//! Start at `purge.rs`.

pub(crate) mod backlog;
pub(crate) mod graph_errors;
mod purge;
