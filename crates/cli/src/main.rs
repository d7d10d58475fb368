//! The `regrant` binary.
fn main() {}
