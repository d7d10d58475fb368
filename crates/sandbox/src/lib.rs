//! A simulator of Meta's Graph API with a world, a clock and faults of the caller's choice.
//!
//! It answers on loopback as Graph would, closely enough that Meta's own SDKs run on it unchanged, and is steered
//! under `/sandbox`. The one rule: nothing here is random and nothing is granted by accident; what a token
//! reaches follows from the world, the migrations and the clock alone.
//!
//! Start at [`Sandbox::start`]; `graph.rs` routes a call, `graph/access.rs` decides what a token reaches.

#![forbid(unsafe_code)]

mod calls;
mod clock;
mod control;
mod error;
mod fault;
mod graph;
mod http;
mod migration;
mod server;
mod state;
mod token;
mod usage;
mod webhook;
mod world;

pub use clock::Clock;
pub use error::Error;
pub use server::{Sandbox, Settings};
pub use world::World;
