//! The rotation of keys while processes run: of key-encryption keys (KEKs), which wrap data keys, and of data keys, which
//! seal the records of a tenant.
//!
//! The rule: a version wraps only after every process that runs can open it, and it is destroyed only when it wraps
//! nothing. What is left to do follows from the rows, so that a rotation continues after any crash.
//! Start at `rotation.rs`; `rewrap.rs` has the work between a promotion and a retirement, `retirement.rs` the approval of
//! two operators. `data_keys.rs` and `reseal.rs`
//! do the same for data keys. `diagnosis.rs` is what `regrant doctor` reads. `destruction.rs` notes which deletions are effective once a version is destroyed.

pub(crate) mod data_keys;
pub(crate) mod destruction;
pub(crate) mod diagnosis;
mod nodes;
mod process_turns;
pub(crate) mod reseal;
pub(crate) mod retirement;
mod rewrap;
pub(crate) mod rotation;
pub(crate) mod status;
pub(crate) mod verify;
