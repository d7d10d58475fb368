//! What the client of Graph reads of an error, from its own files.

#[path = "../../../crates/graph/src/errors/graph_error.rs"]
pub(crate) mod graph_error;
#[path = "../../../crates/graph/src/errors/redact.rs"]
pub(crate) mod redact;
