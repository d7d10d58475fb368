//! Runs the demo world, or a scenario file given as first argument, on 127.0.0.1:8090 (or port `PORT`).

use std::net::{Ipv4Addr, SocketAddr};

use regrant_sandbox::{Clock, Sandbox, Settings, World};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = match std::env::args().nth(1) {
        Some(file) => World::from_yaml(&std::fs::read_to_string(file)?)?,
        None => World::demo(),
    };
    let port = std::env::var("PORT")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(8090);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let sandbox = Sandbox::start(Settings {
        listen,
        world,
        clock: Clock::new(),
    })
    .await?;
    println!("{}", sandbox.url());
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
