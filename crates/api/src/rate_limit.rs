//! How often somebody may call: a tenant, each of its callers, and an address that nobody vouches for.
//!
//! The rule: one tenant's calls count together, whoever makes them, so that many clients are not more than one; an
//! address counts where no tenant is known yet, and only as `caller_address` sees it. A refused call changes nothing.
//! Each process counts by itself, in real time.

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
use moka::future::Cache;
use regrant_vault::{Principal, Subject};
use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

/// How many calls go at once, in seconds of the rate.
const BURST: u32 = 10;

/// How long somebody who does not call is remembered; longer than the fullest bucket takes to empty.
const REMEMBERED: Duration = Duration::from_mins(2);

/// How many of a kind are remembered.
const MOST: u64 = 100_000;

/// The headers that tell what is left.
pub(crate) const HEADERS: [&str; 3] = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];

/// What somebody may still do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    limit: u32,
    remaining: u32,
    /// In how many seconds all of it is there again.
    reset: u64,
}

/// Who may not call now.
#[derive(Debug)]
pub(crate) struct Refused {
    wait: u64,
    allowance: Allowance,
}

/// Counts the calls of everybody.
pub(crate) struct RateLimits {
    rates: Rates,
    tenants: Limiters<Uuid>,
    callers: Limiters<Uuid>,
    addresses: Limiters<IpAddr>,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// One limiter for each; another rate is another limiter.
struct Limiters<K>(Cache<(K, u32), Arc<Limiter>>);

impl RateLimits {
    pub(crate) fn new(rates: Rates) -> Self {
        Self {
            rates,
            tenants: Limiters::new(),
            callers: Limiters::new(),
            addresses: Limiters::new(),
        }
    }

    /// Counts a call of a caller that is let in. Who calls too often does not count for its tenant.
    pub(crate) async fn count(&self, caller: &Principal) -> Result<Allowance, Refused> {
        let tenant_rate = caller.requests_per_second().unwrap_or(self.rates.tenant);
        let (id, rate) = match caller.subject() {
            Subject::Client(client) => (client.uuid(), tenant_rate),
            Subject::Session { id, .. } => (id.uuid(), self.rates.session),
        };
        let own = self.callers.count(id, rate).await?;
        let shared = self
            .tenants
            .count(caller.tenant().uuid(), tenant_rate)
            .await?;
        Ok(if own.remaining <= shared.remaining {
            own
        } else {
            shared
        })
    }

    /// Counts a call from an address that nobody vouches for.
    pub(crate) async fn count_address(&self, address: CallerAddress) -> Result<Allowance, Refused> {
        self.addresses
            .count(network(address.0), self.rates.address)
            .await
    }
}

impl<K: Hash + Eq + Send + Sync + 'static> Limiters<K> {
    fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(MOST)
                .time_to_idle(REMEMBERED)
                .build(),
        )
    }

    async fn count(&self, whom: K, rate: u32) -> Result<Allowance, Refused> {
        let limiter = self
            .0
            .get_with((whom, rate), async { Arc::new(limiter(rate)) })
            .await;
        let limit = rate.saturating_mul(BURST).max(1);
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
                    reset: u64::from(BURST),
                };
                Err(Refused { wait, allowance })
            }
        }
    }
}

impl Allowance {
    /// Tells it in the headers of an answer.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let values = [u64::from(self.limit), u64::from(self.remaining), self.reset];
        for (name, value) in HEADERS.into_iter().zip(values) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

impl Refused {
    /// What is left: nothing.
    pub(crate) const fn allowance(&self) -> Allowance {
        self.allowance
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let problem = Self::new(
            Code::RateLimited,
            "Calls come too fast; nothing was changed.",
        );
        problem.with_header(header::RETRY_AFTER, refused.wait)
    }
}

/// Middleware: counts calls for access tokens and log-ins by the address they come from.
pub(crate) async fn limit_token_calls(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let limits = request
        .app_data::<Data<RateLimits>>()
        .filter(|_| asks_for_token(&request));
    let counted = match limits {
        Some(limits) => limits
            .count_address(CallerAddress::of(&request))
            .await
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
        allowance.tell(response.headers_mut());
    }
    Ok(response)
}

fn asks_for_token(request: &ServiceRequest) -> bool {
    let path = request.match_info().as_str();
    request.method() == Method::POST && ["/oauth/token", "/admin/v1/session"].contains(&path)
}

fn limiter(rate: u32) -> Limiter {
    let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
    let burst = rate.saturating_mul(NonZeroU32::new(BURST).unwrap_or(NonZeroU32::MIN));
    RateLimiter::direct(Quota::per_second(rate).allow_burst(burst)).with_middleware()
}

/// Whom an address stands for: who has one of IPv6 has its whole network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
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

    #[actix_web::test]
    async fn an_address_has_its_burst_and_then_waits() {
        let limits = RateLimits::new(Rates {
            address: 1,
            ..Rates::default()
        });
        for left in (0..10).rev() {
            let allowance = limits.count_address(address("192.0.2.1")).await.unwrap();
            assert_eq!((allowance.limit, allowance.remaining), (10, left));
            assert_eq!(allowance.reset, u64::from(10 - left));
        }
        let refused = limits
            .count_address(address("192.0.2.1"))
            .await
            .unwrap_err();
        assert!((1..=2).contains(&refused.wait), "{refused:?}");
        assert!(
            limits.count_address(address("192.0.2.2")).await.is_ok(),
            "another address is another's"
        );
    }

    #[actix_web::test]
    async fn a_network_of_ipv6_is_one_caller() {
        let limits = RateLimits::new(Rates {
            address: 1,
            ..Rates::default()
        });
        for n in 0..10 {
            assert!(
                limits
                    .count_address(address(&format!("2001:db8::{n}")))
                    .await
                    .is_ok()
            );
        }
        assert!(
            limits
                .count_address(address("2001:db8::ffff:1"))
                .await
                .is_err()
        );
        assert!(
            limits
                .count_address(address("2001:db8:0:1::1"))
                .await
                .is_ok()
        );
    }
}
