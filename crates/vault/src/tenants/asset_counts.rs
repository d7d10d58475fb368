//! How many assets tenants have, as this process counted them last, so that a registration counts rarely.
//!
//! The rule: a count is relied on for [`COUNTED_EVERY`], and only while the limit is [`AMPLE_ROOM`] away: registrations of
//! a tenant wait for each other, so other processes cannot add as many in that time. Near a limit each registration counts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;
use regrant_domain::TenantId;

/// How far away a limit must be.
const AMPLE_ROOM: usize = 250_000;
/// How long a count is relied on.
const COUNTED_EVERY: Duration = Duration::from_secs(5);
/// How many tenants are remembered.
const MAX_TENANTS: u64 = 20_000;

/// The assets of each tenant, as this process knows them. Clones share it.
#[derive(Clone)]
pub(crate) struct AssetCounts {
    known: Cache<TenantId, Arc<AtomicUsize>>,
}

impl AssetCounts {
    pub(crate) fn new() -> Self {
        let known = Cache::builder()
            .max_capacity(MAX_TENANTS)
            .time_to_live(COUNTED_EVERY)
            .build();
        Self { known }
    }

    /// Whether the tenant is far below `most` with the assets that it adds now, which are counted.
    pub(super) async fn has_ample_room(&self, tenant: TenantId, added: usize, most: usize) -> bool {
        let Some(known) = self.known.get(&tenant).await else {
            return false;
        };
        let used = known
            .fetch_add(added, Ordering::Relaxed)
            .saturating_add(added);
        used.saturating_add(AMPLE_ROOM) <= most
    }

    /// Notes how many assets the tenant has.
    pub(super) async fn note_count(&self, tenant: TenantId, used: usize) {
        self.known
            .insert(tenant, Arc::new(AtomicUsize::new(used)))
            .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tenant_is_counted_where_its_limit_is_near_and_not_where_it_is_far() {
        let (counts, tenant) = (AssetCounts::new(), TenantId::mint());
        let far = 1_000_000;
        assert!(
            !counts.has_ample_room(tenant, 1, far).await,
            "never counted"
        );
        counts.note_count(tenant, far - AMPLE_ROOM - 3).await;
        for has_room in [true, true, true, false] {
            assert_eq!(counts.has_ample_room(tenant, 1, far).await, has_room);
        }
        counts.note_count(tenant, 0).await;
        assert!(!counts.has_ample_room(tenant, 1, AMPLE_ROOM).await);
        assert!(!counts.has_ample_room(TenantId::mint(), 1, far).await);
    }
}
