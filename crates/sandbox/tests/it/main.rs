//! The sandbox over HTTP, as its callers see it.

#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod access;
mod batch;
mod bench;
mod control;
mod faults;
mod lists;
mod migration;
mod proofs;
mod sharing;
mod tokens;
mod webhooks;
