//! The upstream client: typed calls to Meta's Graph API, and what the responses mean.
//!
//! The one rule: a token leaves this crate only towards Graph or inside an [`AccessToken`]. Every
//! text of Graph is redacted where it is read, so no error, log or span can hold a secret.
//! Start at [`Client`]. The table of `regrant_domain::errors` says what every error of Graph means; the folders
//! are `call` (one HTTP call), `limits` (pauses after throttles), `app_health` (the circuit
//! breaker), `errors`, `probe` (batches of probes) and `tokens` (`debug_token` and exchanges).
//!
//! [`AccessToken`]: regrant_domain::AccessToken

#![forbid(unsafe_code)]

mod app_health;
mod call;
mod client;
mod edges;
mod errors;
mod limits;
pub mod notices;
mod probe;
mod settings;
mod tokens;

pub use app_health::breaker::{SuspectedApp, TripCause};
pub use call::{app_credentials::AppCredentials, appsecret_proof::AppSecretProof};
pub use client::Client;
pub use edges::{Edge, EdgeOwner, EdgePage, EdgeWalk, ListPosition, ListedAsset, Walker};
pub use errors::graph_error::CallError;
pub use probe::{Probe, ProbeChunk, Target};
pub use regrant_domain::TokenFacts;
pub use settings::{ConfigError, Settings};
pub use tokens::{
    code::CodeExchangeError,
    death::DeathVerdict,
    exchange::IssuedToken,
    inspect::{InspectError, TokenInspection},
};
