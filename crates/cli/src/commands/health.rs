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
    GlobalArgs,
    config::{SettingsSource, variable_name},
    http,
};

/// How long a ready process may take to answer.
const READY_TIMEOUT: Duration = Duration::from_secs(4);
/// The default of the setting `admin_listen`.
const DEFAULT_ADMIN_LISTEN: &str = "127.0.0.1:8081";

/// Options of `health`.
#[derive(clap::Args)]
pub(crate) struct HealthArgs {
    /// URL to request; by default `/readyz` of the admin listener in the settings.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
}

pub(crate) async fn run(args: HealthArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    let url = match args.url {
        Some(url) => url,
        None => readyz_url(&SettingsSource::from_process(global.config.as_deref())?)?,
    };
    let response = http::send_expecting_success(http::build_client(READY_TIMEOUT)?.get(url)).await;
    response.context("not ready")?;
    global
        .output
        .print_result(&json!({ "ready": true }), "ready")
}

fn readyz_url(source: &SettingsSource) -> anyhow::Result<Url> {
    let listen = source
        .find_value("admin_listen")
        .unwrap_or(DEFAULT_ADMIN_LISTEN)
        .trim();
    // The parser's error may repeat the value.
    let listen = listen
        .parse::<SocketAddr>()
        .ok()
        .with_context(|| variable_name("admin_listen"))?;
    Ok(format!("http://{}/readyz", reachable_address(listen)).parse()?)
}

/// Replaces an unspecified address, which means every address, with loopback.
fn reachable_address(listen: SocketAddr) -> SocketAddr {
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
        let url_of = |pairs: &[(&str, &str)]| {
            readyz_url(&SettingsSource::from_pairs(pairs)).map(String::from)
        };
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
