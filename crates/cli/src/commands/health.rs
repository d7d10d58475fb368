//! `regrant health`: asks a running process whether it is ready, for containers without a shell.
//!
//! The rule: it needs no secret and no database, only the address; the exit code is the result.

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

/// How long a ready process may take to answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// The default of the setting `admin_listen`.
const USUAL: &str = "127.0.0.1:8081";

/// Options of `health`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// URL to request; by default `/readyz` of the admin listener in the settings.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
}

pub(crate) async fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let url = match args.url {
        Some(url) => url,
        None => readyz(&Source::of_process(global.config.as_deref())?)?,
    };
    let response = http::sent(http::client(PATIENCE)?.get(url)).await;
    response.context("not ready")?;
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

/// Replaces an unspecified address, which means every address, with loopback.
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
    fn the_url_is_the_admin_listener_of_the_settings() {
        let url_of = |pairs: &[(&str, &str)]| readyz(&Source::of_pairs(pairs)).map(String::from);
        assert_eq!(url_of(&[]).unwrap(), "http://127.0.0.1:8081/readyz");
        let cases = [
            ("0.0.0.0:9", "http://127.0.0.1:9/readyz"),
            ("[::]:9", "http://[::1]:9/readyz"),
            ("10.0.0.1:9", "http://10.0.0.1:9/readyz"),
        ];
        for (listen, url) in cases {
            assert_eq!(url_of(&[("REGRANT_ADMIN_LISTEN", listen)]).unwrap(), url);
        }
        let error = url_of(&[("REGRANT_ADMIN_LISTEN", "canary")]).unwrap_err();
        assert!(!format!("{error:#}").contains("canary"));
    }
}
