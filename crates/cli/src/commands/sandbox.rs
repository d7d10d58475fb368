//! `regrant sandbox`: the simulated Graph API alone.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use regrant_sandbox::{Clock, Sandbox, Settings, World};

use crate::{output, signals, telemetry};

/// Where it listens and what it simulates.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen; loopback only, because it takes orders from anybody.
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// A scenario (YAML); without it the demo world of two clients.
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    telemetry::start(telemetry::LogFormat::Text, "info")?;
    let world = match &args.world {
        Some(path) => {
            let shown = path.display();
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
            World::from_yaml(&text).with_context(|| format!("{shown} is not a world"))?
        }
        None => World::demo(),
    };
    let stop = signals::on_stop()?;
    let sandbox = Sandbox::start(Settings {
        listen: args.listen,
        world,
        clock: Clock::new(),
    })
    .await?;
    output::line(format!(
        "sandbox at {0}\nits control surface is under {0}/sandbox",
        sandbox.url()
    ))?;
    stop.cancelled().await;
    sandbox.stop().await;
    Ok(())
}
