//! End to end: the real server, real databases, the sandbox over HTTP.
//!
//! The rule: everything is real but the upstream, and that is spoken to over HTTP on 127.0.0.1.
//! Start at [`bench`]: a database, a sandbox and a server for each test.

#![forbid(unsafe_code)]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod access;
mod admin;
mod admin_matrix;
mod admin_tenants;
mod bad_tokens;
mod bench;
mod canary;
mod clients;
mod compose;
mod cors;
mod description;
mod fairness;
mod forecast;
mod idempotency;
mod inbound;
mod kill;
mod limits;
mod migration;
mod operations;
mod outage;
mod overlap;
mod previews;
mod problems;
mod reach;
mod reconnect;
mod register;
mod replicas;
mod sdk;
mod sessions;
mod stream;
mod thousand;
mod tokens;
mod watch;
mod webhooks;
mod worker;
