//! One suite for both databases: every test runs on SQLite and on PostgreSQL, each on a database of its own.

#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod asset;
mod audit;
mod bench;
mod client;
mod connect;
mod due;
mod forecast;
mod idempotency;
mod inbox;
mod installation;
mod isolation;
mod migrations;
mod person_list;
mod probe_due;
mod purge;
mod reconnect;
mod reconnect_session;
mod role;
mod settle;
mod state;
mod webhook;
