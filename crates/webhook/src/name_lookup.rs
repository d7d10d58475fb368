//! Resolves names to addresses, and filters the addresses before the connection.
//!
//! The rule: filter the same lookup that the connection uses. A second lookup of the name could
//! return other addresses.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{DestinationRefusal, address::find_refusal};

type LookupFn = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// How names are resolved to addresses.
#[derive(Clone, Default)]
pub enum NameLookup {
    /// The resolver of the system.
    #[default]
    System,
    /// A function of a test.
    Custom(Arc<LookupFn>),
}

impl NameLookup {
    async fn look_up_addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((name, 0))
                .await?
                .map(|it| it.ip())
                .collect()),
            Self::Custom(lookup) => lookup(name),
        }
    }
}

impl fmt::Debug for NameLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Custom(_) => "Given(…)",
        })
    }
}

/// The resolver of the HTTP client: returns public addresses only.
pub(crate) struct PublicResolver {
    pub(crate) names: NameLookup,
    pub(crate) allow_loopback: bool,
}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, local) = (
            self.names.clone(),
            self.allow_loopback && name.as_str() == "localhost",
        );
        Box::pin(async move {
            if local {
                return Ok(to_socket_addrs(vec![
                    Ipv4Addr::LOCALHOST.into(),
                    Ipv6Addr::LOCALHOST.into(),
                ]));
            }
            let found = names
                .look_up_addresses(name.as_str())
                .await
                .unwrap_or_default();
            Ok(to_socket_addrs(keep_public_addresses(&found)?))
        })
    }
}

/// The public ones of the addresses; if there is none, the refusal of the first.
fn keep_public_addresses(found: &[IpAddr]) -> Result<Vec<IpAddr>, DestinationRefusal> {
    let public: Vec<_> = found
        .iter()
        .copied()
        .filter(|it| find_refusal(*it).is_none())
        .collect();
    let refused = found
        .iter()
        .find_map(|it| find_refusal(*it))
        .unwrap_or(DestinationRefusal::Unresolved);
    if public.is_empty() {
        Err(refused)
    } else {
        Ok(public)
    }
}

/// Port 0 means the port of the URL.
fn to_socket_addrs(addresses: Vec<IpAddr>) -> Addrs {
    Box::new(addresses.into_iter().map(|it| SocketAddr::new(it, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|it| it.parse().unwrap()).collect()
    }

    #[test]
    fn only_the_public_addresses_of_a_name_are_kept() {
        let mixed = ips(&[
            "10.0.0.1",
            "8.8.8.8",
            "::1",
            "2606:4700::1",
            "169.254.169.254",
        ]);
        assert_eq!(
            keep_public_addresses(&mixed),
            Ok(ips(&["8.8.8.8", "2606:4700::1"]))
        );
    }

    #[test]
    fn a_name_without_a_public_address_is_refused() {
        assert_eq!(
            keep_public_addresses(&ips(&["169.254.169.254", "10.0.0.1"])),
            Err(DestinationRefusal::LinkLocal)
        );
        assert_eq!(
            keep_public_addresses(&[]),
            Err(DestinationRefusal::Unresolved)
        );
    }
}
