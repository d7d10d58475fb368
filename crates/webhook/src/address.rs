//! Which addresses belong to the public internet: those outside IANA's special-purpose registries.
//!
//! The rule: an address that is not known to be public is refused. IPv6 is public only inside
//! `2000::/3`. Every IPv4 address inside an IPv6 address is refused, because a tunnel or a
//! translator would unwrap it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::DestinationRefusal;

/// Why nothing is sent to this address; `None` for a public one.
pub(crate) fn find_refusal(address: IpAddr) -> Option<DestinationRefusal> {
    match address {
        IpAddr::V4(address) => find_v4_refusal(address),
        IpAddr::V6(address) => find_v6_refusal(address),
    }
}

/// Network, prefix length, refusal. The first match counts.
const REFUSED_V4: [(Ipv4Addr, u32, DestinationRefusal); 18] = [
    (Ipv4Addr::UNSPECIFIED, 8, DestinationRefusal::Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, DestinationRefusal::Private),
    (
        Ipv4Addr::new(100, 64, 0, 0),
        10,
        DestinationRefusal::SharedNetwork,
    ),
    (Ipv4Addr::new(127, 0, 0, 0), 8, DestinationRefusal::Loopback),
    (
        Ipv4Addr::new(169, 254, 0, 0),
        16,
        DestinationRefusal::LinkLocal,
    ),
    (
        Ipv4Addr::new(172, 16, 0, 0),
        12,
        DestinationRefusal::Private,
    ),
    (
        Ipv4Addr::new(192, 0, 0, 0),
        24,
        DestinationRefusal::Reserved,
    ),
    (
        Ipv4Addr::new(192, 0, 2, 0),
        24,
        DestinationRefusal::Documentation,
    ),
    (
        Ipv4Addr::new(192, 31, 196, 0),
        24,
        DestinationRefusal::Reserved,
    ),
    (
        Ipv4Addr::new(192, 52, 193, 0),
        24,
        DestinationRefusal::Reserved,
    ),
    (
        Ipv4Addr::new(192, 88, 99, 0),
        24,
        DestinationRefusal::SixToFour,
    ),
    (
        Ipv4Addr::new(192, 168, 0, 0),
        16,
        DestinationRefusal::Private,
    ),
    (
        Ipv4Addr::new(192, 175, 48, 0),
        24,
        DestinationRefusal::Reserved,
    ),
    (
        Ipv4Addr::new(198, 18, 0, 0),
        15,
        DestinationRefusal::Benchmarking,
    ),
    (
        Ipv4Addr::new(198, 51, 100, 0),
        24,
        DestinationRefusal::Documentation,
    ),
    (
        Ipv4Addr::new(203, 0, 113, 0),
        24,
        DestinationRefusal::Documentation,
    ),
    (
        Ipv4Addr::new(224, 0, 0, 0),
        4,
        DestinationRefusal::Multicast,
    ),
    (Ipv4Addr::BROADCAST, 32, DestinationRefusal::Broadcast),
];

/// The same for IPv6.
const REFUSED_V6: [(Ipv6Addr, u32, DestinationRefusal); 19] = [
    (Ipv6Addr::UNSPECIFIED, 128, DestinationRefusal::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, DestinationRefusal::Loopback),
    // Mapped, compatible, translated.
    (
        Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0),
        96,
        DestinationRefusal::EmbeddedIpv4,
    ),
    (Ipv6Addr::UNSPECIFIED, 96, DestinationRefusal::EmbeddedIpv4),
    (
        Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0),
        96,
        DestinationRefusal::EmbeddedIpv4,
    ),
    (
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0),
        96,
        DestinationRefusal::Nat64,
    ),
    (
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0),
        48,
        DestinationRefusal::Nat64,
    ),
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        32,
        DestinationRefusal::Teredo,
    ),
    (
        Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0),
        48,
        DestinationRefusal::Benchmarking,
    ),
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        DestinationRefusal::Reserved,
    ),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        DestinationRefusal::Documentation,
    ),
    (
        Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0),
        16,
        DestinationRefusal::SixToFour,
    ),
    (
        Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0),
        48,
        DestinationRefusal::Reserved,
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        DestinationRefusal::Documentation,
    ),
    (
        Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0),
        16,
        DestinationRefusal::Reserved,
    ),
    (
        Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0),
        7,
        DestinationRefusal::UniqueLocal,
    ),
    (
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0),
        10,
        DestinationRefusal::LinkLocal,
    ),
    (
        Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0),
        10,
        DestinationRefusal::SiteLocal,
    ),
    (
        Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0),
        8,
        DestinationRefusal::Multicast,
    ),
];

fn find_v4_refusal(address: Ipv4Addr) -> Option<DestinationRefusal> {
    let within = |network: Ipv4Addr, prefix| {
        share_prefix(
            network.to_bits().into(),
            address.to_bits().into(),
            32 - prefix,
        )
    };
    let listed = REFUSED_V4
        .iter()
        .find(|(network, prefix, _)| within(*network, *prefix))
        .map(|(.., why)| *why);
    // 240.0.0.0/4 is reserved, except for the broadcast address above.
    listed.or_else(|| (address.octets()[0] >= 240).then_some(DestinationRefusal::Reserved))
}

fn find_v6_refusal(address: Ipv6Addr) -> Option<DestinationRefusal> {
    let within = |network: Ipv6Addr, prefix| {
        share_prefix(network.to_bits(), address.to_bits(), 128 - prefix)
    };
    let listed = REFUSED_V6
        .iter()
        .find(|(network, prefix, _)| within(*network, *prefix))
        .map(|(.., why)| *why);
    let public = within(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    listed.or_else(|| (!public).then_some(DestinationRefusal::Reserved))
}

/// Whether two addresses are equal without their last `rest` bits.
const fn share_prefix(one: u128, other: u128, rest: u32) -> bool {
    match (one ^ other).checked_shr(rest) {
        Some(start) => start == 0,
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Option<DestinationRefusal> {
        find_refusal(text.parse().unwrap())
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
        for (network, prefix, why) in REFUSED_V4 {
            let last =
                Ipv4Addr::from_bits(network.to_bits() | u32::MAX.checked_shr(prefix).unwrap_or(0));
            // A network ends with an address of the same refusal; the broadcast address is its own network.
            assert_eq!(find_v4_refusal(network), Some(why), "{network}/{prefix}");
            assert_eq!(
                find_v4_refusal(last),
                Some(why),
                "{last} of {network}/{prefix}"
            );
        }
        for (network, prefix, why) in REFUSED_V6 {
            let last =
                Ipv6Addr::from_bits(network.to_bits() | u128::MAX.checked_shr(prefix).unwrap_or(0));
            assert_eq!(
                find_v6_refusal(last),
                Some(why),
                "{last} of {network}/{prefix}"
            );
        }
        assert_eq!(find("240.0.0.1"), Some(DestinationRefusal::Reserved));
        assert_eq!(find("255.255.255.254"), Some(DestinationRefusal::Reserved));
    }

    #[test]
    fn ipv6_is_public_only_inside_2000_slash_3() {
        for text in [
            "100::1", "200::1", "1fff::1", "4000::1", "5f00::1", "8000::1", "e000::1", "fbff::1",
        ] {
            assert_eq!(find(text), Some(DestinationRefusal::Reserved), "{text}");
        }
    }
}
