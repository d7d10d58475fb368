//! End to end: the real server, real databases, the sandbox over HTTP.
//!
//! The rule: everything is real but the upstream, and that is spoken to over HTTP on 127.0.0.1.
//! Start at [`bench`]: a database, a sandbox and a server for each test.

mod access;
mod bench;
mod canary;
mod idempotency;
mod kill;
mod overlap;
mod problems;
mod reconnect;
mod sdk;
mod stream;
mod thousand;
mod tokens;
