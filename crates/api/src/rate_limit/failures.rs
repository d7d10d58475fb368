//! Failed log-ins of clients: how often an address may fail, in all and as one client.
//!
//! The rule: only failures count, and a client that logged in from an address with this secret is never limited by
//! what others send from there. A client's id alone proves nothing: strangers may know it. Every map is bounded.

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use moka::sync::Cache;
use regrant_domain::{ClientId, ClientSecret};

use super::{
    Allowance, Policy, RateRefusal,
    keyed::{KeyedLimiters, MAX_ENTRIES},
};
use crate::extract::CallerAddress;

/// How many times as many failures an address may have in all as one of its clients.
const CLIENTS_PER_ADDRESS: u32 = 10;

/// How long a client's log-in is remembered. Clients log in at least once in the life of a token, a quarter of it.
const PROVEN_LIFETIME: Duration = Duration::from_hours(1);

/// The failed log-ins of clients.
pub(crate) struct FailureLimits {
    clients: Failures,
    addresses: Failures,
    /// Hashes of the address, the client and the secret of log-ins that succeeded.
    proven: Cache<u128, ()>,
    hasher: RandomState,
}

/// One log-in of a client, by keyed hashes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAttempt {
    address: u128,
    client: u128,
    proof: u128,
}

/// Failures by key; a key that has used them up is blocked until it may fail again.
struct Failures {
    rate: u32,
    counted: KeyedLimiters,
    blocked: Cache<u128, Instant>,
}

impl FailureLimits {
    /// At most `rate` failures a second for one client at one address.
    pub(super) fn new(rate: u32) -> Self {
        Self {
            clients: Failures::new(rate),
            addresses: Failures::new(rate.saturating_mul(CLIENTS_PER_ADDRESS)),
            proven: Cache::builder()
                .max_capacity(MAX_ENTRIES)
                .time_to_idle(PROVEN_LIFETIME)
                .build(),
            hasher: RandomState::new(),
        }
    }

    /// Describes a log-in.
    pub(crate) fn describe_attempt(
        &self,
        address: CallerAddress,
        client: Option<ClientId>,
        secret: &ClientSecret,
    ) -> ClientAttempt {
        let (address, id) = (address.network_bits(), client.map(ClientId::uuid));
        ClientAttempt {
            address,
            client: self.hasher.hash_one((address, id)).into(),
            proof: self.hasher.hash_one((address, id, secret.expose())).into(),
        }
    }

    /// Refuses a log-in before any work, if its client or its address failed too often.
    pub(crate) fn admit_attempt(&self, attempt: ClientAttempt) -> Result<(), RateRefusal> {
        if self.proven.contains_key(&attempt.proof) {
            return Ok(());
        }
        self.clients.require_unblocked(attempt.client)?;
        self.addresses.require_unblocked(attempt.address)
    }

    /// Remembers a log-in whose secret was right.
    pub(crate) fn record_success(&self, attempt: ClientAttempt) {
        self.proven.insert(attempt.proof, ());
    }

    /// Counts a log-in whose client or secret was wrong.
    pub(crate) fn record_failure(&self, attempt: ClientAttempt) {
        self.proven.invalidate(&attempt.proof);
        self.clients.count_failure(attempt.client);
        self.addresses.count_failure(attempt.address);
    }
}

impl Failures {
    fn new(rate: u32) -> Self {
        Self {
            rate,
            counted: KeyedLimiters::new(),
            blocked: Cache::builder()
                .max_capacity(MAX_ENTRIES)
                .time_to_live(Duration::from_secs(1))
                .build(),
        }
    }

    fn require_unblocked(&self, key: u128) -> Result<(), RateRefusal> {
        match self.blocked.get(&key) {
            Some(until) if until > Instant::now() => Err(RateRefusal {
                wait: 1,
                allowance: Allowance::used_up(Policy::Address, self.rate),
            }),
            _ => Ok(()),
        }
    }

    fn count_failure(&self, key: u128) {
        let left = self.counted.count_call(Policy::Address, key, self.rate);
        if left.map_or(0, |it| it.remaining) == 0 {
            let pause = Duration::from_secs(1) / self.rate.max(1);
            self.blocked.insert(key, Instant::now() + pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> ClientSecret {
        ClientSecret::parse(text.to_owned()).unwrap()
    }

    fn attempt(limits: &FailureLimits, client: Option<ClientId>, text: &str) -> ClientAttempt {
        let address = CallerAddress("192.0.2.1".parse().unwrap());
        limits.describe_attempt(address, client, &secret(text))
    }

    #[test]
    fn a_client_that_logged_in_is_not_limited_by_failures_with_its_id() {
        let limits = FailureLimits::new(1);
        let client = Some(ClientId::mint());
        let honest = attempt(&limits, client, "right");
        limits.record_success(honest);
        let stranger = attempt(&limits, client, "wrong");
        for _ in 0..50 {
            limits.record_failure(stranger);
        }
        assert!(limits.admit_attempt(stranger).is_err());
        assert!(limits.admit_attempt(honest).is_ok());
    }

    #[test]
    fn a_client_that_never_logged_in_is_not_limited_by_failures_of_another_id() {
        let limits = FailureLimits::new(1);
        let stranger = attempt(&limits, None, "wrong");
        for _ in 0..20 {
            limits.record_failure(stranger);
        }
        assert!(limits.admit_attempt(stranger).is_err());
        let new = attempt(&limits, Some(ClientId::mint()), "right");
        assert!(limits.admit_attempt(new).is_ok());
    }

    #[test]
    fn many_ids_of_one_address_are_limited_together_in_bounded_memory() {
        let limits = FailureLimits::new(1);
        for _ in 0..1_000 {
            limits.record_failure(attempt(&limits, Some(ClientId::mint()), "wrong"));
        }
        let next = attempt(&limits, Some(ClientId::mint()), "wrong");
        assert!(limits.admit_attempt(next).is_err());
        assert!(limits.clients.counted.count_entries() <= MAX_ENTRIES);
        assert_eq!(limits.addresses.counted.count_entries(), 1);
        limits.proven.run_pending_tasks();
        assert_eq!(
            limits.proven.entry_count(),
            0,
            "strangers add nothing to it"
        );
    }

    #[test]
    fn a_secret_that_was_replaced_no_longer_proves_its_client() {
        let limits = FailureLimits::new(1);
        let client = attempt(&limits, Some(ClientId::mint()), "old");
        limits.record_success(client);
        for _ in 0..20 {
            limits.record_failure(client);
        }
        assert!(limits.admit_attempt(client).is_err());
    }
}
