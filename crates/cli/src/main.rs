//! The `regrant` binary, for operators and newcomers.
//!
//! The rule: a command reads its settings, calls use cases of the vault and prints the result; decisions belong
//! in the vault. An argument never takes a secret.
//! Start at `commands/dev.rs` for everything in one process and at `commands/serve.rs` for production.

#![forbid(unsafe_code)]

mod admin_listener;
mod command_line;
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

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

use crate::{
    commands::Command,
    output::{Output, OutputClosed},
};

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

/// The exit code of a process that a closed pipe ends, as shells report it.
const OUTPUT_CLOSED: u8 = 128 + 13;

fn main() -> ExitCode {
    if let Err(error) = memory_guard::protect_memory() {
        Output::Text.print_error(&error);
        return ExitCode::FAILURE;
    }
    let cli = match command_line::read_arguments() {
        Ok(cli) => cli,
        Err(ended) => return ended,
    };
    let form = cli.command.output_form(cli.global.output);
    run_command(cli).unwrap_or_else(|error| {
        if error.downcast_ref::<OutputClosed>().is_some() {
            return ExitCode::from(OUTPUT_CLOSED);
        }
        form.print_error(&error);
        ExitCode::FAILURE
    })
}

fn run_command(cli: Cli) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(cli.command.run_command(&cli.global))
}

#[cfg(test)]
mod tests {
    use super::command_line::build_command;

    #[test]
    fn the_command_line_is_well_formed() {
        build_command().debug_assert();
    }

    #[test]
    fn no_help_text_shows_the_marks_of_our_documentation() {
        for command in with_subcommands(&build_command()) {
            let arguments = command.get_arguments();
            let texts = arguments.flat_map(|it| [it.get_help(), it.get_long_help()]);
            let of_command = [command.get_about(), command.get_long_about()];
            for text in texts.chain(of_command).flatten() {
                assert!(!text.to_string().contains('`'), "{text}");
            }
        }
    }

    #[test]
    fn no_argument_takes_a_secret() {
        for command in with_subcommands(&build_command()) {
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
