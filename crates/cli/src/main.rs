//! The `regrant` binary: what an operator and a newcomer run.
//!
//! The rule: a command reads its settings, calls the use cases of the vault and prints; what it decides
//! itself belongs elsewhere. Secrets never come from the command line's arguments.
//! Start at `commands/dev.rs` for everything in one process and at `commands/serve.rs` for production.

#![forbid(unsafe_code)]

mod admin_listener;
mod commands;
mod config;
mod http;
mod installation;
mod output;
mod private_file;
mod rehearsal;
mod signals;
mod telemetry;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::Parser;

use crate::{commands::Command, output::Output};

/// Token vault and bulk reconnect for Meta business assets.
#[derive(Parser)]
#[command(
    name = "regrant",
    version,
    about,
    propagate_version = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options every command understands.
#[derive(clap::Args)]
pub(crate) struct Global {
    /// Settings file (TOML); `REGRANT_…` variables win over it.
    #[arg(long, global = true, env = "REGRANT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORM")]
    output: Output,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let done = runtime
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(cli.command.run(&cli.global)));
    match done {
        Ok(code) => code,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

/// The error and what caused it, for a person.
fn tell(error: &anyhow::Error) {
    let mut stderr = std::io::stderr().lock();
    // There is nowhere left to report that stderr is closed.
    drop(writeln!(stderr, "error: {error}"));
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.ends_with(&cause) {
            drop(writeln!(stderr, "  because: {cause}"));
        }
        told = cause;
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_argument_takes_a_secret() {
        for command in all(&Cli::command()) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                let is_secret = ["secret", "passphrase", "token", "password"].contains(&name);
                assert!(
                    !is_secret,
                    "{} takes {name} on the command line",
                    command.get_name()
                );
            }
        }
    }

    fn all(command: &clap::Command) -> Vec<clap::Command> {
        let below = command.get_subcommands().flat_map(all);
        std::iter::once(command.clone()).chain(below).collect()
    }
}
