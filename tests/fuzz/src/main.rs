//! The fuzz targets: each takes bytes as a stranger could send or store them. A panic, and an input that opens although
//! the holder of the key did not make it, is a finding.
//!
//! The rule: a target calls the function that the product calls, with keys that never change, so that the corpus stays valid.
//! `tests/fuzz/run` builds it, writes the corpus, and runs each target; start at [`Target::run`].

mod seeds;
mod target;

// The files themselves: their crates export none of them, and would bring a client of HTTP or a command line.
#[allow(dead_code, unreachable_pub)]
mod call;
#[allow(dead_code, unreachable_pub)]
mod errors;
#[allow(dead_code, unreachable_pub)]
#[path = "../../../crates/cli/src/private_file.rs"]
mod private_file;
#[allow(dead_code, unreachable_pub)]
#[path = "../../../crates/cli/src/config/source.rs"]
mod source;

use std::{path::PathBuf, process::ExitCode};

use target::Target;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    if name == "write-corpus" {
        let root = PathBuf::from(arguments.next().unwrap_or_default());
        return seeds::write_corpus(&root);
    }
    let Some(target) = Target::find(&name) else {
        eprintln!("expected one of: {}", Target::names().join(", "));
        return ExitCode::FAILURE;
    };
    afl::fuzz!(|data: &[u8]| target.run(data));
    ExitCode::SUCCESS
}
