//! `regrant health`: asks a running process whether it is ready; for containers and supervisors without a shell.
//!
//! The rule: it needs no secret and no database, only the address; the exit code is the answer.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context as _;
use serde_json::json;
use url::Url;

use crate::{
    Global,
    config::{Source, variable},
    http,
};

/// How long a process that is ready may take to say so.
const PATIENCE: Duration = Duration::from_secs(4);
/// Where the admin listener is unless a setting says otherwise.
const USUAL: &str = "127.0.0.1:8081";

/// Whom to ask.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to ask; without it `/readyz` of the admin listener that the settings name.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
}

pub(crate) async fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let url = match args.url {
        Some(url) => url,
        None => readyz(&Source::of_process(global.config.as_deref())?)?,
    };
    let asked = http::sent(http::client(PATIENCE)?.get(url)).await;
    asked.context("not ready")?;
    global.output.print(&json!({ "ready": true }), "ready")
}

fn readyz(source: &Source) -> anyhow::Result<Url> {
    let listen = source.find("admin_listen").unwrap_or(USUAL).trim();
    // The parser's error may repeat the value.
    let listen = listen
        .parse::<SocketAddr>()
        .ok()
        .with_context(|| variable("admin_listen"))?;
    Ok(format!("http://{}/readyz", reachable(listen)).parse()?)
}

/// A process that listens on every address is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_admin_listener_of_the_settings_is_asked() {
        let asked = |pairs: &[(&str, &str)]| readyz(&Source::of_pairs(pairs)).map(String::from);
        assert_eq!(asked(&[]).unwrap(), "http://127.0.0.1:8081/readyz");
        let cases = [
            ("0.0.0.0:9", "http://127.0.0.1:9/readyz"),
            ("[::]:9", "http://[::1]:9/readyz"),
            ("10.0.0.1:9", "http://10.0.0.1:9/readyz"),
        ];
        for (listen, url) in cases {
            assert_eq!(asked(&[("REGRANT_ADMIN_LISTEN", listen)]).unwrap(), url);
        }
        let told = asked(&[("REGRANT_ADMIN_LISTEN", "canary")]).unwrap_err();
        assert!(!format!("{told:#}").contains("canary"));
    }
}
