//! The subcommands of `regrant`, one file each.

mod apps;
mod audit;
mod demo;
mod dev;
mod doctor;
mod health;
mod keys;
mod migrate;
mod openapi;
mod operators;
mod sandbox;
mod serve;
mod tenants;
mod work;

use std::process::ExitCode;

use clap::Subcommand;

use crate::Global;

#[derive(Subcommand)]
pub(crate) enum Command {
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
    Health(health::Args),
    /// Check settings, database, keyring, clock and Graph, and say what to do about each fault.
    Doctor,
}

impl Command {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        match self {
            Self::Dev(args) => dev::run(args, global.output).await.map(done),
            Self::Demo(args) => demo::run(args, global.output).await,
            Self::Serve(args) => Box::pin(serve::run(args, global)).await.map(done),
            Self::Work => Box::pin(work::run(global)).await.map(done),
            Self::Migrate(args) => migrate::run(args, global).await.map(done),
            Self::Keys(command) => keys::run(command, global.output).map(done),
            Self::Apps(command) => Box::pin(apps::run(command, global)).await.map(done),
            Self::Tenants(command) => tenants::run(command, global).await.map(done),
            Self::Operators(command) => Box::pin(operators::run(command, global)).await.map(done),
            Self::Audit(command) => audit::run(command, global).await,
            Self::Sandbox(args) => sandbox::run(args).await.map(done),
            Self::Openapi(args) => openapi::run(&args).map(done),
            Self::Health(args) => health::run(args, global).await.map(done),
            Self::Doctor => doctor::run(global).await,
        }
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
