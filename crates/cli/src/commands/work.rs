//! `regrant work`: does what is due, beside `serve` or in many processes on PostgreSQL.
//!
//! The rule: SIGTERM first stops claiming, then lets what is under way settle and gives every lease back; what
//! is cut off anyway is taken up by another process once its lease has ended.

use anyhow::Context as _;
use regrant_api::AdminRoutes;
use regrant_worker::Worker;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{Global, admin_listener, config::Config, installation, signals, telemetry};

pub(crate) async fn run(global: &Global) -> anyhow::Result<()> {
    let config = Config::of_process(global)?;
    telemetry::start(config.log, "info")?;
    let stop = signals::on_stop()?;
    let (listen, settings, api) = (
        config.admin_listen,
        config.worker.clone(),
        config.api.clone(),
    );
    let vault = installation::open(config).await?;
    let worker = Worker::new(vault.clone(), settings);
    let admin = admin_listener::bind(
        vault.clone(),
        listen,
        api,
        AdminRoutes::Health,
        Some(worker.pulse()),
    );
    let admin =
        admin.with_context(|| format!("cannot listen on {listen}: is another process there?"))?;
    installation::take_over(&vault).await?;
    info!(admin.listen = %admin.addr(), "working");
    // It answers until the work has settled.
    let settled = CancellationToken::new();
    let answering = tokio::spawn(admin.run_until(settled.clone()));
    let ended = worker.run_until(stop).await;
    vault.close().await;
    settled.cancel();
    answering.await??;
    info!("stopped");
    Ok(ended?)
}
