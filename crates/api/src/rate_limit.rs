//! Rate limits for tenants, for each of their callers, and for addresses.
//!
//! The rule: all calls of a tenant share one limit, so that more clients do not mean more calls. An address counts only
//! while the tenant is unknown, and only as `CallerAddress` determines it. A call over the limit changes nothing.
//! Each process counts on its own, in real time.

use crate::{
    extract::CallerAddress,
    problem::{Code, Problem},
    settings::Rates,
};
use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use governor::{
    Quota, RateLimiter, clock::Clock, clock::DefaultClock, middleware::StateInformationMiddleware,
    state::InMemoryState, state::NotKeyed,
};
use moka::sync::Cache;
use regrant_vault::{Principal, Subject};
use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

/// The size of a burst, in seconds of the rate.
const BURST_SECONDS: u32 = 10;

/// How long an idle limiter is kept: longer than a full burst takes to recover.
const IDLE_LIFETIME: Duration = Duration::from_mins(2);

/// The largest number of limiters of one kind.
const MAX_ENTRIES: u64 = 100_000;

/// The headers with limit, remaining calls and reset time.
pub(crate) const RATE_HEADERS: [&str; 3] =
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];

/// The remaining calls of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    limit: u32,
    remaining: u32,
    /// Seconds until the whole burst is available again.
    reset: u64,
}

/// A call over the limit, with the seconds to wait.
#[derive(Debug)]
pub(crate) struct RateRefusal {
    wait: u64,
    allowance: Allowance,
}

/// The limiters of this process.
pub(crate) struct RateLimits {
    rates: Rates,
    tenants: KeyedLimiters,
    callers: KeyedLimiters,
    addresses: KeyedLimiters,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// One limiter per key and rate, so that a changed rate starts a new limiter. Keys of every kind are numbers: each
/// type of key would compile the whole cache once more.
struct KeyedLimiters(Cache<(u128, u32), Arc<Limiter>>);

impl RateLimits {
    pub(crate) fn new(rates: Rates) -> Self {
        Self {
            rates,
            tenants: KeyedLimiters::new(),
            callers: KeyedLimiters::new(),
            addresses: KeyedLimiters::new(),
        }
    }

    /// Counts a call of an authenticated caller. A call over the caller's own limit does not count for its tenant.
    pub(crate) fn count_caller(&self, caller: &Principal) -> Result<Allowance, RateRefusal> {
        let tenant_rate = caller.requests_per_second().unwrap_or(self.rates.tenant);
        let (id, rate) = match caller.subject() {
            Subject::Client(client) => (client.uuid(), tenant_rate),
            Subject::Session { id, .. } => (id.uuid(), self.rates.session),
        };
        let own = self.callers.count_call(id.as_u128(), rate)?;
        let shared = self
            .tenants
            .count_call(caller.tenant().uuid().as_u128(), tenant_rate)?;
        Ok(if own.remaining <= shared.remaining {
            own
        } else {
            shared
        })
    }

    /// Counts a call whose tenant is not known.
    pub(crate) fn count_address(&self, address: CallerAddress) -> Result<Allowance, RateRefusal> {
        let network = match counted_network(address.0) {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        self.addresses
            .count_call(network.to_bits(), self.rates.address)
    }
}

impl KeyedLimiters {
    fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(MAX_ENTRIES)
                .time_to_idle(IDLE_LIFETIME)
                .build(),
        )
    }

    fn count_call(&self, key: u128, rate: u32) -> Result<Allowance, RateRefusal> {
        let limiter = self
            .0
            .get_with((key, rate), || Arc::new(build_limiter(rate)));
        let limit = rate.saturating_mul(BURST_SECONDS).max(1);
        match limiter.check() {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = limit.saturating_sub(remaining);
                Ok(Allowance {
                    limit,
                    remaining,
                    reset: u64::from(used.div_ceil(rate.max(1))),
                })
            }
            Err(not_until) => {
                let wait = not_until
                    .wait_time_from(limiter.clock().now())
                    .as_secs()
                    .saturating_add(1);
                let allowance = Allowance {
                    limit,
                    remaining: 0,
                    reset: u64::from(BURST_SECONDS),
                };
                Err(RateRefusal { wait, allowance })
            }
        }
    }
}

impl Allowance {
    /// Writes the `RateLimit` headers of a response.
    pub(crate) fn write_headers(self, headers: &mut HeaderMap) {
        let values = [u64::from(self.limit), u64::from(self.remaining), self.reset];
        for (name, value) in RATE_HEADERS.into_iter().zip(values) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

impl RateRefusal {
    /// The remaining calls: none.
    pub(crate) const fn allowance(&self) -> Allowance {
        self.allowance
    }
}

impl From<RateRefusal> for Problem {
    fn from(refused: RateRefusal) -> Self {
        let problem = Self::new(
            Code::RateLimited,
            "The rate limit is exceeded. Nothing was changed.",
        );
        problem.with_header(header::RETRY_AFTER, refused.wait)
    }
}

/// Middleware: counts requests for access tokens and log-ins by address.
pub(crate) async fn limit_token_calls(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let limits = request
        .app_data::<Data<RateLimits>>()
        .filter(|_| asks_for_token(&request));
    let counted = match limits {
        Some(limits) => limits
            .count_address(CallerAddress::of_request(&request))
            .map(Some),
        None => Ok(None),
    };
    let (mut response, allowance) = match counted {
        Ok(allowance) => (next.call(request).await?.map_into_left_body(), allowance),
        Err(refused) => {
            let allowance = refused.allowance();
            (
                request
                    .error_response(Problem::from(refused))
                    .map_into_right_body(),
                Some(allowance),
            )
        }
    };
    if let Some(allowance) = allowance {
        allowance.write_headers(response.headers_mut());
    }
    Ok(response)
}

fn asks_for_token(request: &ServiceRequest) -> bool {
    let path = request.match_info().as_str();
    request.method() == Method::POST && ["/oauth/token", "/admin/v1/session"].contains(&path)
}

fn build_limiter(rate: u32) -> Limiter {
    let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
    let burst = rate.saturating_mul(NonZeroU32::new(BURST_SECONDS).unwrap_or(NonZeroU32::MIN));
    RateLimiter::direct(Quota::per_second(rate).allow_burst(burst)).with_middleware()
}

/// The network that is counted for an address: an IPv6 caller usually owns a whole /64 network.
fn counted_network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(it) => IpAddr::V6(Ipv6Addr::from_bits(it.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
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
            let allowance = limits.count_address(address("192.0.2.1")).unwrap();
            assert_eq!((allowance.limit, allowance.remaining), (10, left));
            assert_eq!(allowance.reset, u64::from(10 - left));
        }
        let refused = limits.count_address(address("192.0.2.1")).unwrap_err();
        assert!((1..=2).contains(&refused.wait), "{refused:?}");
        assert!(
            limits.count_address(address("192.0.2.2")).is_ok(),
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
                    .count_address(address(&format!("2001:db8::{n}")))
                    .is_ok()
            );
        }
        assert!(limits.count_address(address("2001:db8::ffff:1")).is_err());
        assert!(limits.count_address(address("2001:db8:0:1::1")).is_ok());
    }
}
