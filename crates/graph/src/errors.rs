//! Errors of Graph: read and redacted, classified, then turned into a refusal.
//!
//! The rule: only the table of `regrant_domain::errors` knows codes and messages of Graph; all other code reads the
//! class that it returns.
//! Start at `interpret`.

pub(crate) mod classify;
pub(crate) mod graph_error;
pub(crate) mod interpret;
pub(crate) mod redact;
pub(crate) mod unknown;
