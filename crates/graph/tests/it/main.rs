//! The client against answers that are hard to provoke, and against the simulator of Graph.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails is to say so"
)]

mod bench;
mod breaker;
mod each;
mod inspect;
mod probe;
mod sandbox;
mod secrecy;
mod stub;
mod throttle;
