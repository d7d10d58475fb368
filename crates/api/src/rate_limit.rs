//! Rate limits for tenants, for each of their callers, and for addresses.
//!
//! The rule: all calls of a tenant share one limit, so that more clients do not mean more calls. An address counts only
//! while the tenant is unknown, and only as `CallerAddress` determines it. What strangers send counts apart from what
//! honest callers behind the same address send: refused bearers, preflights, callbacks, hosted pages and failed log-ins
//! of clients have limiters of their own. A call over the limit changes nothing. Each process counts on its own, in real
//! time.
//! `failures.rs` limits the token endpoint, `keyed.rs` holds the limiters.

mod failures;
mod keyed;

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
use regrant_domain::CalendarFeedId;
use regrant_vault::{Principal, Subject};

use self::{
    failures::FailureLimits,
    keyed::{BURST_SECONDS, KeyedLimiters, burst_of},
};

/// How many reads a second one calendar feed answers, ten at once. Calendar programs read it once an hour.
const FEED_RATE: u32 = 1;

/// The remaining calls of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Whose limit it is.
    policy: Policy,
    limit: u32,
    remaining: u32,
    /// Seconds until the whole burst is available again.
    reset: u64,
}

/// Whose calls a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// All calls of a tenant.
    Tenant,
    /// The calls of one client.
    Client,
    /// The calls of one reconnect session.
    Session,
    /// What an address may do without a tenant.
    Address,
    /// The reads of one calendar feed.
    Feed,
}

/// A call over the limit, with the seconds to wait.
#[derive(Debug)]
pub(crate) struct RateRefusal {
    wait: u64,
    allowance: Allowance,
}

/// What an address may do without a tenant; each has a limiter of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressUse {
    /// A call whose access token is missing or refused.
    RefusedBearer,
    /// A preflight of a browser.
    Preflight,
    /// A log-in of an operator.
    LogIn,
    /// A call to Meta's callbacks.
    Callback,
    /// A call of a hosted page.
    HostedPage,
    /// A read of a calendar. The servers of calendar programs read many feeds from few addresses.
    Calendar,
}

/// The limiters of this process.
pub(crate) struct RateLimits {
    rates: Rates,
    tenants: KeyedLimiters,
    callers: KeyedLimiters,
    refused_bearers: KeyedLimiters,
    preflights: KeyedLimiters,
    log_ins: KeyedLimiters,
    callbacks: KeyedLimiters,
    hosted_pages: KeyedLimiters,
    calendars: KeyedLimiters,
    feeds: KeyedLimiters,
    /// Failed log-ins of clients.
    pub(crate) failures: FailureLimits,
}

impl RateLimits {
    pub(crate) fn new(rates: Rates) -> Self {
        Self {
            rates,
            tenants: KeyedLimiters::new(),
            callers: KeyedLimiters::new(),
            refused_bearers: KeyedLimiters::new(),
            preflights: KeyedLimiters::new(),
            log_ins: KeyedLimiters::new(),
            callbacks: KeyedLimiters::new(),
            hosted_pages: KeyedLimiters::new(),
            calendars: KeyedLimiters::new(),
            feeds: KeyedLimiters::new(),
            failures: FailureLimits::new(rates.address),
        }
    }

    /// Counts a call of an authenticated caller. A call over the caller's own limit does not count for its tenant.
    pub(crate) fn count_caller(&self, caller: &Principal) -> Result<Allowance, RateRefusal> {
        let tenant_rate = caller.requests_per_second().unwrap_or(self.rates.tenant);
        let (policy, id, rate) = match caller.subject() {
            Subject::Client(client) => (Policy::Client, client.uuid(), tenant_rate),
            Subject::Session { id, .. } => (Policy::Session, id.uuid(), self.rates.session),
        };
        let own = self.callers.count_call(policy, id.as_u128(), rate)?;
        let tenant = caller.tenant().uuid().as_u128();
        let shared = self
            .tenants
            .count_call(Policy::Tenant, tenant, tenant_rate)?;
        Ok(if own.remaining <= shared.remaining {
            own
        } else {
            shared
        })
    }

    /// Counts a read of one calendar feed, which does not count for its client.
    pub(crate) fn count_feed(&self, feed: CalendarFeedId) -> Result<Allowance, RateRefusal> {
        self.feeds
            .count_call(Policy::Feed, feed.uuid().as_u128(), FEED_RATE)
    }

    /// Counts a call whose tenant is not known.
    pub(crate) fn count_address(
        &self,
        address: CallerAddress,
        what: AddressUse,
    ) -> Result<Allowance, RateRefusal> {
        let (limiters, rate) = match what {
            AddressUse::RefusedBearer => (&self.refused_bearers, self.rates.address),
            AddressUse::Preflight => (&self.preflights, self.rates.address),
            AddressUse::LogIn => (&self.log_ins, self.rates.address),
            AddressUse::Callback => (&self.callbacks, self.rates.callbacks),
            AddressUse::HostedPage => (&self.hosted_pages, self.rates.address),
            AddressUse::Calendar => (&self.calendars, self.rates.callbacks),
        };
        limiters.count_call(Policy::Address, address.network_bits(), rate)
    }
}

impl Policy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Client => "client",
            Self::Session => "session",
            Self::Address => "address",
            Self::Feed => "feed",
        }
    }
}

impl Allowance {
    /// No calls remain of a rate.
    fn used_up(policy: Policy, rate: u32) -> Self {
        Self {
            policy,
            limit: burst_of(rate),
            remaining: 0,
            reset: u64::from(BURST_SECONDS),
        }
    }

    /// Writes the `RateLimit` headers of a response.
    pub(crate) fn write_headers(self, headers: &mut HeaderMap) {
        for (name, value) in self.headers() {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }

    /// The headers of draft-ietf-httpapi-ratelimit-headers-11, and those of its drafts up to 06.
    fn headers(self) -> impl Iterator<Item = (HeaderName, String)> {
        let (name, limit, remaining) = (self.policy.as_str(), self.limit, self.remaining);
        let reset = self.reset;
        [
            (
                "ratelimit-policy",
                format!(r#""{name}";q={limit};w={BURST_SECONDS}"#),
            ),
            ("ratelimit", format!(r#""{name}";r={remaining};t={reset}"#)),
            ("ratelimit-limit", limit.to_string()),
            ("ratelimit-remaining", remaining.to_string()),
            ("ratelimit-reset", reset.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), value))
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
        let headers = refused.allowance.headers();
        headers.fold(
            problem.with_header(header::RETRY_AFTER, refused.wait),
            |it, (name, value)| it.with_header(name, value),
        )
    }
}

/// Middleware: counts log-ins of operators, calls to Meta's callbacks and calls of hosted pages by address. A client's log-ins are counted
/// where its id is known.
pub(crate) async fn limit_strangers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let limits = request.app_data::<Data<RateLimits>>();
    let counted = match (limits, use_of_address(&request)) {
        (Some(limits), Some(what)) => limits
            .count_address(CallerAddress::of_request(&request), what)
            .map(Some),
        _ => Ok(None),
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

fn use_of_address(request: &ServiceRequest) -> Option<AddressUse> {
    let path = request.match_info().as_str();
    let is_log_in = request.method() == Method::POST && path == "/admin/v1/session";
    if is_log_in {
        Some(AddressUse::LogIn)
    } else {
        let is_hosted = path == "/connect" || path.starts_with("/connect/");
        let hosted = is_hosted.then_some(AddressUse::HostedPage);
        let callback = path.starts_with("/meta/").then_some(AddressUse::Callback);
        let is_calendar = path.starts_with("/v1/calendar/");
        let calendar = is_calendar.then_some(AddressUse::Calendar);
        hosted.or(callback).or(calendar)
    }
}

#[cfg(test)]
mod tests;
