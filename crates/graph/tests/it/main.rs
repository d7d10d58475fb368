//! The client against scripted responses that are hard to provoke, and against the sandbox.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test must panic"
)]

mod bench;
mod breaker;
mod each;
mod inspect;
mod probe;
mod sandbox;
mod secrecy;
mod single_calls;
mod stub;
mod throttle;
mod throttle_scopes;
