//! The subcommands of `regrant`, one file each.
//!
//! The rule: a new subcommand is a file here, a variant of [`Command`] and a line in [`Command::run_command`].

mod apps;
mod audit;
mod completions;
mod demo;
mod dev;
mod distribute;
mod doctor;
mod health;
mod keys;
mod man;
mod migrate;
mod openapi;
mod operators;
mod receipts;
mod sandbox;
mod serve;
mod tenants;
mod work;

use std::process::ExitCode;

use clap::Subcommand;

use crate::{GlobalArgs, output::Output};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process: SQLite, the simulated Graph, two demo tenants, one test clock.
    Dev(dev::DevArgs),
    /// Run a bulk reconnect of 120 assets in this terminal; every step checks its result.
    Demo(demo::DemoArgs),
    /// Serve the API in production.
    Serve(serve::ServeArgs),
    /// Do due work: probe, promote, refresh, deliver, purge. On PostgreSQL several processes may run.
    Work,
    /// Bring the database's schema up to date; run it as the role that owns the tables.
    Migrate(migrate::MigrateArgs),
    /// Print or run the statements that spread the tables over several servers with Citus.
    Distribute(distribute::DistributeArgs),
    /// Create, show and rotate the keyring: the file with the keys that wrap all other keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Register and list Meta apps.
    #[command(subcommand)]
    Apps(apps::AppsCommand),
    /// Onboard tenants and manage their clients.
    #[command(subcommand)]
    Tenants(tenants::TenantsCommand),
    /// Create and change operators: the accounts of the admin listener.
    #[command(subcommand)]
    Operators(operators::OperatorsCommand),
    /// Verify and export the audit, and sign checkpoints of it.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Sign receipts of deletions, and verify receipts.
    #[command(subcommand)]
    Receipts(receipts::ReceiptsCommand),
    /// Run only the simulated Graph API, for rehearsals.
    Sandbox(sandbox::SandboxArgs),
    /// Print the OpenAPI description of the public or the operators' API, or compare a file with it.
    Openapi(openapi::OpenapiArgs),
    /// Ask a running process whether it is ready; the exit code says so.
    Health(health::HealthArgs),
    /// Check settings, database, keyring, clock and Graph, and print a remedy for each fault.
    Doctor,
    /// Print the completions of this command line for a shell.
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write one page for each command into a directory.
    Man(man::ManArgs),
}

impl Command {
    /// The form of results and errors; some commands have an argument of their own for JSON.
    pub const fn output_form(&self, global: Output) -> Output {
        match self {
            Self::Dev(args) if args.json => Output::Json,
            Self::Demo(args) if args.json => Output::Json,
            _ => global,
        }
    }

    pub async fn run_command(self, global: &GlobalArgs) -> anyhow::Result<ExitCode> {
        match self {
            Self::Dev(args) => Box::pin(dev::run(args, global.output))
                .await
                .map(exit_success),
            Self::Demo(args) => Box::pin(demo::run(args, global.output)).await,
            Self::Serve(args) => Box::pin(serve::run(args, global)).await.map(exit_success),
            Self::Work => Box::pin(work::run(global)).await.map(exit_success),
            Self::Migrate(args) => migrate::run(args, global).await.map(exit_success),
            Self::Distribute(args) => distribute::run(args, global).await.map(exit_success),
            Self::Keys(command) => Box::pin(keys::run(command, global)).await,
            Self::Apps(command) => Box::pin(apps::run(command, global)).await.map(exit_success),
            Self::Tenants(command) => Box::pin(tenants::run(command, global))
                .await
                .map(exit_success),
            Self::Operators(command) => Box::pin(operators::run(command, global))
                .await
                .map(exit_success),
            Self::Audit(command) => Box::pin(audit::run(command, global)).await,
            Self::Receipts(command) => Box::pin(receipts::run(command, global))
                .await
                .map(exit_success),
            Self::Sandbox(args) => sandbox::run(args).await.map(exit_success),
            Self::Openapi(args) => openapi::run(&args).map(exit_success),
            Self::Health(args) => health::run(args, global).await.map(exit_success),
            Self::Doctor => doctor::run(global).await,
            Self::Completions(args) => completions::run(&args).map(exit_success),
            Self::Man(args) => man::run(&args).map(exit_success),
        }
    }
}

fn exit_success((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
