//! `regrant completions`: prints what a shell needs to complete commands and options.

use clap_complete::{Shell, generate};

use crate::{command_line::build_command, output};

/// Options of `completions`.
#[derive(clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    generate(args.shell, &mut build_command(), "regrant", &mut script);
    output::print_text(&String::from_utf8(script)?)
}
