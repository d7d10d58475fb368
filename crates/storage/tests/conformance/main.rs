//! One suite for both databases: every test runs on SQLite and on PostgreSQL, each with its own database.

#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

mod activate;
mod asset;
mod audit;
mod bench;
mod client;
mod due;
mod forecast;
mod graph_error;
mod idempotency;
mod installation;
mod notice;
mod observe;
mod persons;
mod probe_due;
mod purge;
mod reconnect;
mod session;
mod state;
mod webhook;
