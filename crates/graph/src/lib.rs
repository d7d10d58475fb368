//! The upstream client: what Regrant asks of the Graph API, and how it reads the answers.
//!
//! The one rule: a token leaves this crate only towards Graph or inside an [`AccessToken`]. Texts
//! are redacted where they are read, so no error, log or span can hold a secret.
//! Start at [`Client`]; `classify` decides what every error of Graph means.
//!
//! [`AccessToken`]: regrant_domain::AccessToken

#![forbid(unsafe_code)]

mod app;
mod batch;
mod breaker;
mod budget;
mod call;
mod caller;
mod classify;
mod client;
mod death;
mod debugged;
mod error;
mod exchange;
mod gate;
mod inspect;
mod item;
mod node;
pub mod notices;
mod pack;
mod pause;
mod probe;
mod proof;
mod redact;
mod settings;
mod usage;
mod verdict;
mod wire;

pub use app::AppCredentials;
pub use breaker::{AppAtRest, RestCause};
pub use client::Client;
pub use death::Death;
pub use error::CallError;
pub use exchange::Exchanged;
pub use inspect::{InspectError, Inspected, TokenFacts};
pub use probe::{Probe, ProbedChunk, Target};
pub use proof::AppSecretProof;
pub use settings::{ConfigError, Settings};
