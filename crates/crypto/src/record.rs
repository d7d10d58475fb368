//! Sealed records: their format, the context they are bound to, and fingerprints.

pub(crate) mod context;
pub(crate) mod envelope;
mod fingerprint;

pub use context::{Context, Purpose};
pub use envelope::{KeyRef, MAX_PAYLOAD};
pub use fingerprint::Fingerprint;
