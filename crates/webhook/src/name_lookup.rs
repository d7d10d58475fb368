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

use crate::{Refusal, address::refusal_of};

type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// How names are resolved to addresses.
#[derive(Clone, Default)]
pub enum Names {
    /// The resolver of the system.
    #[default]
    System,
    /// A function of a test.
    Given(Arc<Lookup>),
}

impl Names {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((name, 0))
                .await?
                .map(|it| it.ip())
                .collect()),
            Self::Given(lookup) => lookup(name),
        }
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Given(_) => "Given(…)",
        })
    }
}

/// The resolver of the HTTP client: returns public addresses only.
pub(crate) struct Filter {
    pub(crate) names: Names,
    pub(crate) allow_loopback: bool,
}

impl Resolve for Filter {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, local) = (
            self.names.clone(),
            self.allow_loopback && name.as_str() == "localhost",
        );
        Box::pin(async move {
            if local {
                return Ok(addrs(vec![
                    Ipv4Addr::LOCALHOST.into(),
                    Ipv6Addr::LOCALHOST.into(),
                ]));
            }
            let found = names.look_up(name.as_str()).await.unwrap_or_default();
            Ok(addrs(filtered(&found)?))
        })
    }
}

/// The public ones of the addresses; if there is none, the refusal of the first.
fn filtered(found: &[IpAddr]) -> Result<Vec<IpAddr>, Refusal> {
    let public: Vec<_> = found
        .iter()
        .copied()
        .filter(|it| refusal_of(*it).is_none())
        .collect();
    let refused = found
        .iter()
        .find_map(|it| refusal_of(*it))
        .unwrap_or(Refusal::Unresolved);
    if public.is_empty() {
        Err(refused)
    } else {
        Ok(public)
    }
}

/// Port 0 means the port of the URL.
fn addrs(addresses: Vec<IpAddr>) -> Addrs {
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
        assert_eq!(filtered(&mixed), Ok(ips(&["8.8.8.8", "2606:4700::1"])));
    }

    #[test]
    fn a_name_without_a_public_address_is_refused() {
        assert_eq!(
            filtered(&ips(&["169.254.169.254", "10.0.0.1"])),
            Err(Refusal::LinkLocal)
        );
        assert_eq!(filtered(&[]), Err(Refusal::Unresolved));
    }
}
