//! The network that counts as one caller.

use std::net::{IpAddr, Ipv6Addr};

/// The network of an address that is not authenticated: a caller of IPv6 usually owns a whole /64 network.
#[must_use]
pub fn network_of(address: IpAddr) -> Ipv6Addr {
    match address.to_canonical() {
        IpAddr::V4(it) => it.to_ipv6_mapped(),
        IpAddr::V6(it) => Ipv6Addr::from_bits(it.to_bits() >> 64 << 64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Ipv6Addr {
        network_of(text.parse().unwrap())
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller_and_an_address_of_ipv4_too() {
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
    }
}
