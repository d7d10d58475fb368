//! The sandbox over HTTP.

#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failing test must panic"
)]

mod access;
mod batch;
mod bench;
mod control;
mod dates;
mod dialog;
mod document;
mod facts;
mod faults;
mod graph_errors;
mod lists;
mod migration;
mod proofs;
mod samples;
mod scopes;
mod sharing;
mod simulated;
mod tokens;
mod webhooks;
