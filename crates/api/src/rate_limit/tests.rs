//! Tests of the limiters for addresses.

use super::*;

fn address(text: &str) -> CallerAddress {
    CallerAddress(text.parse().unwrap())
}

#[test]
fn an_address_has_its_burst_and_then_waits() {
    let limits = RateLimits::new(Rates {
        address: 1,
        ..Rates::default()
    });
    for left in (0..10).rev() {
        let allowance = limits
            .count_address(address("192.0.2.1"), AddressUse::RefusedBearer)
            .unwrap();
        assert_eq!((allowance.limit, allowance.remaining), (10, left));
        assert_eq!(allowance.reset, u64::from(10 - left));
    }
    let refused = limits
        .count_address(address("192.0.2.1"), AddressUse::RefusedBearer)
        .unwrap_err();
    assert!((1..=2).contains(&refused.wait), "{refused:?}");
    assert!(
        limits
            .count_address(address("192.0.2.2"), AddressUse::RefusedBearer)
            .is_ok(),
        "another address has a limit of its own"
    );
}

#[test]
fn a_network_of_ipv6_is_one_caller() {
    let limits = RateLimits::new(Rates {
        address: 1,
        ..Rates::default()
    });
    for n in 0..10 {
        assert!(
            limits
                .count_address(
                    address(&format!("2001:db8::{n}")),
                    AddressUse::RefusedBearer
                )
                .is_ok()
        );
    }
    assert!(
        limits
            .count_address(address("2001:db8::ffff:1"), AddressUse::RefusedBearer)
            .is_err()
    );
    assert!(
        limits
            .count_address(address("2001:db8:0:1::1"), AddressUse::RefusedBearer)
            .is_ok()
    );
}

#[test]
fn what_strangers_send_counts_apart() {
    let limits = RateLimits::new(Rates {
        address: 1,
        ..Rates::default()
    });
    let here = || address("192.0.2.1");
    while limits
        .count_address(here(), AddressUse::RefusedBearer)
        .is_ok()
    {}
    for other in [
        AddressUse::Preflight,
        AddressUse::LogIn,
        AddressUse::Callback,
    ] {
        assert!(limits.count_address(here(), other).is_ok(), "{other:?}");
    }
}

#[test]
fn the_headers_are_those_of_the_current_draft_beside_the_older_names() {
    let allowance = Allowance {
        policy: Policy::Tenant,
        limit: 5_000,
        remaining: 4_999,
        reset: 1,
    };
    let headers: Vec<_> = allowance.headers().collect();
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let expected = [
        ("ratelimit-policy", r#""tenant";q=5000;w=10"#),
        ("ratelimit", r#""tenant";r=4999;t=1"#),
        ("ratelimit-limit", "5000"),
        ("ratelimit-remaining", "4999"),
        ("ratelimit-reset", "1"),
    ];
    assert_eq!(headers, expected);
}
