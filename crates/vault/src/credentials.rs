//! Sealed credentials: data keys, sealed payloads, and the grants that tokens come from.
//!
//! The rule: a token is sealed before it reaches the database, and its ciphertext opens for one row and one generation
//! only.
//! Start at `seal.rs`.

pub(crate) mod attribution;
pub(crate) mod data_keys;
pub(crate) mod grants;
mod keyring;
pub(crate) mod mass_refusals;
pub(crate) mod named_keys;
mod new_data_keys;
pub(crate) mod payload;
mod probe;
pub(crate) mod probed_asset;
pub(crate) mod revocation;
pub(crate) mod seal;
pub(crate) mod second_opinion;
mod stale_keys;
#[cfg(test)]
mod stale_keys_test;
pub(crate) mod submitted;
pub(crate) mod token_prints;
