//! End-to-end tests: the real server, real databases, the sandbox over HTTP.
//!
//! The rule: everything is real except Meta, which the sandbox simulates over HTTP on 127.0.0.1.
//! Each folder is a capability with the name that it has in the API, the vault and the storage; [`harness`] is the
//! shared equipment. Start there: it gives each test a database, a sandbox and a server.

#![forbid(unsafe_code)]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed expectation fails the test"
)]

mod access;
mod api;
mod assets;
mod credentials;
mod damage;
mod forecast;
mod harness;
mod idempotency;
mod inbound;
mod installation;
mod judgement;
mod links;
mod operators;
mod reconnect;
mod sandbox;
mod tenants;
mod tokens;
mod upkeep;
mod watch;
mod webhooks;
