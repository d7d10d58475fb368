//! `regrant work`: runs the worker beside `serve`; on PostgreSQL in as many processes as you like.
//!
//! The rule: SIGTERM first stops claiming, then lets running work settle and releases every lease; another
//! process claims work that was cut off once its lease has ended.

use regrant_api::AdminRoutes;
use regrant_worker::Worker;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{GlobalArgs, admin_listener, config::Config, installation, signals, telemetry};

pub(crate) async fn run(global: &GlobalArgs) -> anyhow::Result<()> {
    let config = Config::from_process(global)?;
    telemetry::start_logging(config.log, "info")?;
    let stop = signals::stop_on_signals()?;
    // First: a process that cannot take its address must change nothing.
    let address = admin_listener::take_address(config.admin_listen)?;
    let (settings, api) = (config.worker.clone(), config.api.clone());
    let vault = installation::open_vault_to_write(config).await?;
    let worker = Worker::new(&vault, settings);
    let admin = admin_listener::bind_admin_listener(
        vault.clone(),
        address,
        api,
        AdminRoutes::Health,
        Some(worker.pulse()),
    )?;
    installation::join_installation(&vault).await?;
    info!(admin.listen = %admin.local_addr(), "working");
    // The listener answers until all work has settled.
    let settled = CancellationToken::new();
    let listener = tokio::spawn(admin.run_until(settled.clone()));
    let ended = worker.run_until_stopped(stop).await;
    vault.shut_down().await;
    settled.cancel();
    listener.await??;
    info!("stopped");
    Ok(ended?)
}
