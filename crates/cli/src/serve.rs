//! `regrant serve`: the API in production.
//!
//! The rule: SIGTERM first stops accepting, then lets running reconnects finish their chunk and gives
//! their leases back; what is cut off anyway is taken up by the next start or by another replica.

use std::time::Duration;

use anyhow::Context as _;
use regrant_api::Server;
use rustix::process::{Resource, Rlimit, setrlimit};
use tracing::{info, warn};

use crate::{Global, config::Config, health::Health, installation, signals, telemetry};

/// How often due reconnects are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(crate) async fn run(global: &Global) -> anyhow::Result<()> {
    let config = Config::of_process(global)?;
    telemetry::start(config.log, "info")?;
    forbid_core_dumps();
    let stop = signals::on_stop()?;
    let (listen, admin_listen, api) = (config.listen, config.admin_listen, config.api.clone());
    let vault = installation::open(config).await?;
    let taken = |address| format!("cannot listen on {address}: is another process there?");
    let server = Server::bind(vault.clone(), listen, api).with_context(|| taken(listen))?;
    let admin = Health::bind(vault.clone(), admin_listen).await.with_context(|| taken(admin_listen))?;
    // Only whoever holds the port may take over what another process has left.
    vault.take_over().await?;
    info!(listen = %server.addr(), admin.listen = %admin.addr(), "serving");
    let resuming = tokio::spawn({
        let vault = vault.clone();
        async move { vault.resume_until_closed(LOOK_EVERY).await }
    });
    let (ended, ()) = tokio::join!(server.run_until(stop.clone()), admin.run_until(stop));
    vault.close().await;
    resuming.await?;
    info!("stopped");
    ended.context("the listener failed")
}

/// A core dump would hold keys and tokens in the clear.
fn forbid_core_dumps() {
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        warn!(%error, "core dumps stay possible");
    }
}
