//! Authenticates callers (clients, operators, browser sessions) and issues their access tokens.
//!
//! The rule: a caller's tenant and permissions come from a verified credential, never from the
//! request.
//! Start at `authenticate.rs`.

pub(crate) mod authenticate;
mod capability_caller;
pub(crate) mod claims;
pub(crate) mod client_log_in;
pub(crate) mod client_lookups;
pub(crate) mod issuer;
#[cfg(test)]
mod issuer_test;
pub(crate) mod key_proof;
pub(crate) mod origins;
pub(crate) mod own_tokens;
pub(crate) mod scope_usage;
mod session_auth;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod stream_tickets;
pub(crate) mod used_proofs;
mod verified_tokens;
