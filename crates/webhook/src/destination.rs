//! The destination of a tenant's webhooks: a URL that passed every check that needs no network.
//!
//! The rule: check the same normalised URL that the sender connects to. The `url` crate turns octal,
//! hexadecimal and single-number hosts into IPv4 addresses, so they are checked as addresses.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

use crate::{DestinationRefusal, address::find_refusal};

const MAX_URL_BYTES: usize = 2048;
const ALLOWED_PORTS: [u16; 2] = [443, 8443];

/// Last labels of names of this machine or of a local network.
const LOCAL_LABELS: [&str; 10] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "arpa",
    "onion",
];

/// A URL that webhooks may be sent to, as far as the URL alone shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination(Url);

impl Destination {
    /// Parses and checks a tenant's URL. With `allow_loopback` this machine is a destination too, on
    /// any port and over plain HTTP.
    ///
    /// # Errors
    /// Why nothing is sent to this URL.
    pub fn parse(text: &str, allow_loopback: bool) -> Result<Self, DestinationRefusal> {
        // The parser drops line breaks and reads a backslash as a slash: refuse both.
        let clean =
            text.len() <= MAX_URL_BYTES && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let url = Url::parse(text)
            .ok()
            .filter(|_| clean)
            .ok_or(DestinationRefusal::Malformed)?;
        check_url(&url, allow_loopback)?;
        Ok(Self(url))
    }

    /// The URL, normalised.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn to_url(&self) -> Url {
        self.0.clone()
    }
}

impl fmt::Debug for Destination {
    /// Prints the host only: path and query may hold a secret of the tenant.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Destination({}, …)",
            self.0.host_str().unwrap_or_default()
        )
    }
}

fn check_url(url: &Url, allow_loopback: bool) -> Result<(), DestinationRefusal> {
    let local = allow_loopback && is_loopback(url);
    if url.scheme() != "https" && !(local && url.scheme() == "http") {
        return Err(DestinationRefusal::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(DestinationRefusal::UserInfo);
    }
    if url.fragment().is_some() {
        return Err(DestinationRefusal::Fragment);
    }
    if local {
        return Ok(());
    }
    check_host(&url.host().ok_or(DestinationRefusal::Malformed)?)?;
    let port = url
        .port_or_known_default()
        .ok_or(DestinationRefusal::Port)?;
    if ALLOWED_PORTS.contains(&port) {
        Ok(())
    } else {
        Err(DestinationRefusal::Port)
    }
}

fn check_host(host: &Host<&str>) -> Result<(), DestinationRefusal> {
    let refused = match host {
        Host::Ipv4(address) => find_refusal((*address).into()),
        Host::Ipv6(address) => find_refusal((*address).into()),
        Host::Domain(name) => (!is_public_name(name)).then_some(DestinationRefusal::Name),
    };
    refused.map_or(Ok(()), Err)
}

/// Whether a name has several labels, none empty, and the last one is not local.
fn is_public_name(name: &str) -> bool {
    let mut labels = name.rsplit('.');
    let last = labels.next().unwrap_or_default();
    let whole = name.len() <= 253 && name.split('.').all(|it| (1..=63).contains(&it.len()));
    whole && labels.next().is_some() && !LOCAL_LABELS.contains(&last)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_normalised() {
        for (text, normal) in [
            ("https://hooks.example.com", "https://hooks.example.com/"),
            (
                "https://Hooks.Example.COM:443/a?b=c",
                "https://hooks.example.com/a?b=c",
            ),
            (
                "https://hooks.example.com:8443/",
                "https://hooks.example.com:8443/",
            ),
            ("https://8.8.8.8/", "https://8.8.8.8/"),
            ("https://0x08080808/", "https://8.8.8.8/"),
            (
                "https://[2606:4700:4700::1111]/",
                "https://[2606:4700:4700::1111]/",
            ),
        ] {
            assert_eq!(Destination::parse(text, false).unwrap().as_str(), normal);
        }
    }

    #[test]
    fn loopback_is_a_destination_of_rehearsals_only() {
        for text in [
            "http://127.0.0.1:9/",
            "http://[::1]:9/",
            "http://localhost:9/",
            "https://127.0.0.1:9/",
        ] {
            assert!(Destination::parse(text, false).is_err(), "{text}");
            assert!(Destination::parse(text, true).is_ok(), "{text}");
        }
        for (text, why) in [
            ("http://10.0.0.1/", DestinationRefusal::Scheme),
            ("https://10.0.0.1/", DestinationRefusal::Private),
            ("http://hooks.example.com/", DestinationRefusal::Scheme),
            ("http://u@127.0.0.1:9/", DestinationRefusal::UserInfo),
            (
                "https://[::ffff:127.0.0.1]/",
                DestinationRefusal::EmbeddedIpv4,
            ),
            ("http://0.0.0.0:9/", DestinationRefusal::Scheme),
            ("ftp://127.0.0.1/", DestinationRefusal::Scheme),
        ] {
            assert_eq!(Destination::parse(text, true), Err(why), "{text}");
        }
    }

    #[test]
    fn debug_prints_neither_path_nor_query() {
        let destination =
            Destination::parse("https://hooks.example.com/canary?canary=1", false).unwrap();
        assert_eq!(
            format!("{destination:?}"),
            "Destination(hooks.example.com, …)"
        );
    }
}
