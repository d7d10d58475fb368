//! Why a destination is refused: one variant for each check, so that a test can see which check
//! refused it.

/// Why nothing is sent to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DestinationRefusal {
    /// Not a URL, too long, or with characters that a URL cannot contain.
    #[error("expected an absolute URL of at most 2048 visible ASCII characters")]
    Malformed,
    /// Not `https`.
    #[error("expected a URL that starts with https://")]
    Scheme,
    /// A user name or a password in the URL.
    #[error("a URL with a user name or a password is refused")]
    UserInfo,
    /// A fragment, which is never sent.
    #[error("a URL with a fragment is refused")]
    Fragment,
    /// Another port than 443 and 8443.
    #[error("expected port 443 or 8443")]
    Port,
    /// A name that means this machine or this network.
    #[error("expected the public name of a host")]
    Name,
    /// The name has no address.
    #[error("the name has no address")]
    Unresolved,
    /// This machine.
    #[error("a loopback address is refused")]
    Loopback,
    /// `0.0.0.0/8`, `::`.
    #[error("an unspecified address is refused")]
    Unspecified,
    /// A private network (RFC 1918).
    #[error("a private address is refused")]
    Private,
    /// A carrier's network (RFC 6598).
    #[error("an address of a carrier's network is refused")]
    SharedNetwork,
    /// Link-local, where clouds keep their metadata.
    #[error("a link-local address is refused")]
    LinkLocal,
    /// `fec0::/10`.
    #[error("a site-local address is refused")]
    SiteLocal,
    /// `fc00::/7`.
    #[error("a unique local address is refused")]
    UniqueLocal,
    /// Many hosts at once.
    #[error("a multicast address is refused")]
    Multicast,
    /// Every host of the network.
    #[error("a broadcast address is refused")]
    Broadcast,
    /// Examples in documents.
    #[error("a documentation address is refused")]
    Documentation,
    /// Measuring equipment.
    #[error("a benchmarking address is refused")]
    Benchmarking,
    /// An IPv4 address inside an IPv6 one: mapped, compatible or translated.
    #[error("an IPv4 address written as IPv6 is refused")]
    EmbeddedIpv4,
    /// NAT64.
    #[error("a NAT64 address is refused")]
    Nat64,
    /// 6to4.
    #[error("a 6to4 address is refused")]
    SixToFour,
    /// Teredo.
    #[error("a Teredo address is refused")]
    Teredo,
    /// Any other network that is not the public internet.
    #[error("a reserved address is refused")]
    Reserved,
}
