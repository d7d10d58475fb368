//! Upkeep of the database: purging and the backlog of due work.
//!
//! The rule: upkeep works in bounded steps, one transaction each.
//! Start at `purge.rs`.

pub(crate) mod backlog;
mod purge;
