//! The address of a caller: the first one that is not a trusted proxy.
//!
//! The rule: `X-Forwarded-For` counts only when a trusted proxy sent it, and is read from its end, because each proxy
//! appends the address of its peer. Anything before the first untrusted address was written by the caller and is ignored.

use std::{
    convert::Infallible,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::{Payload, ServiceRequest},
    http::header::{self, HeaderMap},
    web::Data,
};
use futures_util::future::{Ready, ready};
use ipnet::IpNet;
use regrant_domain::network_of;

use crate::settings::Settings;

/// Used when the peer is unknown: no client may be limited to this address.
const UNKNOWN_ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

/// The address that a call comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallerAddress(pub(crate) IpAddr);

impl CallerAddress {
    /// The address of a request in a middleware.
    pub(crate) fn of_request(request: &ServiceRequest) -> Self {
        Self::find_behind_proxies(request.request())
    }

    /// The network that is counted for the address.
    pub(crate) fn network_bits(self) -> u128 {
        network_of(self.0).to_bits()
    }

    /// The address of the request.
    pub(crate) fn find_behind_proxies(request: &HttpRequest) -> Self {
        let Some(peer) = request.peer_addr() else {
            return Self(UNKNOWN_ADDRESS);
        };
        let settings = request.app_data::<Data<Settings>>();
        let trusted = settings.map_or(&[][..], |it| it.trusted_proxies.as_slice());
        if speaks_for_others(peer.ip(), request.headers(), trusted) {
            warn_of_proxy(peer.ip());
        }
        Self(walk_proxies(peer.ip(), request.headers(), trusted))
    }
}

impl FromRequest for CallerAddress {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::find_behind_proxies(request)))
    }
}

/// Whether the peer says for whom it calls, in a header that does not count: it may be a proxy that the settings do not
/// name. `Forwarded` never counts.
fn speaks_for_others(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    let is_trusted = trusted.iter().any(|net| net.contains(&peer.to_canonical()));
    let names_others = headers.contains_key(header::X_FORWARDED_FOR);
    !(is_trusted && names_others) && (names_others || headers.contains_key(header::FORWARDED))
}

/// Warns in the log, at most once a minute: any caller can send the headers.
fn warn_of_proxy(peer: IpAddr) {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.is_none_or(|it| it.elapsed() >= Duration::from_mins(1)) {
        *last = Some(Instant::now());
        tracing::warn!(
            peer = %peer,
            "a peer that trusted_proxies does not name forwards calls: if it is a proxy, all its callers have its address"
        );
    }
}

/// Goes back from the peer to the first address that is not trusted. A malformed address ends the search.
fn walk_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut last = peer.to_canonical();
    let forwarded: Vec<_> = headers.get_all(header::X_FORWARDED_FOR).collect();
    let parts = forwarded
        .iter()
        .rev()
        .flat_map(|it| it.as_bytes().rsplit(|byte| *byte == b','));
    for part in parts {
        if !is_trusted(last) {
            break;
        }
        let Some(next) = parse_address(part) else {
            break;
        };
        last = next;
    }
    last
}

/// An address as proxies write it, with or without a port.
fn parse_address(part: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(part).ok()?.trim();
    let alone = text.parse::<IpAddr>();
    let with_port = || text.parse::<std::net::SocketAddr>().map(|it| it.ip());
    alone
        .or_else(|_| with_port())
        .ok()
        .map(|it| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn caller_behind(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let request = forwarded.iter().fold(TestRequest::default(), |it, value| {
            it.append_header(("X-Forwarded-For", *value))
        });
        let trusted: Vec<IpNet> = trusted.iter().map(|it| it.parse().unwrap()).collect();
        walk_proxies(
            peer.parse().unwrap(),
            request.to_http_request().headers(),
            &trusted,
        )
        .to_string()
    }

    #[test]
    fn an_untrusted_peer_cannot_choose_its_address() {
        assert_eq!(
            caller_behind("203.0.113.9", &["10.0.0.1"], &[]),
            "203.0.113.9"
        );
        assert_eq!(
            caller_behind("203.0.113.9", &["10.0.0.1"], &["10.0.0.0/8"]),
            "203.0.113.9"
        );
    }

    #[test]
    fn behind_trusted_proxies_the_first_untrusted_address_is_the_caller() {
        let trusted = ["10.0.0.0/8", "192.168.0.0/16"];
        assert_eq!(
            caller_behind("10.0.0.1", &["198.51.100.7"], &trusted),
            "198.51.100.7"
        );
        assert_eq!(
            caller_behind(
                "10.0.0.1",
                &["1.1.1.1, 198.51.100.7, 192.168.0.2"],
                &trusted
            ),
            "198.51.100.7"
        );
        assert_eq!(
            caller_behind(
                "10.0.0.1",
                &["1.1.1.1", "198.51.100.7", "10.2.3.4"],
                &trusted
            ),
            "198.51.100.7"
        );
        assert_eq!(
            caller_behind("10.0.0.1", &["198.51.100.7:4711"], &trusted),
            "198.51.100.7"
        );
        assert_eq!(
            caller_behind("10.0.0.1", &["10.0.0.2, 10.0.0.3"], &trusted),
            "10.0.0.2"
        );
        assert_eq!(caller_behind("10.0.0.1", &[], &trusted), "10.0.0.1");
    }

    #[test]
    fn a_peer_that_forwards_without_trust_is_noticed() {
        let notices = |peer: &str, header: &str| {
            let request = TestRequest::default().append_header((header, "198.51.100.7"));
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            let peer = peer.parse().unwrap();
            speaks_for_others(peer, request.to_http_request().headers(), &trusted)
        };
        assert!(notices("203.0.113.9", "X-Forwarded-For"));
        assert!(notices("203.0.113.9", "Forwarded"));
        assert!(
            notices("10.0.0.1", "Forwarded"),
            "this header does not count"
        );
        assert!(!notices("10.0.0.1", "X-Forwarded-For"));
        assert!(!notices("203.0.113.9", "X-Other"));
    }

    #[test]
    fn a_malformed_address_ends_the_search_at_the_last_good_one() {
        let trusted = ["10.0.0.0/8"];
        for broken in [
            "unknown",
            "",
            "_hidden",
            "10.0.0.300",
            "1.1.1.1 2.2.2.2",
            "\u{e9}",
            "fe80::1%eth0",
        ] {
            let forwarded = format!("198.51.100.7, {broken}, 10.0.0.2");
            assert_eq!(
                caller_behind("10.0.0.1", &[forwarded.as_str()], &trusted),
                "10.0.0.2",
                "{broken}"
            );
        }
    }

    #[test]
    fn an_address_written_in_ipv6_is_the_same_address() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(
            caller_behind("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], &trusted),
            "198.51.100.7"
        );
        assert_eq!(
            caller_behind("fd00::1", &["[2001:db8::7]:443"], &trusted),
            "2001:db8::7"
        );
    }
}
