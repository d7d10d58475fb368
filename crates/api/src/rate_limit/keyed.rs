//! Limiters by key: how often each caller may call.
//!
//! The rule: the number of limiters is bounded, and an idle one is forgotten once it is full again.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter, clock::Clock, clock::DefaultClock, middleware::StateInformationMiddleware,
    state::InMemoryState, state::NotKeyed,
};
use moka::sync::Cache;

use super::{Allowance, Policy, RateRefusal};

/// The size of a burst, in seconds of the rate.
pub(super) const BURST_SECONDS: u32 = 10;

/// How long an idle limiter is kept: longer than a full burst takes to recover.
const IDLE_LIFETIME: Duration = Duration::from_mins(2);

/// The largest number of limiters of one kind.
pub(super) const MAX_ENTRIES: u64 = 100_000;

type Limiter = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// One limiter per key and rate, so that a changed rate starts a new limiter. Keys of every kind are numbers: each
/// type of key would compile the whole cache once more.
pub(super) struct KeyedLimiters(Cache<(u128, u32), Arc<Limiter>>);

impl KeyedLimiters {
    pub(super) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(MAX_ENTRIES)
                .time_to_idle(IDLE_LIFETIME)
                .build(),
        )
    }

    pub(super) fn count_call(
        &self,
        policy: Policy,
        key: u128,
        rate: u32,
    ) -> Result<Allowance, RateRefusal> {
        let limiter = self
            .0
            .get_with((key, rate), || Arc::new(build_limiter(rate)));
        let limit = burst_of(rate);
        match limiter.check() {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = limit.saturating_sub(remaining);
                Ok(Allowance {
                    policy,
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
                let allowance = Allowance::used_up(policy, rate);
                Err(RateRefusal { wait, allowance })
            }
        }
    }

    /// How many limiters are kept.
    #[cfg(test)]
    pub(super) fn count_entries(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.entry_count()
    }
}

/// How many calls may come at once.
pub(super) const fn burst_of(rate: u32) -> u32 {
    let burst = rate.saturating_mul(BURST_SECONDS);
    if burst == 0 { 1 } else { burst }
}

fn build_limiter(rate: u32) -> Limiter {
    let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
    let burst = rate.saturating_mul(NonZeroU32::new(BURST_SECONDS).unwrap_or(NonZeroU32::MIN));
    RateLimiter::direct(Quota::per_second(rate).allow_burst(burst)).with_middleware()
}
