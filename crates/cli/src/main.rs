//! The `regrant` binary: what an operator and a newcomer run.
//!
//! The rule: a command reads its settings, calls the use cases of the vault and prints; what it decides
//! itself belongs elsewhere. Secrets never come from the command line's arguments.
//! Start at `dev.rs` for everything in one process and at `serve.rs` for production.

#![forbid(unsafe_code)]

mod admin;
mod apps;
mod audit;
mod cast;
mod config;
mod control;
mod demo;
mod dev;
mod doctor;
mod http;
mod installation;
mod keys;
mod migrate;
mod openapi;
mod operators;
mod output;
mod private;
mod readiness;
mod rehearsal;
mod sandbox;
mod serve;
mod signals;
mod telemetry;
mod tenant_api;
mod tenants;
mod work;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::output::Output;

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

#[derive(Subcommand)]
enum Command {
    /// Run everything in one process: SQLite, the sandbox as Graph, two demo tenants, one test clock.
    Dev(dev::Args),
    /// Watch a bulk reconnect of 120 assets in this terminal; every step checks its result.
    Demo(demo::Args),
    /// Serve the API for production.
    Serve(serve::Args),
    /// Do what is due: probe, promote, refresh, deliver, clean up. Several may run on `PostgreSQL`.
    Work,
    /// Bring the database's schema up to date, with the role that owns the tables.
    Migrate(migrate::Args),
    /// Make and show the keyring, the file of the keys that wrap all others.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Register and list Meta apps.
    #[command(subcommand)]
    Apps(apps::Command),
    /// Onboard tenants and give them clients.
    #[command(subcommand)]
    Tenants(tenants::Command),
    /// Make and change operators, who log in at the admin listener.
    #[command(subcommand)]
    Operators(operators::Command),
    /// Verify, export and sign the audit.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Run the simulated Graph API alone, to rehearse against it.
    Sandbox(sandbox::Args),
    /// Print the OpenAPI description of the API or of the operators', or compare a file with it.
    Openapi(openapi::Args),
    /// Ask a running process whether it is ready; the exit code is the answer.
    Health(readiness::Args),
    /// Check settings, database, keyring, clock and Graph, and say what to do about each fault.
    Doctor,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let done = runtime
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(cli)));
    match done {
        Ok(code) => code,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let global = cli.global;
    match cli.command {
        Command::Dev(args) => dev::run(args, global.output).await.map(done),
        Command::Demo(args) => demo::run(args, global.output).await,
        Command::Serve(args) => Box::pin(serve::run(args, &global)).await.map(done),
        Command::Work => Box::pin(work::run(&global)).await.map(done),
        Command::Migrate(args) => migrate::run(args, &global).await.map(done),
        Command::Keys(command) => keys::run(command, global.output).map(done),
        Command::Apps(command) => Box::pin(apps::run(command, &global)).await.map(done),
        Command::Tenants(command) => tenants::run(command, &global).await.map(done),
        Command::Operators(command) => Box::pin(operators::run(command, &global)).await.map(done),
        Command::Audit(command) => audit::run(command, &global).await,
        Command::Sandbox(args) => sandbox::run(args).await.map(done),
        Command::Openapi(args) => openapi::run(&args).map(done),
        Command::Health(args) => readiness::run(args, &global).await.map(done),
        Command::Doctor => doctor::run(&global).await,
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
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
