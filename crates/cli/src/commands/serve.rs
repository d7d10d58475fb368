//! `regrant serve`: the API in production, with the worker in the same process if the settings say so.
//!
//! The rule: SIGTERM first stops accepting, then lets running reconnects finish their chunk and releases their
//! leases; a reconnect that is cut off anyway resumes at the next start or in another replica.

use std::time::Duration;

use anyhow::Context as _;
use regrant_api::{AdminRoutes, Server};
use regrant_domain::error_chain;
use regrant_vault::Vault;
use regrant_worker::Worker;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::{GlobalArgs, admin_listener, config::Config, installation, signals, telemetry};

/// How often due reconnects are resumed if no worker runs in this process.
const RESUME_INTERVAL: Duration = Duration::from_secs(1);

/// Options of `serve`.
#[derive(clap::Args)]
pub(crate) struct ServeArgs {
    /// Run the worker in this process, too; the same as the setting `with_worker`.
    #[arg(long)]
    with_worker: bool,
}

pub(crate) async fn run(args: ServeArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    let config = Config::from_process(global)?;
    telemetry::start_logging(config.log, "info")?;
    let stop = signals::stop_on_signals()?;
    // First: a process that cannot take its addresses must change nothing.
    let address = admin_listener::take_address(config.listen)?;
    let admin_address = admin_listener::take_address(config.admin_listen)?;
    let api = config.api.clone();
    let worker = (args.with_worker || config.with_worker).then(|| config.worker.clone());
    let vault = installation::open_vault_to_write(config).await?;
    let worker = worker.map(|settings| Worker::new(&vault, settings));
    let pulse = worker.as_ref().map(Worker::pulse);
    let server = Server::bind(vault.clone(), address, api.clone())?;
    let admin = admin_listener::bind_admin_listener(
        vault.clone(),
        admin_address,
        api.with_links_to(server.addr()),
        AdminRoutes::All,
        pulse,
    )?;
    installation::join_installation(&vault).await?;
    info!(listen = %server.addr(), admin.listen = %admin.local_addr(), with_worker = worker.is_some(), "serving");
    let working = tokio::spawn(run_due_work(worker, vault.clone(), stop.clone()));
    let ended = tokio::try_join!(
        server.run_until(stop.clone()),
        admin.run_until(stop.clone())
    );
    // If a listener failed, the worker and the reconnects must stop, too.
    stop.cancel();
    vault.stop_runs().await;
    // Before the leases are released: a pass that is under way may still claim.
    working.await?;
    vault.shut_down().await;
    info!("stopped");
    ended.context("a listener failed").map(drop)
}

/// Runs the worker, or only resumes reconnects. If the worker breaks down, the API keeps serving and `/readyz` fails.
async fn run_due_work(worker: Option<Worker>, vault: Vault, stop: CancellationToken) {
    match worker {
        Some(worker) => {
            if let Err(error) = worker.run_until_stopped(stop).await {
                error!(
                    error = error_chain(&error),
                    "the worker broke down; the API keeps serving"
                );
            }
        }
        None => vault.resume_until_closed(RESUME_INTERVAL).await,
    }
}
