//! A simulator of Meta's Graph API with a configurable world, clock and faults.
//!
//! It listens on loopback and responds like Graph, closely enough that Meta's own SDKs run on it
//! unchanged. Tests control it under `/sandbox`. The one rule: nothing is random or granted by
//! accident; what a token reaches follows only from the world, the migrations and the clock.
//!
//! Start at [`Sandbox::start`]; `graph.rs` routes a call, `graph/access.rs` decides what a token
//! reaches.

#![forbid(unsafe_code)]

mod calls;
mod clock;
mod control;
mod dialog;
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

/// All controls and fault rules, for the help of a command line.
pub const CONTROLS: &str = include_str!("../controls.txt");
