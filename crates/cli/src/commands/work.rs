//! `regrant work`: runs the worker beside `serve`; on PostgreSQL in as many processes as you like.
//!
//! The rule: SIGTERM first stops claiming, then lets running work settle and releases every lease; another
//! process claims work that was cut off once its lease has ended.

use anyhow::Context as _;
use regrant_api::AdminRoutes;
use regrant_worker::Worker;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{GlobalArgs, admin_listener, config::Config, installation, signals, telemetry};

pub(crate) async fn run(global: &GlobalArgs) -> anyhow::Result<()> {
    let config = Config::from_process(global)?;
    telemetry::start_logging(config.log, "info")?;
    let stop = signals::stop_on_signals()?;
    let (listen, settings, api) = (
        config.admin_listen,
        config.worker.clone(),
        config.api.clone(),
    );
    let vault = installation::open_vault_to_write(config).await?;
    let worker = Worker::new(&vault, settings);
    let admin = admin_listener::bind_admin_listener(
        vault.clone(),
        listen,
        api,
        AdminRoutes::Health,
        Some(worker.pulse()),
    );
    let admin = admin.with_context(|| {
        format!("cannot listen on {listen}: does another process use the port?")
    })?;
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
