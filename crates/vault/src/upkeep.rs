//! Upkeep of the database: deletes records past retention, and reports the backlog of due work.
//!
//! The rule: upkeep works in bounded steps, one transaction each.
//! Start at `purge.rs`.

pub(crate) mod backlog;
mod purge;
