//! What the client of Graph reads of a call, from its own file.

#[path = "../../../crates/graph/src/call/wire.rs"]
pub(crate) mod wire;
