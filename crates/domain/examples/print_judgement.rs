//! Prints `docs/judgement.md`.
//!
//! `cargo run -p regrant-domain --example print_judgement > docs/judgement.md`

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let text = regrant_domain::judgement_docs::print_judgement();
    io::stdout().write_all(text.as_bytes())
}
