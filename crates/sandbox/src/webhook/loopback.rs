//! HTTP to receivers on loopback: one request, written by hand.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::{Host, Url};

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_RESPONSE_BYTES: u64 = 64 << 10;

/// The response of a receiver.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Parses a URL that may be called: plain HTTP on loopback.
pub(crate) fn parse_loopback_url(url: &str) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    let is_loopback = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    (is_loopback && url.scheme() == "http").then_some(url)
}

/// The address of a URL: host and port.
pub(super) fn address_of(url: &Url) -> (&str, u16) {
    let host = url.host_str().unwrap_or("127.0.0.1");
    let port = url.port_or_known_default().unwrap_or(80);
    (host.trim_matches(['[', ']']), port)
}

/// Path and query of a URL.
pub(super) fn target_of(url: &Url) -> String {
    let query = url.query().map(|it| format!("?{it}")).unwrap_or_default();
    format!("{}{query}", url.path())
}

/// Sends a request to the address of `url` and reads the response; `None` if there is none in time.
pub(super) async fn send_request(url: &Url, request: &str) -> Option<Response> {
    let sent = tokio::time::timeout(TIMEOUT, exchange(url, request)).await;
    let response = sent.ok()?.ok()?;
    let status = response.split_whitespace().nth(1)?.parse().ok()?;
    let body = response.split_once("\r\n\r\n").map(|(_, body)| body);
    Some(Response {
        status,
        body: body.unwrap_or_default().to_owned(),
    })
}

async fn exchange(url: &Url, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address_of(url)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    stream
        .take(MAX_RESPONSE_BYTES)
        .read_to_end(&mut response)
        .await?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_urls_receive_webhooks() {
        assert!(
            parse_loopback_url("http://127.0.0.1:8080/x").is_some()
                && parse_loopback_url("http://[::1]:1/").is_some()
        );
        assert!(
            parse_loopback_url("http://example.com/").is_none()
                && parse_loopback_url("https://127.0.0.1/").is_none()
        );
    }
}
