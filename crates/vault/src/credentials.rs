//! Sealed credentials: data keys, the sealed payload, and the grants that tokens come from.
//!
//! The rule: a token is sealed in memory before it reaches the database, for one row and one generation.
//! Start at `seal.rs`.

pub(crate) mod data_keys;
pub(crate) mod grants;
pub(crate) mod payload;
pub(crate) mod seal;
