//! Names to addresses, and the filter between them and the connection.
//!
//! The rule: the addresses a name resolves to are filtered in the very answer that is dialled. A name that
//! is looked up once to be judged and once more to be used could answer differently.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{Refusal, address::refusal_of};

type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// Who turns names into addresses.
#[derive(Clone, Default)]
pub enum Names {
    /// The system.
    #[default]
    System,
    /// A test.
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

/// What reqwest asks for addresses.
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

/// Those of the addresses that are public; where none is, why the first is not.
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

/// Port 0 stands for the URL's.
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
    fn of_mixed_answers_only_the_public_part_is_dialled() {
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
    fn an_answer_without_a_public_address_is_refused() {
        assert_eq!(
            filtered(&ips(&["169.254.169.254", "10.0.0.1"])),
            Err(Refusal::LinkLocal)
        );
        assert_eq!(filtered(&[]), Err(Refusal::Unresolved));
    }
}
