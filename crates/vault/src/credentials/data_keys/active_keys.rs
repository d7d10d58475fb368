//! Which data key of each tenant seals, as this process knows it.
//!
//! The rule: what was read from the database counts for a while, by the system's clock as by the cache's. The cache's clock
//! may stop while its machine is suspended, and a key that sealed before may be deleted when the machine resumes: what is
//! sealed under it then never opens.

use std::time::Duration;

use moka::future::Cache;
use regrant_crypto::KeyRef;
use regrant_domain::{Clock, TenantId, Timestamp};

use crate::Error;

/// The keys that seal. Cheap to clone.
#[derive(Clone)]
pub(super) struct ActiveKeys {
    cache: Cache<TenantId, ActiveKey>,
    lifetime: Duration,
}

/// A key, and when the database was asked for it, by the system's clock.
#[derive(Debug, Clone, Copy)]
struct ActiveKey {
    key: KeyRef,
    read_at: Timestamp,
}

impl ActiveKeys {
    /// Keys that are known for this long.
    pub(super) fn new(capacity: u64, lifetime: Duration) -> Self {
        let cache = Cache::builder()
            .max_capacity(capacity)
            .time_to_live(lifetime)
            .build();
        Self { cache, lifetime }
    }

    /// The tenant's key; `load` reads it where it is not known any more.
    pub(super) async fn find_or_load(
        &self,
        tenant: TenantId,
        load: impl AsyncFnOnce() -> Result<KeyRef, Error>,
    ) -> Result<KeyRef, Error> {
        let read_at = Clock::system_time();
        match self.cache.get(&tenant).await {
            Some(known) if known.is_current(read_at, self.lifetime) => return Ok(known.key),
            Some(_) => self.forget_tenant(tenant).await,
            None => {}
        }
        // On the heap: every call that seals holds this future, and few need it.
        let load = Box::pin(async { load().await.map(|key| ActiveKey { key, read_at }) });
        let found = self.cache.try_get_with(tenant, load).await;
        Ok(found.map_err(Error::of_shared_load)?.key)
    }

    /// Forgets which key of this tenant seals.
    pub(super) async fn forget_tenant(&self, tenant: TenantId) {
        self.cache.invalidate(&tenant).await;
    }
}

impl ActiveKey {
    /// Whether the database was asked less than `lifetime` before `now`. Of a clock that was put back nothing follows.
    fn is_current(self, now: Timestamp, lifetime: Duration) -> bool {
        let age = (now - self.read_at).to_std();
        age.is_ok_and(|it| it < lifetime)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;

    const LIFETIME: Duration = Duration::from_mins(5);

    const fn key(version: u32) -> KeyRef {
        KeyRef {
            id: Uuid::from_u128(1),
            version,
        }
    }

    async fn find(keys: &ActiveKeys, stored: u32) -> KeyRef {
        let load = async || Ok(key(stored));
        keys.find_or_load(TenantId::SYSTEM, load).await.unwrap()
    }

    #[test]
    fn a_key_is_current_for_a_while_after_it_was_read_and_not_before() {
        let read_at = Clock::system_time();
        let active = ActiveKey {
            key: key(1),
            read_at,
        };
        for (seconds, is_current) in [(-1, false), (0, true), (299, true), (300, false)] {
            let now = read_at + TimeDelta::seconds(seconds);
            assert_eq!(active.is_current(now, LIFETIME), is_current, "{seconds}");
        }
    }

    #[tokio::test]
    async fn after_a_suspension_of_its_machine_a_process_reads_again_which_key_seals() {
        let keys = ActiveKeys::new(10, LIFETIME);
        assert_eq!(find(&keys, 1).await, key(1));
        assert_eq!(find(&keys, 2).await, key(1), "it is known");
        // The system's clock advanced by two hours, the cache's did not.
        let before = ActiveKey {
            key: key(1),
            read_at: Clock::system_time() - TimeDelta::hours(2),
        };
        keys.cache.insert(TenantId::SYSTEM, before).await;
        assert_eq!(find(&keys, 2).await, key(2));
        assert_eq!(find(&keys, 3).await, key(2), "it is known again");
    }
}
