//! `regrant sandbox`: runs only the simulated Graph API.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use regrant_sandbox::{Clock, Sandbox, Settings, World};

use crate::{output, signals, telemetry};

/// Options of `sandbox`.
#[derive(clap::Args)]
#[command(after_long_help = regrant_sandbox::CONTROLS)]
pub(crate) struct SandboxArgs {
    /// Address to listen on; loopback only, because any caller may control it.
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// A scenario (YAML); without it the demo world of two tenants.
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Your own assets instead: what `GET /v1/assets` answers, one page after the other.
    #[arg(long, value_name = "FILE", conflicts_with = "world")]
    assets: Option<PathBuf>,
}

pub(crate) async fn run(args: SandboxArgs) -> anyhow::Result<()> {
    telemetry::start_logging(telemetry::LogFormat::Text, "info")?;
    let world = read_world(&args)?;
    let stop = signals::stop_on_signals()?;
    let sandbox = Sandbox::start(Settings {
        listen: args.listen,
        world,
        clock: Clock::new(),
    })
    .await?;
    output::print_line(format!(
        "sandbox at {0}\nits control API is under {0}/sandbox",
        sandbox.url()
    ))?;
    stop.cancelled().await;
    sandbox.stop().await;
    Ok(())
}

fn read_world(args: &SandboxArgs) -> anyhow::Result<World> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    match (&args.world, &args.assets) {
        (Some(path), _) => World::from_yaml(&read(path)?)
            .with_context(|| format!("{} is not a valid scenario", path.display())),
        (None, Some(path)) => World::from_asset_list(&read(path)?)
            .with_context(|| format!("{} is not a list of assets", path.display())),
        (None, None) => Ok(World::demo()),
    }
}
