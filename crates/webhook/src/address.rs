//! Which addresses belong to the public internet: those outside IANA's special-purpose registries.
//!
//! The rule: an address that is not known to be public is refused. IPv6 is public only inside
//! `2000::/3`. Every IPv4 address inside an IPv6 address is refused, because a tunnel or a
//! translator would unwrap it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Refusal;

/// Why nothing is sent to this address; `None` for a public one.
pub(crate) fn refusal_of(address: IpAddr) -> Option<Refusal> {
    match address {
        IpAddr::V4(address) => of_v4(address),
        IpAddr::V6(address) => of_v6(address),
    }
}

/// Network, prefix length, refusal. The first match counts.
const V4: [(Ipv4Addr, u32, Refusal); 18] = [
    (Ipv4Addr::UNSPECIFIED, 8, Refusal::Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Refusal::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Refusal::SharedNetwork),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Refusal::Loopback),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Refusal::LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Refusal::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Refusal::Reserved),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Refusal::Documentation),
    (Ipv4Addr::new(192, 31, 196, 0), 24, Refusal::Reserved),
    (Ipv4Addr::new(192, 52, 193, 0), 24, Refusal::Reserved),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Refusal::SixToFour),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Refusal::Private),
    (Ipv4Addr::new(192, 175, 48, 0), 24, Refusal::Reserved),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Refusal::Benchmarking),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Refusal::Documentation),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Refusal::Documentation),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Refusal::Multicast),
    (Ipv4Addr::BROADCAST, 32, Refusal::Broadcast),
];

/// The same for IPv6.
const V6: [(Ipv6Addr, u32, Refusal); 19] = [
    (Ipv6Addr::UNSPECIFIED, 128, Refusal::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, Refusal::Loopback),
    // Mapped, compatible, translated.
    (
        Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0),
        96,
        Refusal::EmbeddedIpv4,
    ),
    (Ipv6Addr::UNSPECIFIED, 96, Refusal::EmbeddedIpv4),
    (
        Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0),
        96,
        Refusal::EmbeddedIpv4,
    ),
    (
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0),
        96,
        Refusal::Nat64,
    ),
    (
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0),
        48,
        Refusal::Nat64,
    ),
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        32,
        Refusal::Teredo,
    ),
    (
        Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0),
        48,
        Refusal::Benchmarking,
    ),
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        Refusal::Reserved,
    ),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        Refusal::Documentation,
    ),
    (
        Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0),
        16,
        Refusal::SixToFour,
    ),
    (
        Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0),
        48,
        Refusal::Reserved,
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        Refusal::Documentation,
    ),
    (
        Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0),
        16,
        Refusal::Reserved,
    ),
    (
        Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0),
        7,
        Refusal::UniqueLocal,
    ),
    (
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0),
        10,
        Refusal::LinkLocal,
    ),
    (
        Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0),
        10,
        Refusal::SiteLocal,
    ),
    (
        Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0),
        8,
        Refusal::Multicast,
    ),
];

fn of_v4(address: Ipv4Addr) -> Option<Refusal> {
    let within = |network: Ipv4Addr, prefix| {
        same_start(
            network.to_bits().into(),
            address.to_bits().into(),
            32 - prefix,
        )
    };
    let listed = V4
        .iter()
        .find(|(network, prefix, _)| within(*network, *prefix))
        .map(|(.., why)| *why);
    // 240.0.0.0/4 is reserved, except for the broadcast address above.
    listed.or_else(|| (address.octets()[0] >= 240).then_some(Refusal::Reserved))
}

fn of_v6(address: Ipv6Addr) -> Option<Refusal> {
    let within =
        |network: Ipv6Addr, prefix| same_start(network.to_bits(), address.to_bits(), 128 - prefix);
    let listed = V6
        .iter()
        .find(|(network, prefix, _)| within(*network, *prefix))
        .map(|(.., why)| *why);
    let public = within(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    listed.or_else(|| (!public).then_some(Refusal::Reserved))
}

/// Whether two addresses are equal without their last `rest` bits.
const fn same_start(one: u128, other: u128, rest: u32) -> bool {
    match (one ^ other).checked_shr(rest) {
        Some(start) => start == 0,
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Option<Refusal> {
        refusal_of(text.parse().unwrap())
    }

    #[test]
    fn public_addresses_are_not_refused() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700:4700::1111",
            "2a00:1450::1",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn both_ends_of_each_network_are_refused() {
        for (network, prefix, why) in V4 {
            let last =
                Ipv4Addr::from_bits(network.to_bits() | u32::MAX.checked_shr(prefix).unwrap_or(0));
            // A network ends with an address of the same refusal; the broadcast address is its own network.
            assert_eq!(of_v4(network), Some(why), "{network}/{prefix}");
            assert_eq!(of_v4(last), Some(why), "{last} of {network}/{prefix}");
        }
        for (network, prefix, why) in V6 {
            let last =
                Ipv6Addr::from_bits(network.to_bits() | u128::MAX.checked_shr(prefix).unwrap_or(0));
            assert_eq!(of_v6(last), Some(why), "{last} of {network}/{prefix}");
        }
        assert_eq!(find("240.0.0.1"), Some(Refusal::Reserved));
        assert_eq!(find("255.255.255.254"), Some(Refusal::Reserved));
    }

    #[test]
    fn ipv6_is_public_only_inside_2000_slash_3() {
        for text in [
            "100::1", "200::1", "1fff::1", "4000::1", "5f00::1", "8000::1", "e000::1", "fbff::1",
        ] {
            assert_eq!(find(text), Some(Refusal::Reserved), "{text}");
        }
    }
}
