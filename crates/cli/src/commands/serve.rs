//! `regrant serve`: the API in production, with the worker in the same process where that is asked for.
//!
//! The rule: SIGTERM first stops accepting, then lets running reconnects finish their chunk and gives
//! their leases back; what is cut off anyway is taken up by the next start or by another replica.

use std::time::Duration;

use anyhow::Context as _;
use regrant_api::{AdminRoutes, Server};
use regrant_vault::Vault;
use regrant_worker::Worker;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::{Global, admin_listener, config::Config, installation, signals, telemetry};

/// How often due reconnects are looked for where no worker does.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What it does beside serving.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Do the worker's work in this process too, as the setting `with_worker` says.
    #[arg(long)]
    with_worker: bool,
}

pub(crate) async fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let config = Config::of_process(global)?;
    telemetry::start(config.log, "info")?;
    let stop = signals::on_stop()?;
    let (listen, admin_listen, api) = (config.listen, config.admin_listen, config.api.clone());
    let worker = (args.with_worker || config.with_worker).then(|| config.worker.clone());
    let vault = installation::open(config).await?;
    let worker = worker.map(|settings| Worker::new(vault.clone(), settings));
    let pulse = worker.as_ref().map(Worker::pulse);
    let taken = |address| format!("cannot listen on {address}: is another process there?");
    let server = Server::bind(vault.clone(), listen, api.clone()).with_context(|| taken(listen))?;
    let admin = admin_listener::bind(vault.clone(), admin_listen, api, AdminRoutes::All, pulse);
    let admin = admin.with_context(|| taken(admin_listen))?;
    // Only whoever holds the port may take over what another process has left.
    installation::take_over(&vault).await?;
    info!(listen = %server.addr(), admin.listen = %admin.addr(), with_worker = worker.is_some(), "serving");
    let working = tokio::spawn(work(worker, vault.clone(), stop.clone()));
    let ended = tokio::try_join!(
        server.run_until(stop.clone()),
        admin.run_until(stop.clone())
    );
    // A listener that failed ends the process, and the work with it.
    stop.cancel();
    vault.close().await;
    working.await?;
    info!("stopped");
    ended.context("a listener failed").map(drop)
}

/// All that is due, or reconnects alone. A worker that breaks down leaves the API standing, and `/readyz` tells.
async fn work(worker: Option<Worker>, vault: Vault, stop: CancellationToken) {
    match worker {
        Some(worker) => {
            if let Err(broke) = worker.run_until(stop).await {
                error!(error = %broke, "serving goes on without its worker");
            }
        }
        None => vault.resume_until_closed(LOOK_EVERY).await,
    }
}
