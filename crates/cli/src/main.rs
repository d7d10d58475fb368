//! The `regrant` binary, for operators and newcomers.
//!
//! The rule: a command reads its settings, calls use cases of the vault and prints the result; decisions belong
//! in the vault. An argument never takes a secret.
//! Start at `commands/dev.rs` for everything in one process and at `commands/serve.rs` for production.

#![forbid(unsafe_code)]

mod admin_listener;
mod commands;
mod config;
mod http;
mod installation;
mod key_provider;
mod memory_guard;
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
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(clap::Args)]
pub(crate) struct GlobalArgs {
    /// Settings file (TOML); `REGRANT_…` variables override it.
    #[arg(long, global = true, env = "REGRANT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The format of results.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORM")]
    output: Output,
}

fn main() -> ExitCode {
    run_binary().unwrap_or_else(|error| {
        print_error(&error);
        ExitCode::FAILURE
    })
}

/// Protects the memory before it reads an argument or a setting, and runs the command.
fn run_binary() -> anyhow::Result<ExitCode> {
    memory_guard::protect_memory()?;
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(cli.command.run_command(&cli.global))
}

/// Prints the error and its causes on standard error, one a line.
fn print_error(error: &anyhow::Error) {
    let mut stderr = std::io::stderr().lock();
    let labels = std::iter::once("error").chain(std::iter::repeat("  because"));
    for (label, text) in labels.zip(output::cause_texts(error)) {
        // A failed write to stderr cannot be reported anywhere.
        drop(writeln!(stderr, "{label}: {text}"));
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
        for command in with_subcommands(&Cli::command()) {
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

    fn with_subcommands(command: &clap::Command) -> Vec<clap::Command> {
        let subcommands = command.get_subcommands().flat_map(with_subcommands);
        std::iter::once(command.clone())
            .chain(subcommands)
            .collect()
    }
}
